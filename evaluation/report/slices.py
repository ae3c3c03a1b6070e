"""The contender against the champion, slice by slice; a slice too small to tell is shown as such, never hidden."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluation.report.content import PARTS, Change, Row
from evaluation.statistics import compare

FEWEST = 20
"""Items below which a slice is not evaluable: the gate's least for a guardrail."""
CHANNELS = 6
SEED = 0

PART_NAMES = {
    "fresh": "Fresh: new to every model",
    "anchor": "Anchor: held out, corrected by people",
    "retention": "Retention: held out, unchanged since Day-0",
}
LENGTHS = {
    "short": "Talks below 15 minutes",
    "medium": "Talks of 15 to 30 minutes",
    "long": "Talks of 30 to 60 minutes",
    "longer": "Talks above an hour",
    "untimed": "Text without times",
}
KIND_NAMES = {"edit": "Edited by the reviewer", "accept": "Accepted as it stood", "adjudicate": "Adjudicated"}


@dataclass(frozen=True)
class Slice:
    name: str
    n: int
    champion: float | None
    candidate: float | None
    effect: float | None
    low: float | None
    high: float | None
    why: str
    """Why there is no interval; empty where there is one."""


def slices(changes: Sequence[Change], measured: Mapping[str, dict[str, Any]]) -> dict[str, list[Slice]]:
    """`measured` has the gate's own comparisons with the champion, by part and `slice_` length: a bootstrap drawn twice
    would part from them in the last digit."""
    fresh = [change for change in changes if change.new["part"] == "fresh"]
    return {
        "Part": [
            _measured(PART_NAMES[part], [c for c in changes if c.new["part"] == part], measured.get(part, {}))
            for part in PARTS
        ],
        "Fresh items, by length": [
            _measured(title, found, measured.get(f"slice_{length}", {}))
            for length, title in LENGTHS.items()
            if (found := [c for c in fresh if c.new.get("length") == length])
        ],
        "Fresh items, by what the reviewer did": [
            _slice(title, [c for c in fresh if c.new["kind"] == kind]) for kind, title in KIND_NAMES.items()
        ],
        "Fresh items, by channel": _by_channel(fresh),
    }


def reach(found: Iterable[Slice]) -> int:
    """How far, in whole points, the drawn intervals must reach to either side of 0."""
    return math.ceil(max([10.0, *(abs(end) for row in found for end in (row.low, row.high) if end is not None)]))


@dataclass(frozen=True)
class ReviewerCounts:
    """What one person did to tonight's fresh items."""

    name: str
    edited: int
    """Adjudicated ones included."""
    accepted: int
    """Left as they stood."""


def reviewers(fresh: Sequence[Row]) -> list[ReviewerCounts]:
    """The busiest first. `fresh` has a row an item."""
    done = Counter((row["reviewer"], row["kind"] == "accept") for row in fresh)
    names = Counter(row["reviewer"] for row in fresh)
    order = sorted(names, key=lambda name: (-names[name], name))
    return [ReviewerCounts(name, done[name, False], done[name, True]) for name in order]


def _by_channel(fresh: Sequence[Change]) -> list[Slice]:
    """The largest channels, then all others together. Inside a channel each item stands for itself."""
    groups: dict[str, list[Change]] = {}
    for change in fresh:
        groups.setdefault(change.new["channel"] or "", []).append(change)
    order = sorted(groups, key=lambda name: (not name, -len(groups[name]), name))
    rest = order[CHANNELS:]
    shown = [_slice(name or "No channel known", groups[name], by_item=True) for name in order[:CHANNELS]]
    if not rest:
        return shown
    return [*shown, _slice(f"{len(rest)} other channels", [change for name in rest for change in groups[name]])]


def _measured(name: str, changes: Sequence[Change], measured: dict[str, Any]) -> Slice:
    found = _slice(name, changes)
    if found.why or measured.get("n") != found.n:
        return found
    return replace(found, low=measured["low"], high=measured["high"])


def _slice(name: str, changes: Sequence[Change], by_item: bool = False) -> Slice:
    new, old = [float(change.new["f1"]) for change in changes], [float(change.old["f1"]) for change in changes]
    clusters = [str(change.new["transcript"]) if by_item else change.cluster for change in changes]
    found = compare(new, old, clusters, SEED)
    why = ""
    if found.n < FEWEST:
        why = f"not evaluable: fewer than {FEWEST} items"
    elif found.low is None:
        why = "not evaluable: all items are of one cluster"
    low, high = (None, None) if why else (found.low, found.high)
    return Slice(name, found.n, found.mean_old, found.mean_new, found.effect, low, high, why)
