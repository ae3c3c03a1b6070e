"""The contender against the champion, slice by slice; a slice too small to tell is shown as such, never hidden."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from errata.documents.comparison import Comparison
from errata.documents.draft_effects import LabelSource
from errata.documents.scored_items import ScoredItemRow
from evaluation.report.content import Change
from evaluation.statistics.paired import compare

FEWEST = 20
"""Items below which a slice is not evaluable: the gate's least for a guardrail."""
CHANNELS = 6
SEED = 0

PART_NAMES = {
    "fresh": "Fresh: new to every model, and not accepted",
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
SOURCE_NAMES: dict[LabelSource, str] = {
    "blind": "Without a draft",
    "champion": "From the champion’s draft",
    "another": "From another’s draft",
    "unknown": "Not known from what",
    "reference": "Came with the talk",
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


def slices(
    changes: Sequence[Change], measured: Mapping[str, Comparison], sources: Mapping[LabelSource, Comparison]
) -> dict[str, tuple[Slice, ...]]:
    """`measured` has the gate's own comparisons with the champion, by part and `slice_` length: a bootstrap drawn twice
    would part from them in the last digit. `sources` has those by what labels were made from. Like the gate's, they
    leave accepted items out, but for those by kind."""
    fresh = [change for change in changes if change.new.part == "fresh"]
    deciding = [change for change in fresh if change.new.kind != "accept"]
    by_part = []
    for part, name in PART_NAMES.items():
        alike = deciding if part == "fresh" else [change for change in changes if change.new.part == part]
        by_part.append(_with_interval(_slice(name, alike), measured.get(part)))
    by_length = []
    for length, name in LENGTHS.items():
        alike = [change for change in deciding if change.new.length == length]
        if alike:
            by_length.append(_with_interval(_slice(name, alike), measured.get(f"slice_{length}")))
    by_kind = [
        _slice(name, [change for change in fresh if change.new.kind == kind]) for kind, name in KIND_NAMES.items()
    ]
    by_source = [_row(name, sources[source]) for source, name in SOURCE_NAMES.items() if source in sources]
    return {
        "Part": tuple(by_part),
        "Fresh items that decide, by what their label was made from": tuple(by_source),
        "Fresh items, by length": tuple(by_length),
        "Fresh items, by what the reviewer did": tuple(by_kind),
        "Fresh items, by channel": tuple(_by_channel(deciding)),
    }


def why_not_evaluable(comparison: Comparison) -> str:
    """Empty where its interval tells something."""
    if comparison.n < FEWEST:
        return f"fewer than {FEWEST} items"
    return "all items are of one cluster" if comparison.low is None else ""


def reach(rows: Iterable[Slice]) -> int:
    """How far, in whole points, the drawn intervals must reach to either side of 0."""
    ends = [abs(end) for row in rows for end in (row.low, row.high) if end is not None]
    return math.ceil(max([10.0, *ends]))


@dataclass(frozen=True)
class ReviewerCounts:
    """What one person did to tonight's fresh items."""

    name: str
    edited: int
    """Adjudicated ones included."""
    accepted: int
    """Left as they stood."""


def reviewers(fresh: Sequence[ScoredItemRow]) -> tuple[ReviewerCounts, ...]:
    """The busiest first. `fresh` has a row an item."""
    reviews = Counter(row.reviewer for row in fresh)
    accepted = Counter(row.reviewer for row in fresh if row.kind == "accept")
    order = sorted(reviews, key=lambda name: (-reviews[name], name))
    return tuple(ReviewerCounts(name, reviews[name] - accepted[name], accepted[name]) for name in order)


def _by_channel(changes: Sequence[Change]) -> list[Slice]:
    """The largest channels, then all others together. Inside a channel each item stands for itself."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.new.channel, []).append(change)
    order = sorted(groups, key=lambda name: (not name, -len(groups[name]), name))
    rest = order[CHANNELS:]
    largest = [_slice(name or "No channel known", groups[name], by_item=True) for name in order[:CHANNELS]]
    if not rest:
        return largest
    return [*largest, _slice(f"{len(rest)} other channels", [change for name in rest for change in groups[name]])]


def _with_interval(row: Slice, measured: Comparison | None) -> Slice:
    """With the gate's interval, where it is of the same items."""
    if row.why or measured is None or measured.n != row.n:
        return row
    return replace(row, low=measured.low, high=measured.high)


def _slice(name: str, changes: Sequence[Change], by_item: bool = False) -> Slice:
    new, old = [change.new.f1 for change in changes], [change.old.f1 for change in changes]
    clusters = [str(change.new.transcript) if by_item else change.cluster for change in changes]
    return _row(name, compare(new, old, clusters, SEED))


def _row(name: str, difference: Comparison) -> Slice:
    why = why_not_evaluable(difference)
    return Slice(
        name=name,
        n=difference.n,
        champion=difference.mean_old,
        candidate=difference.mean_new,
        effect=difference.effect,
        low=None if why else difference.low,
        high=None if why else difference.high,
        why=why,
    )
