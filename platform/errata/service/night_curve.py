"""The Day-0 → Day-N curve as the dashboard draws it: F1 on each night's fresh items, by what a model was that night."""

from __future__ import annotations

from collections.abc import Sequence

from errata.database.nights import NightMeans
from errata.documents.metric_values import ModelMean
from errata.service.line_chart import ChartLine, ChartValue

CURVE_NAMES = {"day0": "Day-0", "champion": "Champion", "candidate": "Candidate", "challenger": "Challenger"}
"""What they are called, in the order of the table's columns."""
_FLOOR = "floor"


def curve_lines(nights: Sequence[NightMeans]) -> list[ChartLine]:
    """Those that were scored on any night; and what equal chapters would score."""
    lines = [
        ChartLine(key, name, [_value(night, name, night.means.get(key)) for night in nights])
        for key, name in CURVE_NAMES.items()
    ]
    floor = ChartLine(_FLOOR, "Equal split", [_floor(night) for night in nights])
    return [line for line in (*lines, floor) if any(line.values)]


def _value(night: NightMeans, name: str, mean: ModelMean | None) -> ChartValue | None:
    if mean is None or mean.f1 is None:
        return None
    spread = "" if mean.low is None or mean.high is None else f", 90 % interval {mean.low:.1f} to {mean.high:.1f}"
    return ChartValue(mean.f1, mean.low, mean.high, f"{night.label}, {name}: F1 {mean.f1:.1f}{spread}")


def _floor(night: NightMeans) -> ChartValue | None:
    value = night.equal_split_f1
    return None if value is None else ChartValue(value, None, None, f"{night.label}, equal split: F1 {value:.1f}")
