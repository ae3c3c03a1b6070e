"""Text segmentation: Pk, WindowDiff and Boundary Similarity over segment masses.

Masses are the units (sentences, words, seconds) in each segment; N is their sum. The definitions are segeval's 2.0.11
(Fournier 2013): Pk (Beeferman et al. 1999) and WindowDiff (Pevzner & Hearst 2002) are shares of windows that
disagree, low is good; Boundary Similarity B is 1 for the same boundaries, high is good, and symmetric. All 0 to 1.
They are counted from the boundaries alone, so neither N nor the window has a limit (segeval's WindowDiff fails at
windows of 256 units and more).

Where there is little to compare:

| case | Pk | WindowDiff | B |
|---|---|---|---|
| no boundary on either side | 0 | 0 | 1: the same (segeval raises an error) |
| no boundary in the hypothesis | as defined: often a third | as defined | 0 |
| N = 1, so no boundary is possible | 0 | 0 (segeval: −0) | 1 |
| N = 2: no window of 2 units fits | 0, as segeval | None, "not defined" (segeval: 0 by 0) | as defined |
| totals differ | BadInput | BadInput | BadInput |

**Chapters** are segmented by the second (text without times by the word): `masses`. A start one second off is then
the smallest near miss that there is, and `NEAR` says up to where a near miss counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from errata.domain.chapter import Chapters
from errata.errors import BadInput

Masses = Sequence[int]
Positions = NDArray[np.int64]

NEAR = 10
"""`n_t` for chapters: a boundary that is d < 10 s off costs d / 10 of one that is missed."""


@dataclass(frozen=True, slots=True)
class WindowErrors:
    pk: float
    """Share of pairs of units a window apart that one side puts into one segment and the other doesn't."""
    windowdiff: float | None
    """Share of windows in which the two sides have different numbers of boundaries."""


def masses(chapters: Chapters, duration: float) -> list[int]:
    """Whole seconds (or words) in each segment; the sum is `duration`, rounded up, and at least 1.

    Starts are floored; those that fall together, or on the border of the whole, are one boundary, or none.
    """
    total = max(1, ceil(duration))
    inside = {int(chapter.start) for chapter in chapters if 1 <= chapter.start < total}
    places = [0, *sorted(inside), total]
    return [after - before for before, after in pairwise(places)]


def window_size(reference: Masses) -> int:
    """Half the mean mass, rounded half to even, and at least 2."""
    return max(2, round(Fraction(sum(reference), 2 * len(reference))))


def window_errors(reference: Masses, hypothesis: Masses, window: int | None = None) -> WindowErrors:
    """`window` is `window_size(reference)` by default. Raises BadInput where the totals differ."""
    _same_total(reference, hypothesis)
    total, size = sum(reference), window_size(reference) if window is None else window
    windows = max(0, total - size)
    if not windows:
        return WindowErrors(0.0, 0.0 if total == 1 else None)
    ours, theirs = _positions(reference), _positions(hypothesis)
    # The number of boundaries in a window changes only where one enters it or leaves it.
    changes = np.concatenate([[0], ours, theirs, ours - size, theirs - size, [windows]])
    changes = np.sort(changes[(changes >= 0) & (changes <= windows)])
    first, lengths = changes[:-1], changes[1:] - changes[:-1]
    our_counts, their_counts = _within(ours, first, size), _within(theirs, first, size)
    return WindowErrors(
        pk=int(lengths[(our_counts > 0) != (their_counts > 0)].sum()) / windows,
        windowdiff=int(lengths[our_counts != their_counts].sum()) / windows,
    )


def boundary_similarity(reference: Masses, hypothesis: Masses, n_t: int = 2) -> float:
    """1 less the share of boundaries to edit: one that only one side has costs 1, a near miss by d units d / `n_t`.

    Near misses lie less than `n_t` units apart; nearer ones are paired first, then earlier ones, each boundary once.
    Raises BadInput where the totals differ.
    """
    ours, theirs = set(_positions(reference).tolist()), set(_positions(hypothesis).tolist())
    _same_total(reference, hypothesis)
    near = near_misses(ours - theirs, theirs - ours, n_t)
    pairs = len(ours | theirs) - len(near)
    edits = len(ours ^ theirs) - 2 * len(near) + sum(near) / n_t
    return (pairs - edits) / pairs if pairs else 1.0


def near_misses(ours: set[int], theirs: set[int], n_t: int) -> list[int]:
    """The distance of each near miss between boundaries that only one side has."""
    unpaired = ours | theirs
    distances = []
    for distance in range(1, n_t):
        for place in sorted(unpaired):
            other = place + distance
            if place in unpaired and other in unpaired and (place in ours) != (other in ours):
                unpaired -= {place, other}
                distances.append(distance)
    return distances


def _positions(masses: Masses) -> Positions:
    """Units before each boundary."""
    return np.cumsum(np.asarray(masses, dtype=np.int64))[:-1]


def _within(places: Positions, first: Positions, size: int) -> Positions:
    """Boundaries between units `first` and `first` + `size`."""
    return np.searchsorted(places, first + size, side="right") - np.searchsorted(places, first, side="right")


def _same_total(reference: Masses, hypothesis: Masses) -> None:
    if sum(reference) != sum(hypothesis):
        raise BadInput(
            f"the reference has {sum(reference)} units and the hypothesis {sum(hypothesis)}; both must cover the same"
        )
