"""What a night's report is made of, and which of its items deserve a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.decision import OutcomeDecision, leading_decision
from errata.documents.judging import Judging
from errata.domain.transcript import Transcript

PARTS = ("fresh", "anchor", "retention")
REGRESSIONS, FIXED = 5, 3

Row = dict[str, Any]
"""A row of `items.parquet`, see `evaluation.harness`."""


@dataclass(frozen=True)
class NightLine:
    """A night on the curve."""

    label: str
    verdict: str
    """The gate's verdict, `promote` where a contender became champion; or `bootstrap`, or `skipped`."""
    new_corrections: int
    fresh_items: int
    means: dict[str, dict[str, float | int | None]]
    """`day0`, `champion`, `candidate`, `challenger` -> `n`, `low`, `high` and every metric; absent where not scored."""
    promoted: str
    """Who became champion, `candidate` or `challenger`; empty where nobody did."""


@dataclass(frozen=True)
class Fact:
    """A line of a table: of the night's cost, or of where its data comes from."""

    group: str
    name: str
    value: int | str


@dataclass(frozen=True)
class Sources:
    """What the night's stages wrote, as it lies in `nights/<label>/`; empty where a file isn't there."""

    night: dict[str, Any] = field(default_factory=dict)
    """`night.yaml`: the watermarks, who was whom, the hash of the code."""
    manifest: dict[str, Any] = field(default_factory=dict)
    """The snapshot's."""
    curated: dict[str, Any] = field(default_factory=dict)
    """`kept`, and `left_out` by reason."""
    mixed: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    """`steps`, and the `loss` of each."""
    parity: dict[str, Any] = field(default_factory=dict)
    """Per target of export."""
    took: dict[str, Any] = field(default_factory=dict)
    """`attempts`, `seconds` and `cpu_seconds`."""
    judges: dict[str, Judging] = field(default_factory=dict)
    """`judges.json`, by contender; only of those that judges were asked about."""
    accesses: dict[str, int] = field(default_factory=dict)
    """How often each held-out role had been scored on, up to and with tonight."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Of the night's files, by name."""


@dataclass(frozen=True)
class Report:
    nights: tuple[NightLine, ...]
    """In order; tonight is the last one."""
    evaluation: dict[str, Any]
    """Tonight's `evaluation.json`."""
    decisions: tuple[OutcomeDecision, ...]
    """One for each contender; empty where nobody contended."""
    items: list[Row]
    excerpts: dict[int, Transcript]
    """The transcripts of `shown_transcripts`, by their `seq`."""
    facts: dict[str, str]
    """Where the numbers come from, in the words and the order in which they are shown."""
    sources: Sources = field(default_factory=Sources)
    reason: str = ""
    """Why nobody contended, where nobody did."""
    learnt: dict[str, frozenset[str]] = field(default_factory=dict)
    """By model, the nights whose corrections it was trained on; a model of which that isn't known is absent."""

    @property
    def label(self) -> str:
        return str(self.evaluation.get("night") or (self.nights[-1].label if self.nights else ""))

    def contest(self, contender: str) -> dict[str, Any]:
        """Its entry in `evaluation.json`; empty where it has none."""
        found = (contest for contest in self.evaluation.get("contenders", ()) if contest["name"] == contender)
        return next(found, {})

    def primary(self, contender: str) -> Comparison:
        """Its comparison with the champion on fresh items; of no items where it has none."""
        values = self.contest(contender).get("primary")
        return Comparison(**values) if values else NOTHING

    def judging(self, contender: str) -> Judging | None:
        """What its judges said; None where it had none."""
        return self.sources.judges.get(contender)


@dataclass(frozen=True)
class Change:
    """An item that the contender and the champion answered."""

    old: Row
    new: Row

    @property
    def effect(self) -> float:
        """Points of F1; negative is worse."""
        return float(self.new["f1"]) - float(self.old["f1"])

    @property
    def cluster(self) -> str:
        return self.new["channel"] or f"{self.new['external_id']} alone"


def answers(items: Sequence[Row], name: str) -> dict[int, Row]:
    """The rows of who is called `name` tonight, by transcript.

    A model is scored once: until the first promotion, Day-0's rows are the champion's.
    """
    found = {row["transcript"]: row for row in items if row["name"] == name and row["part"] in PARTS}
    return answers(items, "day0") if name == "champion" and not found else found


def tonight(report: Report) -> list[Row]:
    """A row for each of tonight's fresh items: those that every model was scored on, by tonight's corrections.

    A challenger's rows hold the fresh items of earlier nights as well.
    """
    after = report.sources.night.get("training_watermark", 0)
    scored = [name for name, mean in report.evaluation.get("means", {}).items() if mean.get("n")]
    rows = [answers(report.items, name) for name in scored]
    every = set[int]().union(*rows).intersection(*rows)
    fresh = (rows[0][transcript] for transcript in sorted(every))
    return [row for row in fresh if row["part"] == "fresh" and row["correction"] > after]


def parsable(report: Report) -> dict[str, float]:
    """By model, the share of tonight's fresh items, in percent, whose answers could be read whole."""
    fresh = [row["transcript"] for row in tonight(report)]
    scored = [name for name, mean in report.evaluation.get("means", {}).items() if mean.get("n")] if fresh else []
    read = {name: answers(report.items, name) for name in scored}
    return {name: 100 * sum(not rows[item]["problems"] for item in fresh) / len(fresh) for name, rows in read.items()}


def changes(items: Sequence[Row], champion: str, contender: str) -> list[Change]:
    """The items that both answered, in order of their transcripts."""
    old, new = answers(items, champion), answers(items, contender)
    return [Change(old[transcript], new[transcript]) for transcript in sorted(old.keys() & new.keys())]


def worst_regressions(items: Sequence[Row], champion: str, candidate: str, count: int = REGRESSIONS) -> list[Change]:
    """Where `candidate` lost most F1 against `champion`, the greatest loss first; no item that lost nothing."""
    lost = [change for change in changes(items, champion, candidate) if change.effect < 0]
    return sorted(lost, key=lambda change: change.effect)[:count]


def fixed_cases(items: Sequence[Row], champion: str, candidate: str, count: int = FIXED) -> list[Change]:
    """Where `candidate` gained most F1 over `champion`, the greatest gain first; no item that gained nothing."""
    gained = [change for change in changes(items, champion, candidate) if change.effect > 0]
    return sorted(gained, key=lambda change: -change.effect)[:count]


def shown_transcripts(items: Sequence[Row], decisions: Sequence[OutcomeDecision]) -> list[int]:
    """`seq` of the transcripts that the page quotes: what `Report.excerpts` should hold."""
    decision = leading_decision(decisions)
    if decision is None:
        return []
    shown = (pick(items, "champion", decision.name) for pick in (worst_regressions, fixed_cases))
    return sorted({change.new["transcript"] for found in shown for change in found})
