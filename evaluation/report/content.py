"""What a night's report is made of, and which of its items deserve a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from errata.documents.alias_check import AliasCheck
from errata.documents.calibration import Calibration, Calibrations
from errata.documents.candidate_choice import CandidateChoice
from errata.documents.certificate import Certificate
from errata.documents.comparison import NOTHING, Comparison
from errata.documents.decision import OutcomeDecision, leading_decision
from errata.documents.drift import DriftReport
from errata.documents.equal_split import EqualSplitAlarm, equal_split_alarm
from errata.documents.evaluation import Evaluation
from errata.documents.judging import Judging
from errata.documents.metric_values import ModelMean
from errata.documents.night import GateChange, Night
from errata.documents.parity import Parity
from errata.documents.scored_items import ScoredItemRow, rows_of
from errata.documents.seed_spread import SeedSpread
from errata.documents.snapshot import SnapshotManifest
from errata.documents.stage_reports import CurationReport, MixtureReport, NightTiming, TrainingLog
from errata.domain.task_name import TaskName
from errata.domain.transcript import Transcript

REGRESSIONS, FIXED = 5, 3


@dataclass(frozen=True)
class NightLine:
    """A night on the curve."""

    label: str
    verdict: str
    """The gate's verdict, `promote` where a contender became champion, and `proposed` where it waited for people to
    approve of that; or `bootstrap`, or `skipped`."""
    new_corrections: int
    fresh_items: int
    means: dict[str, ModelMean]
    """Of `day0`, `champion`, `candidate`, `challenger`; whoever wasn't scored is absent."""
    promoted: str
    """Who became champion, `candidate` or `challenger`; empty where nobody did."""
    start: str = ""
    """What its candidate went on from: `champion` or `base`; empty where it made none, or that isn't known."""
    effect: float | None = None
    """Of its candidate on its own fresh items, in points of F1 against the champion."""


@dataclass(frozen=True)
class Fact:
    """A line of a table: of the night's cost, or of where its data comes from."""

    group: str
    name: str
    value: int | str


@dataclass(frozen=True)
class NightFiles:
    """What the night's stages wrote, as it lies in `nights/<label>/`; None where a file isn't there."""

    night: Night | None = None
    manifest: SnapshotManifest | None = None
    curation: CurationReport | None = None
    mixture: MixtureReport | None = None
    training: TrainingLog | None = None
    choice: CandidateChoice | None = None
    """Of a night that made several candidates."""
    parity: Mapping[str, Parity] = field(default_factory=dict)
    """By target of export."""
    certificates: Sequence[Certificate] = ()
    """Of the exports of whoever was promoted."""
    timing: NightTiming | None = None
    calibrations: Calibrations | None = None
    seeds: SeedSpread | None = None
    aliases: AliasCheck | None = None
    drift: DriftReport | None = None
    judges: Mapping[str, Judging] = field(default_factory=dict)
    """By contender; only of those that judges were asked about."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Of the files, by name."""


@dataclass(frozen=True)
class InService:
    """What answers people after the night."""

    model: str
    is_day0: bool
    since: str
    """The night that first promoted it; empty for Day-0, and where a person did."""
    exports: tuple[str, ...]
    """Targets to which it ships."""


@dataclass(frozen=True)
class Report:
    nights: tuple[NightLine, ...]
    """In order; tonight is the last one."""
    evaluation: Evaluation
    """Tonight's."""
    decisions: tuple[OutcomeDecision, ...]
    """One for each contender; empty where nobody contended."""
    items: Sequence[ScoredItemRow]
    excerpts: dict[int, Transcript]
    """The transcripts of `shown_transcripts`, by their `seq`."""
    facts: dict[str, str]
    """Where the numbers come from, in the words and the order in which they are shown."""
    files: NightFiles = field(default_factory=NightFiles)
    accesses: dict[str, int] = field(default_factory=dict)
    """How often each held-out role had been scored on, up to and with tonight."""
    reason: str = ""
    """Why nobody contended, where nobody did."""
    workspace: str = ""
    """What its folder is called."""
    ended_on: str = ""
    """The day on which the night was decided, in ISO form; empty for a night of an older Errata."""
    in_service: InService | None = None
    """None where that isn't known."""
    approvals_needed: int = 0
    """People who must approve of what the gate said `promote` of tonight; 0 where it ships at once."""
    task: TaskName = "chapters"
    """What the models are asked for."""
    learnt: dict[str, frozenset[str]] = field(default_factory=dict)
    """By model, the nights whose corrections it was trained on; a model of which that isn't known is absent."""

    @property
    def scored_models(self) -> list[str]:
        """Those that have a mean on tonight's fresh items."""
        return [name for name, mean in self.evaluation.means.items() if mean.n]

    @property
    def champion_name(self) -> str:
        """What whoever is champion after tonight was scored as."""
        return (self.nights[-1].promoted if self.nights else "") or "champion"

    @property
    def equal_split_alarm(self) -> EqualSplitAlarm | None:
        """Of whoever is champion after tonight."""
        return equal_split_alarm(self.evaluation.means, self.evaluation.equal_split_f1, self.champion_name)

    @property
    def gate_change(self) -> GateChange | None:
        return self.files.night.gate_change if self.files.night else None

    @property
    def calibration(self) -> Calibration | None:
        """Of whoever is champion after tonight; None where that wasn't measured, and of texts, which have no borders to
        be sure of."""
        if self.task != "chapters":
            return None
        night = self.files.night
        serving = self.in_service.model if self.in_service else night.champion if night else ""
        return self.files.calibrations.of(serving) if self.files.calibrations else None

    def primary(self, contender: str) -> Comparison:
        """Its comparison with the champion on fresh items; of no items where it has none."""
        scores = self.evaluation.scores_of(contender)
        return scores.primary if scores else NOTHING

    def judging(self, contender: str) -> Judging | None:
        """What its judges said; None where it had none."""
        return self.files.judges.get(contender)


@dataclass(frozen=True)
class Change:
    """An item that the contender and the champion answered."""

    old: ScoredItemRow
    new: ScoredItemRow

    @property
    def effect(self) -> float:
        """Points of F1; negative is worse."""
        return self.new.f1 - self.old.f1

    @property
    def cluster(self) -> str:
        return self.new.cluster


def tonights_items(report: Report) -> list[ScoredItemRow]:
    """A row for each of tonight's fresh items: those that every model was scored on, by tonight's corrections.

    A challenger's rows hold the fresh items of earlier nights as well.
    """
    after = report.files.night.training_watermark if report.files.night else 0
    by_model = [rows_of(report.items, name) for name in report.scored_models]
    if not by_model:
        return []
    common = set(by_model[0]).intersection(*by_model)
    rows = [by_model[0][transcript] for transcript in sorted(common)]
    return [row for row in rows if row.part == "fresh" and row.correction > after]


def parsable_shares(report: Report) -> dict[str, float]:
    """By model, the share of tonight's fresh items, in percent, whose answers could be read whole."""
    fresh = [row.transcript for row in tonights_items(report)]
    shares: dict[str, float] = {}
    for name in report.scored_models if fresh else ():
        rows = rows_of(report.items, name)
        shares[name] = 100 * sum(not rows[transcript].problems for transcript in fresh) / len(fresh)
    return shares


def changes(items: Sequence[ScoredItemRow], contender: str) -> list[Change]:
    """The items that it and the champion answered, in order of their transcripts."""
    old, new = rows_of(items, "champion"), rows_of(items, contender)
    return [Change(old[transcript], new[transcript]) for transcript in sorted(old.keys() & new.keys())]


def worst_regressions(items: Sequence[ScoredItemRow], contender: str, count: int = REGRESSIONS) -> list[Change]:
    """Where it lost most F1 against the champion, the greatest loss first; no item that lost nothing."""
    losses = [change for change in changes(items, contender) if change.effect < 0]
    return sorted(losses, key=lambda change: change.effect)[:count]


def fixed_cases(items: Sequence[ScoredItemRow], contender: str, count: int = FIXED) -> list[Change]:
    """Where it gained most F1 over the champion, the greatest gain first; no item that gained nothing."""
    gains = [change for change in changes(items, contender) if change.effect > 0]
    return sorted(gains, key=lambda change: -change.effect)[:count]


def shown_transcripts(items: Sequence[ScoredItemRow], decisions: Sequence[OutcomeDecision]) -> list[int]:
    """`seq` of the transcripts that the page quotes: what `Report.excerpts` should hold."""
    decision = leading_decision(decisions)
    if decision is None:
        return []
    cases = worst_regressions(items, decision.name) + fixed_cases(items, decision.name)
    return sorted({change.new.transcript for change in cases})
