"""Which borders of an answer are right: each near to one of the right ones, one to one."""

from __future__ import annotations

from errata.domain.chapter import Chapters
from errata.domain.transcript import Unit

NEAR = 5.0
"""Seconds within which a border counts as the same; in words it must be the same."""


def near(unit: Unit | None) -> float:
    return 0.0 if unit == "words" else NEAR


def near_borders(reference: Chapters, answer: Chapters, within: float) -> dict[float, float]:
    """By start of an answer's border, the start of the right one that it is near to: the nearest pairs first, none
    twice. Equal starts are always near, others where they are less than `within` apart."""
    free_right, free = {chapter.start for chapter in reference}, {chapter.start for chapter in answer}
    pairs: dict[float, float] = {}
    for gap, right, start in sorted((abs(start - right), right, start) for right in free_right for start in free):
        if (gap == 0 or gap < within) and right in free_right and start in free:
            free_right.remove(right)
            free.remove(start)
            pairs[start] = right
    return pairs


def shared_borders(one: Chapters, other: Chapters, unit: Unit) -> float:
    """Borders that both have, of all that either has; of two that have none, 1."""
    both = len(near_borders(one, other, near(unit)))
    every = len({chapter.start for chapter in one}) + len({chapter.start for chapter in other}) - both
    return both / every if every else 1.0


def unshared_borders(one: Chapters, other: Chapters, unit: Unit) -> int:
    """Borders that only one of the two has."""
    return len(one) + len(other) - 2 * len(near_borders(one, other, near(unit)))
