"""How much of a text another one says in step with it, from places that the two have in common.

What both say in the same order lies near one line when its places in the one are drawn over those in the other, as in a
dot plot of two genomes, or the offsets of an audio fingerprint (Wang, An industrial-strength audio search algorithm,
2003). What two different texts share by chance is scattered over the plane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

LEAST = 5
"""Shingles without a word in common that must be in step in a stretch: fewer are together by chance too often, and two
or three turns of phrase have many that overlap."""
DRIFT = 0.15
"""By how much of their distance two places that are in step may lie further apart in one text: a recogniser, or who
writes its words up, loses words and adds some."""
SLACK = 6
"""The same in words, for places near each other."""
GAP = 24
"""Comparable places in a row which the other text lacks, at which a stretch ends. Between them is what only one of the
two says: two talks that begin and end with the same sponsor have two short stretches, and not one long one. Where 25 %
of the words are misheard, so long a gap comes after one place in 600; where 40 % are, after one in seven."""


def aligned_words(here: Places, there: Places, comparable: Places, shingle: int) -> float:
    """Estimated number of words in the stretches of a text that another one says in step with it.

    `here` are the places, in words, of the shingles that both have, `there` those of the same in the other text, and
    `comparable` the places of all that were looked for, rising; `shingle` is how many words one has. Where too little
    is in step, it is 0.
    """
    total = 0.0
    while len(here) >= LEAST:
        in_step = _most_in_step(here, there)
        if in_step.sum() < LEAST:
            break
        stretches = _stretches(here[in_step], comparable)
        total += sum(_extent(stretch) for stretch in stretches if _count_apart(stretch, shingle) >= LEAST)
        here, there = here[~in_step], there[~in_step]
    return total


def _most_in_step(here: Places, there: Places) -> NDArray[np.bool_]:
    """Of the sets of places that are in step with one of them, the largest."""
    import numpy as np

    apart_here = here[:, None] - here
    apart_there = there[:, None] - there
    tolerance = SLACK + DRIFT * np.minimum(np.abs(apart_here), np.abs(apart_there))
    in_step = np.abs(apart_here - apart_there) <= tolerance
    largest: NDArray[np.bool_] = in_step[in_step.sum(axis=1).argmax()]
    return largest


def _stretches(here: Places, comparable: Places) -> list[Places]:
    """The places, in order, cut where too many of what was looked for are missing between two."""
    import numpy as np

    rising = np.sort(here)
    ranks = comparable.searchsorted(rising)
    ends = np.flatnonzero(ranks[1:] - ranks[:-1] > GAP) + 1
    return np.split(rising, ends) if len(ends) else [rising]


def _count_apart(stretch: Places, shingle: int) -> int:
    """The most shingles of a stretch of which no two overlap."""
    count, end = 0, 0
    for place in stretch.tolist():
        if place >= end:
            count, end = count + 1, place + shingle
    return count


def _extent(stretch: Places) -> float:
    """A stretch begins before the first of the places drawn from it, and ends after the last: n of them leave, at each
    end, as much of it as between two of them."""
    count = len(stretch)
    return float(stretch[-1] - stretch[0]) * (count + 1) / (count - 1)
