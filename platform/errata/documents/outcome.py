"""What came of a night, as the record keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field

from errata.documents.decision import OutcomeDecision, upgraded_outcome_decision
from errata.documents.document import Document
from errata.documents.draft_effects import Lean
from errata.documents.equal_split import EqualSplitAlarm, equal_split_alarm
from errata.documents.metric_values import ModelMean
from errata.documents.night import CandidateStart, GateChange
from errata.documents.params import UNKNOWN_GATE, GateParams
from errata.domain.joined_talks import JoinedTalks
from errata.files import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Document):
    night: str
    verdict: str
    """The gate's on the contender that the night is about, or `bootstrap`, `no candidate` or `skipped`."""
    ended_on: str = ""
    """The day on which it was decided, in ISO form; empty in a night of an older Errata."""
    reason: str = ""
    """Why nobody contended, where nobody did; the words of an older Errata on its decision, else."""
    new_corrections: int = 0
    """Transcripts corrected since the last night."""
    fresh_items: int = 0
    equal_split_f1: float | None = None
    means: dict[str, ModelMean] = field(default_factory=dict)
    """As in the night's evaluation."""
    lean: Lean | None = None
    """As in the night's evaluation."""
    champion: str = ""
    """Whom the contenders were compared with."""
    candidate: str = ""
    """Tonight's; empty where none was made."""
    candidate_start: CandidateStart = ""
    """What it went on from."""
    passed_over: CandidateStart = ""
    """What another candidate of the night went on from, to which dev preferred this one; empty where none was made."""
    joined: JoinedTalks | None = None
    """Of a bootstrap, the talks of one leak group with another by then: what they drew may not be what they are for."""
    promoted: str = ""
    """The model that became champion; empty where none did."""
    approvals_needed: int = 0
    """Of people, before what the gate said `promote` of becomes champion; 0 where it did at once."""
    decisions: tuple[OutcomeDecision, ...] = ()
    """One for each contender."""
    effect: float | None = None
    """On F1, of the contender that the night is about; with its interval, p value and number of items."""
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    n: int | None = None
    needs: int | None = None
    """About how many more fresh items would decide."""
    evidence: str = ""
    """Where its evidence record lies in the workspace."""
    gate: GateParams = UNKNOWN_GATE
    """By which it was decided; of an older Errata's night not known."""
    gate_change: GateChange | None = None
    """Where that differs from the scored night before."""

    @property
    def gate_params(self) -> GateParams:
        """Of an older Errata's night at least the preset, where its decisions name it."""
        presets = [entry.decision.preset.name for entry in self.decisions]
        return GateParams(presets[0]) if self.gate == UNKNOWN_GATE and presets else self.gate

    @property
    def promoted_contender(self) -> str:
        """`candidate` or `challenger`; empty where nobody was promoted."""
        return next((entry.name for entry in self.decisions if entry.promoted), "")

    @property
    def proposed(self) -> str:
        """The model that the gate said `promote` of and people must approve first; empty where none does."""
        passed = (entry.model for entry in self.decisions if entry.decision.verdict == "promote")
        return next(passed, "") if self.approvals_needed else ""

    def equal_split_alarm(self, model: str) -> EqualSplitAlarm | None:
        """Whether `model`, which is in force, scored below equal chapters; None also where it wasn't scored."""
        names = {self.champion: "champion", **{entry.model: entry.name for entry in self.decisions}}
        return equal_split_alarm(self.means, self.equal_split_f1, names.get(model, ""))

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        """0: a decision was one flat object, and sentences."""
        decisions = [
            entry if "decision" in entry else upgraded_outcome_decision(entry) for entry in value.get("decisions", ())
        ]
        return {"night": "", "verdict": "", **value, "decisions": decisions}


NO_OUTCOME = Outcome(night="", verdict="")
"""Of a night that isn't finished."""
