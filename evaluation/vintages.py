"""What each night brought, scored again: does a model still know what earlier nights taught?

A vintage is a night's fresh items. They are new to every model on that night, and the next night trains on them; so
"taught the first t vintages" is the model of the night after the t-th. From then on they show what was kept, not how
well the model does on new talks. Labels are those of tonight: what the guideline has changed since isn't asked for.

The cost is bounded twice: a few items a vintage, and a few vintages. A vintage that is kept for the sample has been in
it since it was new, so that earlier models' answers to it are on record, and only a new model is asked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from errata.database.record import Record
from errata.database.tables import NightRow
from errata.documents.comparison import Comparison
from errata.documents.evaluation import ContinualScores, TaughtNight, VintageModel, WorstVintage
from errata.documents.night import Night
from errata.domain.correction import Label
from errata.inference.artefact import read_training_transcripts
from evaluation.continual import ScoreMatrix, measures, none_for_nan
from evaluation.items import Item, Question, ScoredModel, questions, recorded_f1, stored_model, unused_items


@dataclass(frozen=True, slots=True)
class VintageLimits:
    items: int = 20
    """Of a vintage: those whose transcripts have the lowest hashes."""
    vintages: int = 16
    """At most; with more nights, every second, then every fourth, … is kept."""


@dataclass(frozen=True)
class Vintage:
    number: int
    """From 1, in the order of nights that brought anything."""
    night: str
    questions: tuple[Question, ...]
    size: int
    """How many fresh items the night had, of which these are the sample."""

    @property
    def items(self) -> list[Item]:
        return [question.item for question in self.questions]


@dataclass(frozen=True)
class VintageHistory:
    """The nights before tonight."""

    vintages: tuple[Vintage, ...] = ()
    models: tuple[str, ...] = ()
    """Place t: the model in force after the night that trained on vintage t; Day-0 at 0, tonight's champion last."""

    @property
    def items(self) -> list[Item]:
        return [item for vintage in self.vintages for item in vintage.items]


def vintage_history(record: Record, night: Night, day0: Path, limits: VintageLimits) -> VintageHistory:
    """What tonight's models may have forgotten; `day0` is its folder."""
    with record.read() as store:
        rows = [row for row in store.nights.all() if _taught_before(night, row)]
    step = stride(len(rows), limits.vintages)
    seen = read_training_transcripts(day0)
    vintages = [
        _vintage(record, number, row, seen, night.gate_watermark, limits.items)
        for number, row in enumerate(rows, start=1)
        if (number - 1) % step == 0
    ]
    # a night's outcome names the champion that it began with, which is the model in force after the night before;
    # after the first two nights that is still Day-0
    champions = [row.outcome.champion for row in rows[2:]]
    return VintageHistory(tuple(vintages), (night.day0, *champions, night.champion)[: len(rows)])


def _taught_before(night: Night, row: NightRow) -> bool:
    """Whether an earlier night brought anything that tonight's models may have been trained on."""
    return row.label != night.label and row.training_watermark < row.gate_watermark <= night.training_watermark


def stride(count: int, most: int) -> int:
    """The least power of two that leaves at most `most` of `count`: what it keeps, a smaller one kept before."""
    step = 1
    while math.ceil(count / step) > max(1, most):
        step *= 2
    return step


def _vintage(record: Record, number: int, row: NightRow, seen: frozenset[str], upto: int, most: int) -> Vintage:
    """Its labels are those that stand as of `upto`; nothing of them is among `seen`, by hash."""
    born = unused_items(record, row.training_watermark, row.gate_watermark, seen)
    transcripts = [item.label.transcript for item in sorted(born, key=lambda item: item.label.transcript_hash)]
    with record.read() as store:
        labels = (store.labels.of(transcript, upto) for transcript in transcripts)
        trainable = (label for label in labels if isinstance(label, Label) and label.role == "train")
        sample = list(islice(trainable, most))
    asked = questions(record, [Item("vintage", label) for label in sample])
    return Vintage(number, row.label, tuple(asked), len(born))


def score_matrix(record: Record, models: Path, history: VintageHistory, contender: ScoredModel) -> ScoreMatrix:
    """R of `evaluation.continual`, the last row being the contender's: from recorded answers, so that it asks nobody.

    Every model that was ever in force has its row, since forgetting is from the best of them; what is not on record,
    and vintages that are left out, stay NaN.
    """
    identities = (*history.models, contender.identity)
    r = np.full((len(identities), len(identities) - 1), np.nan)
    means: dict[str, list[float]] = {}
    for row, identity in enumerate(identities):
        if identity not in means:
            model = contender if identity == contender.identity else stored_model("", identity, models)
            means[identity] = [_mean_f1(record, model, vintage) for vintage in history.vintages]
        for vintage, mean in zip(history.vintages, means[identity], strict=True):
            r[row, vintage.number - 1] = mean
    return r


def _mean_f1(record: Record, model: ScoredModel | None, vintage: Vintage) -> float:
    """NaN where the model was not asked all of it, or isn't kept any more."""
    scores = recorded_f1(record, model, vintage.questions) if model else [None]
    known = [f1 for f1 in scores if f1 is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(scores) else math.nan


def continual_scores(
    history: VintageHistory, contender: str, r: ScoreMatrix, general_ability: float, worst: WorstVintage | None = None
) -> ContinualScores:
    """Rows are shown of Day-0, of the models just before and just after each vintage was taught, and of the contender,
    where they were measured; all of R goes into the measures. `general_ability` is TRACE's delta on Day-0's own items.
    """
    shown = {0, len(r) - 1}
    for vintage in history.vintages:
        shown |= {vintage.number - 1, vintage.number}
    rows = [row for row in sorted(shown) if not np.isnan(r[row]).all()]
    columns = [vintage.number - 1 for vintage in history.vintages]
    models = (*history.models, contender)
    return ContinualScores(
        vintages=tuple(
            TaughtNight(vintage.number, vintage.night, len(vintage.questions), vintage.size)
            for vintage in history.vintages
        ),
        rows=tuple(VintageModel(row, models[row]) for row in rows),
        r=tuple(tuple(none_for_nan(r[row, column]) for column in columns) for row in rows),
        measures={**measures(r), "general_ability_delta": none_for_nan(general_ability)},
        worst=worst,
    )


def worst_vintage(comparisons: dict[str, Comparison]) -> WorstVintage | None:
    """Of comparisons by vintage, the one that lost most; None where none has an effect."""
    worst: WorstVintage | None = None
    for name, comparison in comparisons.items():
        if comparison.effect is not None and (worst is None or comparison.effect < worst.effect):
            worst = WorstVintage(name, comparison.effect, comparison.low, comparison.high, comparison.n)
    return worst
