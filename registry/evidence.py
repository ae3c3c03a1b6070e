"""Why a decision was taken: one record a decision, kept under its own hash, so that it can't be changed unnoticed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errata.domain.hashing import sha256
from errata.errors import BadInput, NotFound, Refused
from errata.files import write_atomically
from registry.decision import checked
from registry.gate import Decision, Evidence


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """All that a decision rests on, and the decision."""

    night: str
    candidate: str
    """Identities of models, as `errata.inference.artefact` gives them."""
    champion: str
    """What the candidate was compared with."""
    day0: str
    exports: dict[str, str]
    """Target to identity: `server`, `device`."""
    training_watermark: int
    gate_watermark: int
    policy: str
    """The name of the gate's preset."""
    gate: Evidence
    decision: Decision
    scores: dict[str, str]
    """Name to sha256 of each file of per-item scores."""
    parity: dict[str, Any]
    """Target to `registry.parity.Parity.as_json()`."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"gate": self.gate.as_json(), "decision": self.decision.as_json()}

    @classmethod
    def from_json(cls, value: Any) -> EvidenceRecord:
        """Raises BadInput where a value is missing or of the wrong type."""
        return checked(cls, value, "the evidence record", "take the one that the night wrote")


def write_evidence(folder: Path, record: EvidenceRecord) -> tuple[Path, str]:
    """Writes `record` into `folder` as `<sha256>.json`; returns its path and sha256. Equal records are one file."""
    text = json.dumps(record.as_json(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
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
    try:
        return EvidenceRecord.from_json(json.loads(data)), name
    except ValueError as error:
        raise BadInput(f"{path} isn't JSON ({error}); take the evidence record that the night wrote") from error
