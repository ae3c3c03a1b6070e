"""What is tied together, directly or by others: the parts that have nothing in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence


def tied_parts(ties: Sequence[Collection[Hashable]]) -> list[list[int]]:
    """Places in `ties`, those that share one, or are joined by others that do, in one ascending list; the lists in the
    order of their first places."""
    holders = defaultdict[Hashable, list[int]](list)
    for place, tied_by in enumerate(ties):
        for tie in tied_by:
            holders[tie].append(place)
    parts: list[list[int]] = []
    seen = set[int]()
    for place in range(len(ties)):
        if place not in seen:
            part, ends = {place}, [place]
            while ends:
                reached = {other for tie in ties[ends.pop()] for other in holders.pop(tie, ())} - part
                part |= reached
                ends += reached
            seen |= part
            parts.append(sorted(part))
    return parts
