"""Training's loss step by step, laid out in the units of an SVG; the template draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from evaluation.report.curve import LEFT, TOP
from evaluation.report.figures import count, is_missing

RIGHT, BELOW = 12, 26
POINTS = 200
"""At most: of more steps, each point is the mean of several."""
SMOOTH = 20
"""The thick line is the mean of the last twentieth of the run."""
TICKS = 5
SIZES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)

Value = float | None
"""None where a step's loss is no finite number: a gap."""


@dataclass(frozen=True)
class LossCurve:
    width: float
    height: float
    ticks: tuple[tuple[float, str], ...]
    steps: tuple[tuple[float, str, str], ...]
    """Place, text, and where the text is anchored."""
    raw: tuple[str, ...]
    """`points` of polylines."""
    smooth: tuple[str, ...]
    summary: str


@dataclass(frozen=True)
class _LossScale:
    width: float
    height: float
    points: int
    tick: float
    levels: int

    @classmethod
    def of(cls, values: Sequence[float], points: int, width: float, height: float) -> _LossScale:
        top = max(*values, SIZES[0])
        tick = next((size for size in SIZES if top / size <= TICKS), top / TICKS)
        return cls(width - LEFT - RIGHT, height - TOP - BELOW, points, tick, math.ceil(top / tick - 1e-9))

    def x(self, place: int) -> float:
        return round(LEFT + self.width * place / max(1, self.points - 1), 1)

    def y(self, value: float) -> float:
        return round(TOP + self.height * (1 - max(0.0, value) / (self.tick * self.levels)), 1)

    def lines(self, values: Sequence[Value]) -> tuple[str, ...]:
        places = [(place, value) for place, value in enumerate(values)]
        runs = (list(run) for gap, run in groupby(places, lambda point: point[1] is None) if not gap)
        return tuple(" ".join(f"{self.x(place)},{self.y(value or 0.0)}" for place, value in run) for run in runs)


def loss_curve(loss: Sequence[Value], width: float, height: float) -> LossCurve | None:
    """None of fewer than two finite losses."""
    values = [None if is_missing(value) else value for value in loss]
    finite = [value for value in values if value is not None]
    if len(finite) < 2:
        return None
    thin = bin_means(values)
    scale = _LossScale.of([value for value in thin if value is not None], len(thin), width, height)
    levels = [scale.tick * level for level in range(scale.levels + 1)]
    return LossCurve(
        width=width,
        height=height,
        ticks=tuple((scale.y(level), f"{level:.3g}") for level in levels),
        steps=((LEFT, "step 1", "start"), (width - RIGHT, f"step {count(len(values))}", "end")),
        raw=scale.lines(thin),
        smooth=scale.lines(trailing_means(thin, max(1, len(thin) // SMOOTH))),
        summary=_summary(finite, len(values)),
    )


def bin_means(values: Sequence[Value]) -> list[Value]:
    """At most `POINTS` means of equally many consecutive values."""
    size = max(1, math.ceil(len(values) / POINTS))
    return [_mean(values[begin : begin + size]) for begin in range(0, len(values), size)]


def trailing_means(values: Sequence[Value], window: int) -> list[Value]:
    """The mean of the `window` values, or fewer, that end at each place."""
    return [_mean(values[max(0, place - window + 1) : place + 1]) for place in range(len(values))]


def _mean(values: Sequence[Value]) -> Value:
    finite = [value for value in values if value is not None]
    return math.fsum(finite) / len(finite) if finite else None


def _summary(finite: Sequence[float], steps: int) -> str:
    window = max(1, len(finite) // SMOOTH)
    begun, ended = (math.fsum(part) / window for part in (finite[:window], finite[-window:]))
    over = "in the mean of the first and of the last twentieth" if window > 1 else "at the first and at the last"
    return f"{count(steps)} steps; loss {begun:.2f} and {ended:.2f}, {over}."
