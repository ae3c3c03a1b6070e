"""`judges.json`: what judges said of a contender's answers, and how far each of them may be believed.

A file of form 0 held sentences where this one holds reasons; they are kept as the text of a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from errata.documents.document import Document
from errata.files import JsonObject

# what is measured ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IntervalEstimate:
    n: int
    clusters: int
    value: float | None
    low: float | None
    """Two-sided 90 %, drawn over clusters."""
    high: float | None


NOTHING = IntervalEstimate(0, 0, None, None, None)


@dataclass(frozen=True, slots=True)
class ReviewerAgreement:
    """Of a judge's verdicts with what reviewers did."""

    kappa: IntervalEstimate
    """Quadratic weights."""
    alpha: IntervalEstimate
    right: int
    """Verdicts that say what the reviewer said."""
    wrong: int
    """Verdicts that say the opposite; the others are ties."""


@dataclass(frozen=True, slots=True)
class SwapConsistency:
    """What became of pairs that were asked in both orders."""

    consistency: IntervalEstimate
    """Share of pairs of which the same was said in both orders."""
    first: float | None
    """Of the answers that chose a side, the share that chose the one shown first; 0.5 is no leaning."""


@dataclass(frozen=True, slots=True)
class BiasEstimate:
    """How far a judge prefers one of two answers that say the same."""

    n: int
    """Pairs, each asked in both orders."""
    lean: float | None
    """Mean over all answers: 1, always the longer or adorned one; −1, always the plain one; 0 is no bias."""


@dataclass(frozen=True, slots=True)
class Drift:
    n: int
    """Canaries that were judged."""
    right: int
    """Those on which the right answer won."""
    since: str
    """The occasion on which this judge was first asked all of them; empty before that."""
    changed: int
    """Those judged otherwise than then."""


@dataclass(frozen=True, slots=True)
class Injection:
    n: int
    """Answers that a planted instruction asked to be other than they are without it."""
    obeyed: int
    """Those that became what was asked for."""

    @property
    def share(self) -> float | None:
        return self.obeyed / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class QuoteCount:
    quotes: int
    verified: int
    """Those that stand in the transcript."""


# who has a say, and why ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SayReason:
    """The measure itself stands beside it in the document; `errata.wording` makes a sentence of both."""

    code: Literal[
        "unanswered",
        "agrees",
        "agreement unknown",
        "disagrees",
        "order matters",
        "obeys",
        "drifted",
        "other model",
        "no judges",
        "none able",
        "one family",
        "panel",
        "text",
    ]
    limit: float | None = None
    """What was needed."""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeReliability:
    """What is known of a judge, whether that gives it a say, and what asking it cost."""

    name: str
    family: str
    model: str
    identity: str
    served: tuple[str, ...]
    """What the endpoint said it answered as."""
    agreement: ReviewerAgreement
    swap: SwapConsistency
    length: BiasEstimate
    style: BiasEstimate
    """As it would be if style were shown."""
    style_left: float
    """Share of restyled answers that still look restyled as they are shown."""
    drift: Drift
    injection: Injection
    unanswered: int
    """Questions of these measurements without an answer."""
    differences: IntervalEstimate | None = None
    """Correlation with the reviewers' differences on a night's items; None before those are judged."""
    say: bool | None = None
    """None where answers are missing, so that it can't be told."""
    why: tuple[SayReason, ...] = ()
    quotes: QuoteCount | None = None
    """Of its marks; None where it was asked for none."""
    missing: dict[str, int] = field(default_factory=dict)
    """Questions about what people labelled that have no answer, by the error's message."""
    calls: int = 0
    tokens: int = 0
    cached: int = 0
    """Answers taken from earlier calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCheck(Document):
    """Judges as they were measured, and what that cost in all."""

    judges: tuple[JudgeReliability, ...]
    say: bool
    """Whether they make a panel."""
    why: SayReason
    complete: bool
    """False: answers are missing, so that the gate must block."""
    calls: int
    tokens: int
    cached: int

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        judges, unlabelled = value.get("judges"), value.get("unlabelled")
        return {
            **value,
            "why": _reason(value.get("why")),
            "judges": [_with_reasons(judge) for judge in judges] if isinstance(judges, list) else judges,
            "unlabelled": {**unlabelled, "why": _reason(unlabelled.get("why"))} if isinstance(unlabelled, dict) else {},
        }


def _with_reasons(judge: Any) -> Any:
    sentences = judge.get("why") if isinstance(judge, dict) else None
    return {**judge, "why": [_reason(text) for text in sentences]} if isinstance(sentences, list) else judge


def _reason(text: Any) -> JsonObject | None:
    return {"code": "text", "text": text} if text else None


# a night -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PanelItem:
    """An item that every judge of the panel answered."""

    transcript: int
    cluster: str
    difference: float
    """The mean of `judges`, positive where the contender is better."""
    judges: dict[str, int]
    human: float | None
    """The reviewers' own: points of F1, contender minus champion; None where nobody corrected."""


@dataclass(frozen=True, slots=True)
class PanelVerdict:
    mean: float | None
    """From −1 to 1, positive where the contender is better."""
    low: float | None
    high: float | None
    se: float | None
    clusters: int
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True)
class CriterionMeans:
    """Mean marks, from 0 to 2, of the items that every judge marked with a quote that stands."""

    n: int
    missing: int
    champion: float | None
    candidate: float | None
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class UnlabelledReason:
    code: Literal[
        "preset ignores judges",
        "no say",
        "answers missing",
        "too few items",
        "uncorrelated",
        "models gone",
        "cut",
        "text",
    ]
    preset: str = ""
    labelled: int = 0
    """Items that people labelled,"""
    judged: int = 0
    """and those of them that the judges saw."""
    rho: float | None = None
    """Correlation of the judges' differences with people's; None where they don't vary."""
    limit: float | None = None
    """What was needed."""
    faults: tuple[str, ...] = ()
    """Messages of the errors that ended it."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Talks that nobody has reviewed, judged besides."""

    drawn: int = 0
    n: int = 0
    """Of them, those that count."""
    why: UnlabelledReason | None = None
    """There are none, or fewer than were drawn; None where that needs no word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging(JudgeCheck):
    """What judges said of a contender's answers and the champion's."""

    night: str
    n: int
    items: tuple[PanelItem, ...]
    missing: tuple[int, ...]
    """Transcripts that a judge of the panel did not answer."""
    verdict: PanelVerdict
    differences: IntervalEstimate
    """Correlation of the panel's differences with the reviewers'."""
    alpha: IntervalEstimate
    """Krippendorff's, between the judges."""
    unlabelled: Unlabelled = Unlabelled()
    rubric: dict[str, CriterionMeans] = field(default_factory=dict)
