"""What the contender kept of what earlier nights taught: the `continual` part of its entry in `evaluation.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.evaluation import ContenderScores, ContinualScores, TaughtNight, VintageModel
from evaluation.report.figures import known
from evaluation.report.slices import why_not_evaluable

SHADES = 5
MEASURES = {
    "gem_acc": ("ACC", "mean F1 on all vintages, by the model as it is now (GEM’s average accuracy)"),
    "gem_bwt": ("BWT", "backward transfer: now minus when just taught; negative is forgetting (GEM)"),
    "gem_fwt": ("FWT", "forward transfer: just before being taught, minus Day-0 (GEM)"),
    "chaudhry_forgetting": ("Forgetting", "best ever minus now; positive was forgotten (Chaudhry et al.)"),
    "avalanche_forgetting": ("Forgetting since taught", "when just taught minus now; positive: forgotten (Avalanche)"),
    "general_ability_delta": ("General ability", "retention items, now minus Day-0 (TRACE’s delta)"),
}
"""Name and meaning; `evaluation.continual` has each paper's formula."""


@dataclass(frozen=True)
class HeatCell:
    score: float | None
    """F1; None where it wasn't measured."""
    taught: bool
    """Whether this model had been trained on that vintage."""
    shade: int
    """0 to SHADES − 1, from the lowest score of the table to the highest."""


@dataclass(frozen=True)
class Heat:
    """A row of R: one model on every vintage."""

    name: str
    model: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class VintageRow:
    night: str
    items: int
    of: int
    """How many fresh items that night had, of which `items` are a sample."""
    effect: float | None
    """Points of F1, contender minus champion."""
    low: float | None
    high: float | None
    why: str
    """Why there is no interval; empty where there is one."""


@dataclass(frozen=True)
class ContinualMeasure:
    key: str
    name: str
    meaning: str
    value: float | None


@dataclass(frozen=True)
class Continual:
    measures: tuple[ContinualMeasure, ...]
    heat: tuple[Heat, ...]
    vintages: tuple[VintageRow, ...]
    together: VintageRow | None
    """All of them at once: the guardrail `forgetting`."""


def continual(scores: ContenderScores | None, learnt: Mapping[str, frozenset[str]] | None = None) -> Continual | None:
    """Of one contender; None where nothing had been taught before tonight, or nobody measured it.

    `learnt` is `Report.learnt`. Of a model that it lacks, what had been taught by then is taken to be taught to it.
    """
    measured = scores.continual if scores else None
    if scores is None or measured is None or not measured.vintages:
        return None
    compared, nights = scores.more_guardrails, measured.vintages
    vintages = [
        _vintage(night.night, night.items, night.of, compared.get(f"vintage_{night.night}", NOTHING))
        for night in nights
    ]
    together = None
    if "forgetting" in compared:
        items, of = sum(night.items for night in nights), sum(night.of for night in nights)
        together = _vintage("All together", items, of, compared["forgetting"])
    return Continual(
        measures=tuple(
            ContinualMeasure(key, name, meaning, known(measured.measures[key]))
            for key, (name, meaning) in MEASURES.items()
            if key in measured.measures
        ),
        heat=_heat(measured, scores.name, learnt or {}),
        vintages=tuple(vintages),
        together=together,
    )


def _heat(measured: ContinualScores, contender: str, learnt: Mapping[str, frozenset[str]]) -> tuple[Heat, ...]:
    scores = [score for row in measured.r for score in row if score is not None]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    rows = []
    for model, scored in zip(measured.rows, measured.r, strict=True):
        cells = []
        for score, night in zip(scored, measured.vintages, strict=True):
            cells.append(HeatCell(score, _is_taught(model, night, learnt), _shade(score, low, high)))
        last = model is measured.rows[-1]
        rows.append(Heat(_row_name(model.taught, contender if last else ""), model.model, tuple(cells)))
    return tuple(rows)


def _is_taught(model: VintageModel, night: TaughtNight, learnt: Mapping[str, frozenset[str]]) -> bool:
    """A model stays in force on a night that promotes nobody, and one that waited was trained on less than tonight's:
    neither has been taught all that the loop has by then."""
    nights = learnt.get(model.model)
    return night.number <= model.taught if nights is None else night.night in nights


def _row_name(taught: int, contender: str) -> str:
    if contender:
        return f"Tonight’s {contender}"
    return f"After vintage {taught}" if taught else "Day-0"


def _shade(score: float | None, low: float, high: float) -> int:
    if score is None or high <= low:
        return 0
    return min(SHADES - 1, int(SHADES * (score - low) / (high - low)))


def _vintage(night: str, items: int, of: int, compared: Comparison) -> VintageRow:
    why = why_not_evaluable(compared)
    low, high = (None, None) if why else (compared.low, compared.high)
    return VintageRow(night, items, of, compared.effect, low, high, why)


def worst_vintage_row(vintages: Sequence[VintageRow]) -> VintageRow | None:
    """The one on which most was lost against the champion; None where none was compared."""
    compared = [row for row in vintages if row.effect is not None]
    return min(compared, key=lambda row: row.effect or 0.0, default=None)
