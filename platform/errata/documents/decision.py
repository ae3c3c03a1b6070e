"""What the gate decided of a contender, with every number that the decision rests on; `errata.wording` words it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from errata.documents.comparison import Comparison
from errata.documents.evidence import Fault, JudgeSay, SliceAlarm
from errata.documents.guardrail import GuardrailResult
from errata.files import JsonObject

Verdict = Literal["promote", "reject", "inconclusive", "underpowered", "blocked"]

Cause = Literal[
    "faults",
    "better",
    "better, but harmful",
    "harmful",
    "another is surer",
    "worse",
    "no better",
    "gain ruled out",
    "too few items",
    "target not detectable",
    "no difference found",
    "guardrails not evaluable",
    "waits",
    "let go",
    "place taken",
    "year is full",
]
"""Why the verdict is what it is. The numbers behind each stand in the decision: `comparison`, `look` and `preset`."""


UNTESTED: tuple[Cause, ...] = ("place taken", "year is full")
"""Causes of a decision on somebody who was only scored."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a decision's readers must know of the preset that it was taken by; `registry.policy` has all of it."""

    name: str
    items: int
    """Fresh items that it asks for; with a budget of tests, so many independent ones' worth."""
    clusters: int
    target: float
    """The gain, in points of F1, that it is built to find."""
    known_error: str
    """How often it is wrong, in words that are part of the preset."""
    hears_judges: bool
    least_gain: float | None = None
    """A contender is let go once such a gain, in points of F1, is ruled out; None where nobody waits for a test."""
    nights: int | None = None
    """So many a contender may wait for its test, or be looked at."""
    fdr: float | None = None
    """The share of promotions that its budget of tests allows to be useless; None where it has none, or wasn't kept."""
    challengers: int | None = None
    """So many at most begin within a year, where each is looked at until its wealth is as many times its stake."""
    min_effect: float = 0.0
    """Points of F1: the primary test asks for more than this."""


UNKNOWN = Preset(name="", items=0, clusters=0, target=0.0, known_error="", hears_judges=True)
"""In a decision of an older Errata, whose notes say it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the fresh items could tell tonight."""

    items: float
    """Independent human items that would say as much."""
    design_effect: float | None
    """How many times more items clusters make it take; None without spread."""
    level: float
    """Of the primary test, spent or still to come."""
    mde: float
    """Points of F1 that the test at this level finds 80 times in 100."""
    low: float | None = None
    """The interval that holds at every look, in points of F1, where the preset has one."""
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SpentTest:
    """One test spent of the year's budget."""

    number: int
    """From 1."""
    p_value: float
    level: float
    discovery: bool
    """Whether it promoted: the p-value was at most the level, and every guardrail passed."""
    wealth: float
    """What is left of the budget after it."""


@dataclass(frozen=True, slots=True)
class Wager:
    """How a bet on a challenger stands that is looked at every night; see `evaluation.statistics.betting`."""

    wealth: float
    """How many times the stake, on its being better; at the preset's `challengers` times it is found so."""
    worse: float
    """How many times the stake, on its being worse."""
    p_value: float
    """Of the clustered test, which must agree, at the look's `level`."""
    night: int
    """Its look, from 1, of the preset's `nights`."""
    begun: int
    """Challengers begun within the year, it included."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a contender's one test still waits for."""

    items: bool
    """Whether for fresh items, or for more clusters of them."""
    guardrails: tuple[str, ...]
    """Those whose items can't tell yet."""


@dataclass(frozen=True, slots=True)
class ShrunkenEffect:
    """What is left of an effect once this team's past candidates are known: whoever wins is lucky, too."""

    candidates: int
    """Past ones whose effect is known."""
    least: int
    """With fewer, nothing can be told."""
    effect: float | None = None
    """In points of F1, drawn towards theirs."""
    regression: float | None = None
    """The probability that it is truly worse than the champion."""


TargetStatus = Literal["ships", "held back", "not evaluable"]


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """Whether one export ships with its model, where the model is promoted. What is held back, or can't be told yet,
    leaves its alias where it was."""

    target: str
    status: TargetStatus
    guardrails: tuple[GuardrailResult, ...] = ()
    """That decide on this export alone."""
    unbuilt: str = ""
    """Why there is none: it could not be made, or is gone. Empty where there is one."""


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    cause: Cause | None = None
    """None in a decision of an older Errata, which has `notes` in place of all but the verdict, `needs`, `look`,
    `test` and `final`."""
    preset: Preset = UNKNOWN
    comparison: Comparison | None = None
    """With the champion on fresh items, as it counted: with the judge's help, where that counted."""
    guardrails: tuple[GuardrailResult, ...] = ()
    """Every one of the model that was measured, in that order, and those that the preset decides by and nobody
    measured."""
    targets: tuple[TargetOutcome, ...] = ()
    """Of each export that is shipped or held back on its own. None in a decision of an older Errata, where all shipped
    or none, by guardrails of the model."""
    faults: tuple[Fault, ...] = ()
    judge: JudgeSay | None = None
    alarms: tuple[SliceAlarm, ...] = ()
    shortfall: Shortfall | None = None
    needs: int | None = None
    """About how many more fresh items would decide it; None where more items wouldn't help."""
    look: Look | None = None
    wager: Wager | None = None
    """Where the preset bets on one challenger at a time; None for whoever was not looked at."""
    test: SpentTest | None = None
    """The test that this decision spent, where the preset has a budget of them."""
    final: bool = False
    """Whether the contender may not wait and be looked at again: its test is spent, or its time is up."""
    shrunken: ShrunkenEffect | None = None
    """None where nothing was compared, and in a decision of an older Errata."""
    notes: tuple[str, ...] = ()
    """The sentences of an older Errata: to be shown as they are."""

    @property
    def p_value(self) -> float | None:
        """Of the test that decides, one-sided; of the comparison itself where none was to."""
        decides = self.test or self.wager or self.comparison
        return None if decides is None else decides.p_value

    @property
    def held_targets(self) -> tuple[TargetOutcome, ...]:
        """Those that don't ship with the model."""
        return tuple(outcome for outcome in self.targets if outcome.status != "ships")


@dataclass(frozen=True, slots=True)
class OutcomeDecision:
    """A contender's decision in its night's outcome."""

    name: str
    """`candidate` or `challenger`."""
    model: str
    promoted: bool
    """Whether it became champion."""
    evidence: str
    """SHA-256 of the evidence record, which is its name."""
    decision: Decision


def leading_decision(decisions: Sequence[OutcomeDecision]) -> OutcomeDecision | None:
    """What a night is about: who became champion or is to, else who was tested, the candidate before others."""
    order = sorted(decisions, key=_place)
    return order[0] if order else None


def _place(entry: OutcomeDecision) -> tuple[bool, ...]:
    passed = entry.decision.verdict == "promote"
    return not entry.promoted, not passed, entry.decision.cause in UNTESTED, entry.name != "candidate"


def upgraded_decision(value: JsonObject) -> JsonObject:
    """As it was written while a decision was a list of sentences, its cause first, and a discovery was a find."""
    test = value.get("test")
    return {
        **_parts(value, "verdict", "needs", "look", "final"),
        "test": test and {**test, "discovery": test["found"]},
        "notes": value.get("reasons", ()),
    }


def upgraded_outcome_decision(value: JsonObject) -> JsonObject:
    """As it stood in the outcomes of that time: one flat object."""
    entry = {"name": "candidate", "promoted": False, "evidence": ""}
    return entry | _parts(value, "name", "model", "promoted", "evidence") | {"decision": upgraded_decision(value)}


def _parts(value: JsonObject, *names: str) -> JsonObject:
    return {name: value[name] for name in names if name in value}
