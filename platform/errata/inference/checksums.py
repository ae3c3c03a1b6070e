"""The papers that lie beside a sealed model, and the list by which a stranger checks a copy of both:

    README.md             the model card
    bom.cdx.json          what it was made of (CycloneDX)
    MLmodel               what goes in and comes out, as MLflow shows it,
    input_example.json    with an example
    SHA256SUMS            of every file, these and the manifest too: `sha256sum -c SHA256SUMS`
    SHA256SUMS.minisig    who says so: `minisign -Vm SHA256SUMS -p errata.pub`

They say what came of the model once it was sealed, so they are none of its identity, and a model without them is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from errata.errors import NotFound, Refused
from errata.files import file_sha256
from errata.inference.minisign import PublicKey, read_public_keys, signer

MODEL_CARD, BILL_OF_MATERIALS, CHECKSUMS, SIGNATURE = (
    "README.md",
    "bom.cdx.json",
    "SHA256SUMS",
    "SHA256SUMS.minisig",
)
MLFLOW_MODEL, INPUT_EXAMPLE = "MLmodel", "input_example.json"
LISTED_PAPERS = (MODEL_CARD, BILL_OF_MATERIALS, MLFLOW_MODEL, INPUT_EXAMPLE)
PAPERS = (*LISTED_PAPERS, CHECKSUMS, SIGNATURE)
"""Those that are listed come before the list, and that before its signature."""
PUBLIC_KEYS = "errata.pub"
"""In a workspace, beside its models: whose signatures it trusts. The first key is its own."""


def checksum_lines(digests: Mapping[str, str]) -> str:
    """What `sha256sum` writes of these files, by their sha256. A name with a backslash or a line's end, which it would
    write in another way, is none that a model's file has."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def check_papers(folder: Path, digests: Mapping[str, str]) -> None:
    """Compares the papers of a model, whose other files have the `digests`, with the list in which they stand.

    Raises NotFound where one was changed. Without a list there is nothing to compare.
    """
    path = folder / CHECKSUMS
    if not path.is_file():
        return
    papers = (name for name in LISTED_PAPERS if name not in digests and (folder / name).is_file())
    present = {**digests, **{name: file_sha256(folder / name) for name in papers}}
    if path.read_bytes() != checksum_lines(present).encode():
        raise NotFound(
            f"{path} lists other files than lie beside it: a paper of the model was changed; take another copy, or "
            f"delete {CHECKSUMS} to use the model without its papers"
        )


def check_signature(folder: Path, keys: Sequence[PublicKey]) -> PublicKey | None:
    """Whose signature a model carries; None where it carries none, or nobody's key is known.

    Raises Refused where none of the `keys` made it. What is signed, `artefact.verify` compares with the files.
    """
    path = folder / SIGNATURE
    if not path.is_file() or not keys:
        return None
    listed = folder / CHECKSUMS
    key = signer(path.read_text(errors="replace"), listed.read_bytes() if listed.is_file() else b"", keys)
    if key is None:
        raise Refused(
            f"{path} was made with none of the trusted keys, or over another list; take the model from whom you trust, "
            f"or add its maker's key to the workspace's {PUBLIC_KEYS}"
        )
    return key


def trusted_keys(root: Path) -> list[PublicKey]:
    """Those that a workspace names; none where it has no such file."""
    path = root / PUBLIC_KEYS
    return read_public_keys(path.read_text(errors="replace")) if path.is_file() else []
