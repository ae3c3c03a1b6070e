"""Why a decision was taken: one record a decision, a file that is named after its own hash."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.decision import Decision, upgraded_decision
from errata.documents.document import Document
from errata.documents.evidence import Evidence, upgraded_evidence
from errata.documents.night import GateChange
from errata.documents.params import UNKNOWN_GATE, GateParams
from errata.documents.parity import Parity
from errata.files import JsonObject


@dataclass(frozen=True, slots=True)
class EvidenceRecord(Document):
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
    parity: dict[str, Parity]
    """By target."""
    gate_params: GateParams = UNKNOWN_GATE
    """The preset's parameters, as they were when the night began."""
    gate_change: GateChange | None = None
    """Where they differ from the scored night before: then what a preset promises of its errors begins anew."""

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        """0: faults and decision were sentences."""
        return value | {"gate": upgraded_evidence(value["gate"]), "decision": upgraded_decision(value["decision"])}
