"""Long transcripts, a window at a time: where each begins and ends, the same for training and serving.

A window's edge is not a chapter's border. The next window begins at the chapter that was still open when this one
ended, so that it is read whole; where that chapter began too early for this to get anywhere, it begins in the middle of
it (a seam), with the last quarter of this window read again for context.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from errata.tasks.view import Opening


@dataclass(frozen=True, slots=True)
class Window:
    first: int
    last: int
    """One past its last line."""
    opening: Opening
    fresh: int
    """The first line that no earlier window has decided."""


def first_window(costs: Sequence[int], budget: int) -> Window:
    """`costs` are tokens a line, `budget` tokens a window; a line dearer than the budget gets a window to itself."""
    return Window(0, _fill(costs, 0, budget), "unknown", 0)


def next_window(window: Window, borders: Collection[int], costs: Sequence[int], budget: int) -> Window | None:
    """The window after this one, given the lines in it that begin a chapter; None after the last."""
    if window.last == len(costs):
        return None
    # A chapter that began in the first quarter would have nearly all of this window read again, for little that is new.
    quarter = (window.last - window.first) // 4
    reachable = [border for border in borders if window.first + quarter < border < window.last]
    if reachable:
        first = max(reachable)
        return Window(first, _fill(costs, first, budget), "chapter", first)
    first = max(window.last - max(quarter, 1), window.first + 1)
    last = max(_fill(costs, first, budget), window.last + 1)
    # After a window of one line nothing can be read again: then its first line is still to be decided.
    return Window(first, last, "seam" if first < window.last else "unknown", window.last)


def _fill(costs: Sequence[int], first: int, budget: int) -> int:
    last, spent = first, 0
    while last < len(costs) and (last == first or spent + costs[last] <= budget):
        spent += costs[last]
        last += 1
    return last
