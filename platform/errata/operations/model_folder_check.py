"""Whether a model's folder, from wherever it came, is what was sealed, and who signed it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from errata.errors import BadInput, Refused
from errata.inference.artefact import Card, read_seal, verify
from errata.inference.checksums import CHECKSUMS, SIGNATURE, check_signature, trusted_keys
from errata.inference.minisign import PublicKey, read_public_keys

Signed = Literal["by a trusted key", "by a key that is not known", "unsigned"]


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    model: str
    """Its identity."""
    form: str
    files: int
    """That were sealed, each compared."""
    papers: bool
    """Whether it has a list of checksums, in which its papers stand too; they were compared."""
    signed: Signed
    key: str
    """Whose signature it is; empty where nobody's is known."""


def check_model_folder(folder: Path, workspace: Path, key: str = "") -> CheckedFolder:
    """Compares every byte with what was sealed, and the signature with `key`, a `.pub` file or its text, or else with
    the keys in `workspace`, which needn't be one.

    Raises NotFound where the files are not what was sealed or could run code, BadInput for a key that is
    none, Refused where the signature is none of these keys', or there is none and one by `key` is asked for.
    """
    identity = verify(folder)
    keys = _given_keys(key) if key else trusted_keys(workspace)
    if key and not (folder / SIGNATURE).is_file():
        raise Refused(f"{folder} is unsigned; leave --key out to see whether it is whole, or take a signed copy")
    by = check_signature(folder, keys)
    unknown: Signed = "by a key that is not known" if (folder / SIGNATURE).is_file() else "unsigned"
    return CheckedFolder(
        model=identity,
        form=Card.read(folder).form,
        files=len(read_seal(folder)[1]),
        papers=(folder / CHECKSUMS).is_file(),
        signed="by a trusted key" if by else unknown,
        key=by.text if by else "",
    )


def _given_keys(key: str) -> list[PublicKey]:
    path = Path(key)
    keys = read_public_keys(path.read_text(errors="replace") if path.is_file() else key)
    if not keys:
        raise BadInput(f"--key {key} is neither a file with a public key of minisign's nor such a key; check it")
    return keys
