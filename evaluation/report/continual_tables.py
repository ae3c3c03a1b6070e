"""What the contender kept of what earlier nights taught: the `continual` part of its entry in `evaluation.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.report.figures import is_missing, known
from evaluation.report.slices import FEWEST

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


def continual(contest: dict[str, Any], learnt: Mapping[str, frozenset[str]] | None = None) -> Continual | None:
    """Of one contender; None where nothing had been taught before tonight, or nobody measured it.

    `learnt` is `Report.learnt`. Of a model that it lacks, what had been taught by then is taken to be taught to it.
    """
    found = contest.get("continual") or {}
    if not found.get("vintages"):
        return None
    compared = contest.get("more_guardrails", {})
    return Continual(
        measures=tuple(
            ContinualMeasure(key, name, meaning, known(found["measures"].get(key)))
            for key, (name, meaning) in MEASURES.items()
            if key in found["measures"]
        ),
        heat=_heat(found, contest["name"], learnt or {}),
        vintages=tuple(_vintage(one, compared.get(f"vintage_{one['night']}", {})) for one in found["vintages"]),
        together=_together(found["vintages"], compared.get("forgetting")),
    )


def _heat(found: dict[str, Any], contender: str, learnt: Mapping[str, frozenset[str]]) -> tuple[Heat, ...]:
    measured = [score for row in found["r"] for score in row if not is_missing(score)]
    low, high = min(measured, default=0.0), max(measured, default=0.0)
    last = len(found["rows"]) - 1
    return tuple(
        Heat(
            name=_row_name(row["taught"], contender if place == last else ""),
            model=row["model"],
            cells=tuple(
                HeatCell(known(score), _is_taught(row, vintage, learnt), _shade(score, low, high))
                for score, vintage in zip(scores, found["vintages"], strict=True)
            ),
        )
        for place, (row, scores) in enumerate(zip(found["rows"], found["r"], strict=True))
    )


def _is_taught(row: dict[str, Any], vintage: dict[str, Any], learnt: Mapping[str, frozenset[str]]) -> bool:
    """A model stays in force on a night that promotes nobody, and one that waited was trained on less than tonight's:
    neither has been taught all that the loop has by then."""
    known_of = learnt.get(row["model"])
    return vintage["number"] <= row["taught"] if known_of is None else vintage["night"] in known_of


def _row_name(taught: int, contender: str) -> str:
    if contender:
        return f"Tonight’s {contender}"
    return f"After vintage {taught}" if taught else "Day-0"


def _shade(score: float | None, low: float, high: float) -> int:
    if score is None or is_missing(score) or high <= low:
        return 0
    return min(SHADES - 1, int(SHADES * (score - low) / (high - low)))


def _vintage(one: dict[str, Any], compared: dict[str, Any]) -> VintageRow:
    low, high = known(compared.get("low")), known(compared.get("high"))
    n = compared.get("n", 0)
    why = f"fewer than {FEWEST} items" if n < FEWEST else "" if low is not None else "all items are of one cluster"
    if why:
        low = high = None
    return VintageRow(one["night"], one["items"], one["of"], known(compared.get("effect")), low, high, why)


def _together(vintages: Sequence[dict[str, Any]], compared: dict[str, Any] | None) -> VintageRow | None:
    if compared is None:
        return None
    items, of = (sum(one[key] for one in vintages) for key in ("items", "of"))
    return _vintage({"night": "All together", "items": items, "of": of}, compared)


def worst(vintages: Sequence[VintageRow]) -> VintageRow | None:
    """The one on which most was lost against the champion; None where none was compared."""
    return min((one for one in vintages if one.effect is not None), key=lambda one: one.effect or 0.0, default=None)
