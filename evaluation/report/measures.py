"""Boundaries and titles apart: each metric for each model on tonight's fresh items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluation.report.figures import is_missing

NAMES = {"day0": "Day-0", "champion": "Champion", "candidate": "Candidate", "challenger": "Challenger"}
GROUPS: dict[str, dict[str, str]] = {
    "Boundaries": {
        "f1": "F1, %",
        "precision": "Precision, %",
        "recall": "Recall, %",
        "tiou": "tIoU of matched chapters, %",
        "precision_3s": "Precision within 3\u00a0s, %",
        "recall_3s": "Recall within 3\u00a0s, %",
        "precision_5s": "Precision within 5\u00a0s, %",
        "recall_5s": "Recall within 5\u00a0s, %",
        "precision_10s": "Precision within 10\u00a0s, %",
        "recall_10s": "Recall within 10\u00a0s, %",
        "count_error": "Error in the number of chapters (less is better)",
    },
    "Titles, where a chapter was found": {
        "title_exact": "Exactly the same, %",
        "title_caseless": "The same but for case, %",
        "title_f1": "Token F1, %",
    },
}


@dataclass(frozen=True)
class Measure:
    title: str
    values: tuple[float | None, ...]
    """In the order of `models`."""
    best: tuple[bool, ...]


def models(means: dict[str, dict[str, Any]]) -> list[str]:
    """The columns; a candidate has one even on a night without, so that its absence is seen."""
    return [name for name in NAMES if name in means or name != "challenger"]


def measures(means: dict[str, dict[str, Any]]) -> dict[str, list[Measure]]:
    names = models(means)
    return {
        group: [_measure(title, key, [means.get(name, {}).get(key) for name in names]) for key, title in rows.items()]
        for group, rows in GROUPS.items()
    }


def _measure(title: str, key: str, values: list[float | None]) -> Measure:
    """Values that read the same are equally good; where all do, none is marked."""
    read = [None if value is None or is_missing(value) else round(value, 1) for value in values]
    known = [value for value in read if value is not None]
    best = (min if key == "count_error" else max)(known, default=None)
    told_apart = len(set(known)) > 1
    return Measure(title, tuple(values), tuple(told_apart and value == best for value in read))
