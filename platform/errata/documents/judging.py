"""`judges.json`: what judges said of a contender's answers, and how far each of them may be believed.

A file of form 0 held sentences where this one holds reasons; they are kept as the text of a reason. One of form 1 knew
neither error rates nor a placebo, nor how far reviewers agree among themselves, and held a judge's kappa itself against
the floor, where it is its lower bound now.
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
class AgreementFloor:
    """What a judge's agreement with reviewers must reach."""

    among_reviewers: IntervalEstimate
    """Weighted kappa between reviewers, one in the judge's place: the most that a judge can be expected to reach."""
    limit: float
    """For the lower bound of a judge's kappa."""
    least: int
    """Second opinions, from two channels, from which on `among_reviewers` can raise the limit."""

    @property
    def measured(self) -> bool:
        kappa = self.among_reviewers
        return kappa.value is not None and kappa.n >= self.least and kappa.clusters >= 2


@dataclass(frozen=True, slots=True)
class VerdictRates:
    """How often a judge's "the new one is better" and "it is not" are right, by people's verdict."""

    true_positive: IntervalEstimate
    """Of answers that people find better, the share that the judge does."""
    true_negative: IntervalEstimate
    """Of answers that people don't find better, the share that the judge doesn't."""


NO_RATES = VerdictRates(NOTHING, NOTHING)


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
class Placebo:
    """What a judge says where nothing is to be said: chance, and not a preference."""

    repeated: int
    """Questions that were asked twice, word for word."""
    changed: int
    """Those that were answered otherwise the second time."""
    equal: int
    """Questions whose two answers were one and the same."""
    preferred: int
    """Those in which one of the two was found better."""


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
        "below reviewers",
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
    rates: VerdictRates
    """On corrections, each pair both ways round."""
    swap: SwapConsistency
    placebo: Placebo
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
    night_rates: VerdictRates | None = None
    """Of the contender against the champion, by the sign of the reviewers' differences; None before that."""
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

    VERSION = 2

    judges: tuple[JudgeReliability, ...]
    floor: AgreementFloor
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
        value = value if value.get("version") else _with_reasons(value)
        judges = value.get("judges")
        if isinstance(judges, list):
            judges = [{**judge, **_UNMEASURED} if isinstance(judge, dict) else judge for judge in judges]
        return {**value, "judges": judges, "floor": _OLD_FLOOR}


_NOTHING = {"n": 0, "clusters": 0, "value": None, "low": None, "high": None}
_UNMEASURED = {
    "rates": {"true_positive": _NOTHING, "true_negative": _NOTHING},
    "placebo": {"repeated": 0, "changed": 0, "equal": 0, "preferred": 0},
}
_OLD_FLOOR = {"among_reviewers": _NOTHING, "limit": 0.4, "least": 40}


def _with_reasons(value: JsonObject) -> JsonObject:
    """Of form 0, as one of form 1."""
    judges, unlabelled = value.get("judges"), value.get("unlabelled")
    return {
        **value,
        "why": _reason(value.get("why")),
        "judges": [_judge_with_reasons(judge) for judge in judges] if isinstance(judges, list) else judges,
        "unlabelled": {**unlabelled, "why": _reason(unlabelled.get("why"))} if isinstance(unlabelled, dict) else {},
    }


def _judge_with_reasons(judge: Any) -> Any:
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
class CorrectedShare:
    """Of talks that nobody has reviewed, the share of which the contender's answer is better."""

    n: int
    clusters: int
    counted: float
    """As the panel finds it,"""
    value: float | None
    """and corrected for the panel's error; None where it isn't surely better than a guess, or its error isn't known."""
    low: float | None
    """Two-sided 90 %."""
    high: float | None


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
        "rectified",
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
    rates: VerdictRates = NO_RATES
    """The panel's, by the sign of the reviewers' differences, on items that people labelled."""
    unlabelled: Unlabelled = Unlabelled()
    better: CorrectedShare | None = None
    """None where nobody judged any that weren't reviewed."""
    rubric: dict[str, CriterionMeans] = field(default_factory=dict)
