"""Evidence records: each is kept under its own hash, so that it can't be changed unnoticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from errata.documents.document import as_json, read_document
from errata.documents.evidence_record import EvidenceRecord
from errata.domain.hashing import sha256
from errata.errors import NotFound, Refused
from errata.files import json_text, write_atomically
from registry.soundness import check_numbers


def write_evidence(folder: Path, record: EvidenceRecord) -> tuple[Path, str]:
    """Writes `record` into `folder` as `<sha256>.json`; returns its path and sha256. Equal records are one file."""
    text = json_text(as_json(replace(record, gate=check_numbers(record.gate))))
    name = sha256(text)
    path = folder / f"{name}.json"
    write_atomically(path, text)
    return path, name


def read_evidence(path: Path) -> tuple[EvidenceRecord, str]:
    """A record and its sha256, which is its name.

    Raises NotFound where there is none, Refused where its bytes are not those that it is named after, and BadInput
    where it is no evidence record.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{path} can't be read ({error.strerror}); name the evidence record that a night wrote"
        ) from error
    name = sha256(data)
    if path.stem != name:
        raise Refused(
            f"{path} was changed or renamed after it was written: its sha256 is {name}; take the record as the night "
            "wrote it"
        )
    return read_document(EvidenceRecord, path, "take the evidence record that the night wrote"), name
