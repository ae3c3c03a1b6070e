"""`evaluation.json`: who scored what on a night, and how the contenders compare. Nothing is decided in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.document import Document
from errata.documents.draft_effects import DraftEffects, Lean
from errata.documents.engine_agreement import ScoringEngine
from errata.documents.metric_values import ModelMean
from errata.files import JsonObject


@dataclass(frozen=True, slots=True)
class TaughtNight:
    """A vintage: an earlier night's fresh items, asked again."""

    number: int
    """From 1, in the order of nights that brought anything."""
    night: str
    items: int
    of: int
    """How many fresh items that night had, of which `items` are the sample."""


@dataclass(frozen=True, slots=True)
class VintageModel:
    """A row of R."""

    taught: int
    """So many vintages had been taught when it was in force."""
    model: str


@dataclass(frozen=True, slots=True)
class WorstVintage:
    name: str
    effect: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class ContinualScores:
    """What a contender kept of what earlier nights taught; see `evaluation.continual`."""

    vintages: tuple[TaughtNight, ...]
    rows: tuple[VintageModel, ...]
    r: tuple[tuple[float | None, ...], ...]
    """R: mean F1, a row for each of `rows` and a column for each of `vintages`; None where it wasn't measured."""
    measures: dict[str, float | None]
    worst: WorstVintage | None = None
    """The vintage on which most was lost against the champion."""


@dataclass(frozen=True, slots=True)
class LaterLabels:
    """What became of labels after a night had first scored a contender by them. The comparison that decides goes by
    those of then; these are shown beside it."""

    changed: int
    """Of its fresh items, those with other chapters by now."""
    withdrawn: int
    """Those without a label by now: reviewers differ, or took back what they said."""
    then: Comparison
    """F1, contender minus champion, on the changed ones by the labels of then,"""
    now: Comparison
    """and by those of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContenderScores:
    name: str
    """`candidate` or `challenger`."""
    model: str
    watermark: int
    """Corrections up to here may have trained it."""
    primary: Comparison
    """F1, contender minus champion, on items that are fresh to both, by the labels that they had when they were first
    scored; without those that were accepted. Where reviewers saw drafts, rectified for it: see `drafts`."""
    accepted: Comparison = NOTHING
    """The same on those that were accepted as they stood, on which whose draft it was has 100: shown beside."""
    excluded: Comparison = NOTHING
    """The same on what an earlier night's decision rested on and tonight's doesn't, since a twin was found that is held
    out or was trained on: shown beside, or whoever adds twins could choose what counts."""
    later_labels: LaterLabels | None = None
    """None where no label has changed since, and where it wasn't counted yet."""
    drafts: DraftEffects | None = None
    """By what labels were made from; None in what was written before."""
    against_day0: Comparison
    guardrails: dict[str, Comparison]
    """What every preset of the gate asks for."""
    more_guardrails: dict[str, Comparison] = field(default_factory=dict)
    continual: ContinualScores | None = None
    """None where nothing had been taught before tonight."""
    faults: tuple[str, ...] = ()
    """Why it can't be decided on, in words; none that `evaluation.harness` finds."""

    @property
    def all_guardrails(self) -> dict[str, Comparison]:
        return {**self.guardrails, **self.more_guardrails}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(Document):
    night: str
    fresh_items: int
    """Transcripts corrected since the last night of which no model that is scored has seen anything."""
    accepted: int = 0
    """Those of them that were accepted as they stood."""
    coarse: int = 0
    """Transcripts corrected since then that are not among them, as too many of their chapters fall on one line."""
    equal_split_f1: float | None = None
    """What chapters of equal length would score on them; None of no items."""
    means: dict[str, ModelMean]
    """On those items, by what the model is tonight: `day0`, `champion`, `candidate`, `challenger`."""
    contenders: tuple[ContenderScores, ...] = ()
    lean: Lean | None = None
    """How far tonight's drafted labels lean, by the first contender; None where they don't tell."""
    scoring: ScoringEngine | None = None
    """None where nothing but transformers was asked for."""

    @property
    def deciding_items(self) -> int:
        """Tonight's fresh items without those that were accepted, which favour whose draft they were."""
        return self.fresh_items - self.accepted

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        """0: whoever had learnt nothing from earlier nights had an empty object instead of none."""
        contenders = [{**scores, "continual": scores.get("continual") or None} for scores in value["contenders"]]
        return {**value, "contenders": contenders}

    def scores_of(self, contender: str) -> ContenderScores | None:
        return next((scores for scores in self.contenders if scores.name == contender), None)
