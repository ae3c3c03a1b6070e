"""Counts day by day as bars, laid out in the units of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from errata.operations.queue_health import ReviewDay

WIDTH, HEIGHT, LABELS = 320.0, 96.0, 18.0


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class BarChart:
    width: float
    height: float
    floor: float
    bars: Sequence[Bar]
    first: str
    last: str


def bar_chart(days: Sequence[ReviewDay]) -> BarChart | None:
    """None where nothing came on any day."""
    most = max((day.reviews for day in days), default=0)
    if not most:
        return None
    step, floor = WIDTH / len(days), HEIGHT - LABELS
    bars = []
    for place, day in enumerate(days):
        height = round((floor - 4) * day.reviews / most, 1)
        title = f"{day.day.isoformat()}: {day.reviews}"
        bars.append(Bar(round(place * step + 2, 1), round(floor - height, 1), round(step - 4, 1), height, title))
    return BarChart(WIDTH, HEIGHT, floor, bars, days[0].day.isoformat(), days[-1].day.isoformat())
