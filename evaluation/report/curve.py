"""F1 night by night, laid out in the units of an SVG; the template draws it.

Hand-drawn rather than plotted: the page's own colours in light, dark and print, real text, a title on every point, and
a few kilobytes. matplotlib's SVG has fixed colours and text as outlines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from errata.documents.metric_values import ModelMean
from evaluation.report.content import NightLine
from evaluation.report.figures import interval, is_missing, number, plural, short
from evaluation.report.measures import NAMES, models

SERIES = ("day0", "champion", "candidate", "challenger")
LEFT, TOP, BOTTOM, LABELS = 34, 28, 50, 138
WIDEST_STEP, NARROWEST = 110.0, 480.0
LABEL_HEIGHT = 18.0
DATE_WIDTH, LONGEST_LABEL = 84.0, 12


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    low: float | None
    high: float | None
    title: str


@dataclass(frozen=True)
class Series:
    name: str
    points: tuple[Point, ...]
    lines: tuple[str, ...]
    """`points` of polylines; a night without a score is a gap."""


@dataclass(frozen=True)
class Tag:
    """A direct label at the right end."""

    name: str
    text: str
    y: float


@dataclass(frozen=True)
class Curve:
    width: float
    height: float
    right: float
    """Where the plot ends and the labels begin."""
    size: float
    """Of a point; smaller where nights are close."""
    ticks: tuple[tuple[float, str], ...]
    dates: tuple[tuple[float, str], ...]
    promotions: tuple[tuple[float, str], ...]
    series: tuple[Series, ...]
    floor: float | None
    tags: tuple[Tag, ...]
    summary: str


@dataclass(frozen=True)
class _Scale:
    step: float
    low: float
    high: float
    height: float

    def x(self, index: int, shift: float = 0.0) -> float:
        return round(LEFT + self.step * (index + 0.5) + shift * min(6.0, self.step / 4), 1)

    def y(self, value: float | None) -> float | None:
        if value is None or is_missing(value):
            return None
        share = (value - self.low) / (self.high - self.low)
        return round(TOP + (1 - share) * (self.height - TOP - BOTTOM), 1)


def curve(nights: Sequence[NightLine], floor: float | None, width: float, height: float) -> Curve | None:
    """None where no night has a score. `width` is the most that may be taken; a few nights take less."""
    values = [value for night in nights for mean in night.means.values() for value in _drawn_values(mean)]
    if not values:
        return None
    step = min(WIDEST_STEP, (width - LEFT - LABELS) / len(nights))
    plot = max(step * len(nights), min(NARROWEST, width) - LEFT - LABELS)
    low, high = _range([*values, *([] if floor is None else [floor])])
    scale = _Scale(plot / len(nights), low, high, height)
    return Curve(
        width=round(LEFT + plot + LABELS, 1),
        height=height,
        right=LEFT + plot,
        size=round(min(1.0, max(0.4, scale.step / 16)), 2),
        ticks=tuple((scale.y(tick) or 0.0, f"{tick:.0f}") for tick in _ticks(low, high)),
        dates=tuple((scale.x(at), short(nights[at].label, LONGEST_LABEL)) for at in _dates(len(nights), scale.step)),
        promotions=tuple((scale.x(at), night.label) for at, night in enumerate(nights) if night.verdict == "promote"),
        series=tuple(_series(nights, name, shift, scale) for shift, name in enumerate(SERIES, start=-1)),
        floor=scale.y(floor),
        tags=_tags(nights, floor, scale),
        summary=_summary(nights, floor),
    )


def _drawn_values(mean: ModelMean) -> list[float]:
    """What must fit on the axis: F1 and its interval."""
    values = (mean.f1, mean.low, mean.high) if not is_missing(mean.f1) else ()
    return [value for value in values if value is not None and not is_missing(value)]


def _mean(night: NightLine, name: str) -> ModelMean:
    """Of nothing, where nobody of that name was scored."""
    return night.means.get(name, ModelMean())


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = 10.0 * math.floor(min(values) / 10), 10.0 * math.ceil(max(values) / 10)
    return (low, high) if high - low >= 20 else (max(0.0, high - 20), max(high, 20.0))


def _ticks(low: float, high: float) -> list[float]:
    step = 10 if high - low <= 50 else 20
    return [float(tick) for tick in range(int(low), int(high) + 1) if tick % step == 0]


def _dates(nights: int, step: float) -> range:
    """Every so many nights, so that dates don't touch; tonight always."""
    return range(nights - 1, -1, -max(1, math.ceil(DATE_WIDTH / step)))


def _series(nights: Sequence[NightLine], name: str, shift: int, scale: _Scale) -> Series:
    points = [_point(at, night, name, shift, scale) for at, night in enumerate(nights)]
    runs: list[list[str]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(f"{point.x},{point.y}")
    return Series(name, tuple(point for point in points if point), tuple(" ".join(run) for run in runs if len(run) > 1))


def _point(at: int, night: NightLine, name: str, shift: int, scale: _Scale) -> Point | None:
    mean = _mean(night, name)
    y = scale.y(mean.f1)
    if y is None:
        return None
    low, high = scale.y(mean.low), scale.y(mean.high)
    spread = "no interval" if low is None else f"90\u00a0% interval {interval(mean.low, mean.high)}"
    title = f"{night.label}, {NAMES[name]}: F1 {number(mean.f1)}, {spread}, {plural(night.fresh_items, 'item')}"
    return Point(scale.x(at, shift), y, low, high, title)


def _tags(nights: Sequence[NightLine], floor: float | None, scale: _Scale) -> tuple[Tag, ...]:
    """Each series by its last score, moved apart so that no two labels touch."""
    tags = [] if floor is None else [Tag("floor", f"Equal split {number(floor)}", scale.y(floor) or 0.0)]
    for name in SERIES:
        scores = [_mean(night, name).f1 for night in nights if _drawn_values(_mean(night, name))]
        if scores:
            tonight = bool(_drawn_values(_mean(nights[-1], name)))
            text = f"{NAMES[name]} {number(scores[-1])}" if tonight else f"{NAMES[name]}, earlier"
            tags.append(Tag(name, text, scale.y(scores[-1]) or 0.0))
    return _apart(sorted(tags, key=lambda tag: tag.y), scale.height - BOTTOM + LABEL_HEIGHT / 2)


def _apart(tags: Sequence[Tag], limit: float) -> tuple[Tag, ...]:
    """From top to bottom; `limit` is the lowest place that a label may have."""
    places: list[float] = []
    for tag in tags:
        places.append(max(tag.y, places[-1] + LABEL_HEIGHT) if places else tag.y)
    # What was pushed past the limit goes up again, from the last one on.
    for at in reversed(range(len(places))):
        places[at] = min(places[at], limit)
        limit = places[at] - LABEL_HEIGHT
    return tuple(replace(tag, y=y) for tag, y in zip(tags, places, strict=True))


def _summary(nights: Sequence[NightLine], floor: float | None) -> str:
    """The drawing in words, for those who don't see it."""
    last = nights[-1]
    means = [f"{NAMES[name]} {number(_mean(last, name).f1)}" for name in models(last.means)]
    promoted = [night.label for night in nights if night.verdict == "promote"]
    return (
        f"{plural(len(nights), 'night')}. On the last, {last.label}: {', '.join(means)}; "
        f"equal split {number(floor)}. Promotions: {', '.join(promoted) or 'none'}. The table below has every number."
    )
