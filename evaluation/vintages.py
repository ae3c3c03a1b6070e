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
from typing import Any

import numpy as np

from errata.database.record import Record
from errata.database.tables import NightRow
from errata.documents.night import Night
from errata.domain.correction import Label
from errata.inference.artefact import read_training_transcripts
from evaluation.continual import Scores, measures, told
from evaluation.items import Contender, Item, Question, kept, questions, recorded_f1, unused_items


@dataclass(frozen=True, slots=True)
class Sampling:
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
class History:
    """The nights before tonight."""

    vintages: tuple[Vintage, ...]
    models: tuple[str, ...]
    """Place t: the model in force after the night that trained on vintage t; Day-0 at 0, tonight's champion last."""

    @property
    def items(self) -> list[Item]:
        return [item for vintage in self.vintages for item in vintage.items]


def history(record: Record, night: Night, day0: Path, sampling: Sampling) -> History:
    """What tonight's models may have forgotten; `day0` is its folder."""
    with record.read() as store:
        rows = [
            row
            for row in store.nights.all()
            if row.label != night.label and row.training_watermark < row.gate_watermark <= night.training_watermark
        ]
    step = stride(len(rows), sampling.vintages)
    seen = read_training_transcripts(day0)
    kept = [(place + 1, row) for place, row in enumerate(rows) if place % step == 0]
    vintages = (_vintage(record, number, row, (seen, night.gate_watermark, sampling.items)) for number, row in kept)
    champions = [str(row.outcome.get("champion", "")) for row in rows[2:]]
    return History(tuple(vintages), (night.day0, *champions, night.champion)[: len(rows)])


def stride(count: int, most: int) -> int:
    """The least power of two that leaves at most `most` of `count`: what it keeps, a smaller one kept before."""
    step = 1
    while math.ceil(count / step) > max(1, most):
        step *= 2
    return step


def _vintage(record: Record, number: int, row: NightRow, limits: tuple[frozenset[str], int, int]) -> Vintage:
    seen, upto, most = limits
    born = unused_items(record, row.training_watermark, row.gate_watermark, seen)
    with record.read() as store:
        chosen = sorted((item.label for item in born), key=lambda label: label.transcript_hash)
        now = (store.labels.of(label.transcript, upto) for label in chosen)
        standing = (label for label in now if isinstance(label, Label) and label.role == "train")
        sample = list(islice(standing, most))
    asked = questions(record, [Item("vintage", label) for label in sample])
    return Vintage(number, row.label, tuple(asked), len(born))


def matrix(record: Record, models: Path, past: History, contender: Contender) -> Scores:
    """R of `evaluation.continual`, the last row being the contender's: from recorded answers, so that it asks nobody.

    Every model that was ever in force has its row, since forgetting is from the best of them; what is not on record,
    and vintages that are left out, stay NaN.
    """
    everyone = (*past.models, contender.identity)
    r = np.full((len(everyone), len(everyone) - 1), np.nan)
    known: dict[str, list[float]] = {}
    for row, model in enumerate(everyone):
        if model not in known:
            asked = contender if model == contender.identity else kept("", model, models)
            known[model] = [_mean_f1(record, asked, vintage) for vintage in past.vintages]
        for vintage, mean in zip(past.vintages, known[model], strict=True):
            r[row, vintage.number - 1] = mean
    return r


def _mean_f1(record: Record, model: Contender | None, vintage: Vintage) -> float:
    """NaN where the model was not asked all of it, or isn't kept any more."""
    found = recorded_f1(record, model, vintage.questions) if model else [None]
    values = [value for value in found if value is not None]
    return math.fsum(values) / len(values) if values and len(values) == len(found) else math.nan


def as_json(past: History, contender: str, r: Scores, general_ability: float) -> dict[str, Any]:
    """`vintages`, `rows` of R (how many vintages each model was taught), `r` and the `measures`.

    Rows are shown of Day-0, of the models just before and just after each vintage was taught, and of the contender,
    where they were measured; all of R goes into the measures. `general_ability` is TRACE's delta on Day-0's own items;
    NaN becomes None everywhere.
    """
    shown = {0, len(r) - 1} | {vintage.number - less for vintage in past.vintages for less in (0, 1)}
    rows = [row for row in sorted(shown) if not np.isnan(r[row]).all()]
    columns = [vintage.number - 1 for vintage in past.vintages]
    return {
        "vintages": [
            {"number": one.number, "night": one.night, "items": len(one.questions), "of": one.size}
            for one in past.vintages
        ],
        "rows": [{"taught": row, "model": (*past.models, contender)[row]} for row in rows],
        "r": [[told(r[row, column]) for column in columns] for row in rows],
        "measures": {**measures(r), "general_ability_delta": told(general_ability)},
    }


def worst(compared: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Of comparisons by vintage, the one that lost most: its `name`, `effect`, `low`, `high` and `n`; None of none."""
    able = [{"name": name, **found} for name, found in compared.items() if found["effect"] is not None]
    least: dict[str, Any] | None = min(able, key=lambda found: float(found["effect"]), default=None)
    return least and {key: least[key] for key in ("name", "effect", "low", "high", "n")}
