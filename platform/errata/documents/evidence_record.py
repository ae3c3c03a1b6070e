"""Why a decision was taken: one record a decision, a file that is named after its own hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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

    VERSION: ClassVar[int] = 2

    night: str
    candidate: str
    """Identities of models, as `errata.inference.artefact` gives them."""
    champion: str
    """What the candidate was compared with."""
    day0: str
    exports: dict[str, str]
    """Target to identity, of all that were made; see `shipping`."""
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

    @property
    def shipping(self) -> dict[str, str]:
        """Target to identity, of the exports that ship once the candidate is promoted."""
        held = {outcome.target for outcome in self.decision.held_targets}
        return {target: model for target, model in self.exports.items() if target not in held}

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        """0: faults and decision were sentences. 1: all exports shipped, or none; an Errata of then would ship too what
        is held back."""
        if "version" in value:
            return value
        return value | {"gate": upgraded_evidence(value["gate"]), "decision": upgraded_decision(value["decision"])}
