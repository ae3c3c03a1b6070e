"""What each night brought, scored again: does a model still know what earlier nights taught?

A vintage is a night's fresh items. They are new to every model on that night, and the next night trains on them; so
"taught the first t vintages" is the model of the night after the t-th. From then on they show what was kept, not how
well the model does on new talks. Labels are those of tonight: what the guideline has changed since isn't asked for.

The cost is bounded twice: a few items a vintage, and a few vintages. A vintage that is kept for the sample has been in
it since it was new, so that earlier models' answers to it are on record, and only a new model is asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
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
from evaluation.items import Item, Question, ScoredModel, read_questions, recorded_f1, stored_model, unused_items


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
    vintages = []
    for place in range(0, len(rows), step):
        vintages.append(_vintage(record, place + 1, rows[place], seen, night.gate_watermark, limits.items))
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
    new_items = unused_items(record, row.training_watermark, row.gate_watermark, seen)
    # By hash: the sample is the same on every later night, so that answers to it are on record.
    new_items.sort(key=lambda item: item.label.transcript_hash)
    transcripts = [item.label.transcript for item in new_items]
    with record.read() as store:
        labels = (store.labels.of(transcript, upto) for transcript in transcripts)
        trainable = (label for label in labels if isinstance(label, Label) and label.role == "train")
        sample = list(islice(trainable, most))
    questions = read_questions(record, [Item("vintage", label) for label in sample])
    return Vintage(number, row.label, tuple(questions), len(new_items))


def score_matrix(
    record: Record,
    models: Path,
    history: VintageHistory,
    contender: ScoredModel,
    exports: Mapping[str, str] | None = None,
) -> ScoreMatrix:
    """R of `evaluation.continual`, the last row being the contender's: from recorded answers, so that it asks nobody.

    Every model that was ever in force has its row, since forgetting is from the best of them; what is not on record,
    and vintages that are left out, stay NaN. Where models answer by `exports`, so do answers that they gave themselves.
    """
    identities = (*history.models, contender.identity)
    r = np.full((len(identities), len(identities) - 1), np.nan)
    means: dict[str, list[float]] = {}
    for row, identity in enumerate(identities):
        if identity not in means:
            model = contender if identity == contender.identity else stored_model("", identity, models, exports)
            means[identity] = [_mean_f1(record, model, vintage) for vintage in history.vintages]
        for vintage, mean in zip(history.vintages, means[identity], strict=True):
            r[row, vintage.number - 1] = mean
    return r


def _mean_f1(record: Record, model: ScoredModel | None, vintage: Vintage) -> float:
    """NaN where the model was not asked all of it, or isn't kept any more."""
    scores = recorded_f1(record, model, vintage.questions) if model else [None]
    f1 = [score for score in scores if score is not None]
    return math.fsum(f1) / len(f1) if f1 and len(f1) == len(scores) else math.nan


def continual_scores(
    history: VintageHistory, contender: str, r: ScoreMatrix, general_ability: float, worst: WorstVintage | None = None
) -> ContinualScores:
    """Rows are shown of Day-0, of the models just before and just after each vintage was taught, and of the contender,
    where they were measured; all of R goes into the measures. `general_ability` is TRACE's delta on Day-0's own items.
    """
    columns = [vintage.number - 1 for vintage in history.vintages]
    nights = [TaughtNight(v.number, v.night, len(v.questions), v.size) for v in history.vintages]
    wanted = {0, len(r) - 1, *columns, *(column + 1 for column in columns)}
    rows = [row for row in sorted(wanted) if not np.isnan(r[row]).all()]
    models = (*history.models, contender)
    return ContinualScores(
        vintages=tuple(nights),
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
