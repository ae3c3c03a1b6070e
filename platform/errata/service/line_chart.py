"""Lines over places, such as nights, laid out in the units of an SVG; a template draws it, without a style or a script
of its own.

A series is told by its marker and its label, not by its colour alone; a table beside the chart has every number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

LEFT, TOP, BOTTOM = 40.0, 16.0, 34.0
LABEL_TAGS = 150.0
"""Of a width, what the names of lines take at their right ends."""
LABEL_HEIGHT = 18.0
LABEL_WIDTH = 78.0
"""Of a night's name below the axis; with more nights than fit, every so many have theirs."""
LEAST_SPAN = 20.0
ROOM, LEAST_SIZE = 16.0, 0.3
"""Units that a marker of full size takes of a line, and what is left of one where a year of nights is drawn."""
TICKS = (1, 2, 5, 10, 20, 25, 50)
"""And a hundred times these, and so on."""


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """How values are placed and written."""

    form: str = ".1f"
    """Of the value beside its line's name."""
    logarithmic: bool = False
    """Equal ratios are equally far apart; every value is above 0."""


@dataclass(frozen=True, slots=True)
class ChartValue:
    value: float
    low: float | None
    high: float | None
    title: str
    """What a pointer is told of it."""


@dataclass(frozen=True, slots=True)
class ChartLine:
    key: str
    """By which the stylesheet and the markers know it."""
    name: str
    values: Sequence[ChartValue | None]
    """One for each place on the axis; None is a gap."""


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    x: float
    y: float
    low: float | None
    high: float | None
    title: str


@dataclass(frozen=True, slots=True)
class DrawnLine:
    key: str
    points: Sequence[DrawnPoint]
    runs: Sequence[str]
    """`points` of polylines; gaps part them."""


@dataclass(frozen=True, slots=True)
class LineTag:
    """A line's name at its right end."""

    key: str
    text: str
    y: float


@dataclass(frozen=True, slots=True)
class LineChart:
    width: float
    height: float
    right: float
    """Where the plot ends and the tags begin."""
    size: float
    """Of a marker, 1 where places are far apart."""
    ticks: Sequence[tuple[float, str]]
    places: Sequence[tuple[float, str]]
    marks: Sequence[tuple[float, str]]
    """Of places at which something happened, with their names."""
    lines: Sequence[DrawnLine]
    tags: Sequence[LineTag]


@dataclass(frozen=True, slots=True)
class _Axes:
    step: float
    low: float
    high: float
    height: float
    value: ValueAxis

    def x(self, place: int) -> float:
        return round(LEFT + self.step * (place + 0.5), 1)

    def y(self, value: float) -> float:
        if self.value.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(TOP + (1 - share) * (self.height - TOP - BOTTOM), 1)


def line_chart(
    lines: Sequence[ChartLine],
    places: Sequence[str],
    marked: Sequence[int],
    width: float,
    tags: float,
    value_axis: ValueAxis = ValueAxis(),
) -> LineChart | None:
    """None where nothing has a value. `marked` are numbers of places, `tags` of the width are for the lines' names; 0
    leaves them out."""
    numbers = [number for line in lines for value in line.values if value for number in _extent(value)]
    if not numbers:
        return None
    height = 300.0
    ticks = (_powers if value_axis.logarithmic else _even_ticks)(min(numbers), max(numbers))
    axes = _Axes((width - LEFT - tags) / len(places), ticks[0], ticks[-1], height, value_axis)
    every = math.ceil(LABEL_WIDTH / axes.step)
    labelled = range(len(places) - 1, -1, -every)  # the last always
    return LineChart(
        width=width,
        height=height,
        right=width - tags,
        size=round(min(1.0, max(LEAST_SIZE, axes.step / ROOM)), 2),
        ticks=[(axes.y(value), _brief(value)) for value in ticks],
        places=[(axes.x(place), places[place]) for place in reversed(labelled)],
        marks=[(axes.x(place), places[place]) for place in marked],
        lines=[_drawn(line, axes) for line in lines],
        tags=_tags(lines, axes) if tags else (),
    )


def _extent(value: ChartValue) -> list[float]:
    return [number for number in (value.value, value.low, value.high) if number is not None]


def _even_ticks(least: float, most: float) -> list[float]:
    """From one end of the axis to the other: at most about six, on round numbers."""
    if most - least < LEAST_SPAN:
        middle = (most + least) / 2
        least, most = max(0.0, middle - LEAST_SPAN / 2), middle + LEAST_SPAN / 2
    sizes = (tick * 100.0**power for power in count() for tick in TICKS)
    tick = next(size for size in sizes if (most - least) / size <= 6)
    first, last = math.floor(least / tick), math.ceil(most / tick)
    return [tick * number for number in range(first, last + 1)]


def _powers(least: float, most: float) -> list[float]:
    """Of ten: from one that is no more than all values to one that is no less."""
    first = math.floor(math.log10(least))
    last = max(first + 1, math.ceil(math.log10(most)))
    return [10.0**power for power in range(first, last + 1)]


def _brief(value: float) -> str:
    """No wider than the room beside the axis."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}"


def _drawn(line: ChartLine, axes: _Axes) -> DrawnLine:
    points: list[DrawnPoint] = []
    runs: list[list[str]] = [[]]
    for place, value in enumerate(line.values):
        if value is None:
            runs.append([])
            continue
        low, high = (None if each is None else axes.y(each) for each in (value.low, value.high))
        point = DrawnPoint(axes.x(place), axes.y(value.value), low, high, value.title)
        points.append(point)
        runs[-1].append(f"{point.x},{point.y}")
    return DrawnLine(line.key, points, [" ".join(run) for run in runs if len(run) > 1])


def _tags(lines: Sequence[ChartLine], axes: _Axes) -> list[LineTag]:
    """Each by its last value, moved apart so that no two touch."""
    tags = []
    for line in lines:
        values = [value for value in line.values if value]
        if values:
            tags.append(
                LineTag(line.key, f"{line.name} {values[-1].value:{axes.value.form}}", axes.y(values[-1].value))
            )
    return _apart(sorted(tags, key=lambda tag: tag.y), axes.height - BOTTOM)


def _apart(tags: Sequence[LineTag], limit: float) -> list[LineTag]:
    places: list[float] = []
    for tag in tags:
        places.append(max(tag.y, places[-1] + LABEL_HEIGHT) if places else tag.y)
    for at in reversed(range(len(places))):  # what was pushed past the limit goes up again
        places[at] = min(places[at], limit)
        limit = places[at] - LABEL_HEIGHT
    return [replace(tag, y=y) for tag, y in zip(tags, places, strict=True)]
