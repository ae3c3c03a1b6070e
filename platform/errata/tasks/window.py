"""Long transcripts, a window at a time: where each begins and ends, the same for training and serving.

A window's edge is not a chapter's border. The next window begins at the chapter that was still open when this one
ended, so that it is read whole; where that chapter began too early for this to get anywhere, it begins in the middle of
it (a seam), with the last quarter of this window read again for context.

A window ends when it is full; or, where a plan knows what the lines say, before the line of its last quarter at which
the topic changes most, so that a seam cuts through as little as possible.
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


@dataclass(frozen=True, slots=True)
class WindowPlan:
    costs: Sequence[int]
    """Tokens of each line."""
    budget: int
    """Tokens of a window; a line dearer than that gets one to itself."""
    texts: Sequence[str] = ()
    """What the lines say, where windows end at a shift of topic; else empty."""

    def first(self) -> Window:
        return Window(0, self._end(0, 0), "unknown", 0)

    def after(self, window: Window, borders: Collection[int]) -> Window | None:
        """The next one, given the lines in `window` that begin a chapter; None after the last."""
        if window.last == len(self.costs):
            return None
        # A chapter that began in the first quarter would have nearly all of this window read again, for little new.
        quarter = (window.last - window.first) // 4
        reachable = [border for border in borders if window.first + quarter < border < window.last]
        if reachable:
            first = max(reachable)
            return Window(first, self._end(first, window.last), "chapter", first)
        first = max(window.last - max(quarter, 1), window.first + 1)
        last = max(self._end(first, window.last), window.last + 1)
        # After a window of one line nothing can be read again: then its first line is still to be decided.
        return Window(first, last, "seam" if first < window.last else "unknown", window.last)

    def _end(self, first: int, read: int) -> int:
        """Of a window that begins with the line `first`, where those before `read` have been in one already."""
        full = self._full(first)
        earliest = max(full - (full - first) // 4, read + 1)
        if not self.texts or full == len(self.costs) or earliest >= full:
            return full
        from errata.tasks.topic_shift import deepest_valley  # numpy, which few plans need

        return deepest_valley(self.texts, earliest, full)

    def _full(self, first: int) -> int:
        last, spent = first, 0
        while last < len(self.costs) and (last == first or spent + self.costs[last] <= self.budget):
            spent += self.costs[last]
            last += 1
        return last
