"""Where chapters begin, of what a model says of each line: the likeliest division into chapters of likely lengths.

A model that has read a line gives the log-odds that a chapter begins with it. To take every line that is likelier than
not would forget that chapters are minutes long: several lines near a border are all a little likely, and a talk whose
borders the model is unsure of would get none. So the best division is looked for whole, by dynamic programming over its
lines (a semi-Markov model: Janssen and Limnios 1999; in segmentation of text, Utiyama and Isahara 2001).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from errata.domain.transcript import Unit

Numbers = npt.NDArray[np.float64]

WORDS_A_SECOND = 2.5
"""Of speech: how long a chapter of a text without times is."""
COLD_OPEN = (240.0, 0.1)
"""The first chapter begins within so many seconds, or this share of the recording."""
LATE = 10.0
"""What it costs to begin later."""
IMPOSSIBLE = -500.0
"""Half the log-odds of a line that is known not to begin a chapter."""
BRIEF = 5.0
"""Seconds: no chapter counts as shorter, so that lines which share a start aren't infinitely unlikely."""


@dataclass(frozen=True, slots=True)
class ChapterLengths:
    """How long chapters are, and how readily a line begins one."""

    typical: float = 175.0
    """Seconds: the geometric mean."""
    spread: float = 0.87
    """Standard deviation of the logarithm."""
    readiness: float = 3.0
    """Added to the log-odds of every line: chapters begin with one line in ten or fewer, of which a model is seldom
    surer than not, and one that is missed spoils two chapters."""

    @classmethod
    def of(cls, lengths: Sequence[float], readiness: float) -> ChapterLengths:
        """As they are in labels; `lengths` in seconds."""
        logs = np.log(np.maximum(lengths, BRIEF))
        return cls(round(float(np.exp(logs.mean())), 3), round(max(0.1, float(logs.std())), 4), readiness)


def borders(
    odds: Sequence[float], starts: Sequence[float], end: float, lengths: ChapterLengths, unit: Unit = "seconds"
) -> list[int]:
    """The lines that begin a chapter, in the division with the highest sum of the log-odds of its borders, less half of
    each chapter's squared deviation in logarithmic length.

    `odds` and `starts` (ascending, in `unit`) are of the lines, `end` of the recording, or of the last line where it
    goes on: then `end` is infinite, and a chapter may still become longer. Of lines that share a start, only the first
    can be one. Empty where no line is, or all are known not to.
    """
    scale = WORDS_A_SECOND if unit == "words" else 1.0
    places = np.asarray(starts, dtype=np.float64) / scale
    gains = np.where(np.diff(places, prepend=-1.0) > 0, np.asarray(odds, dtype=np.float64) + lengths.readiness, -np.inf)
    if not len(places):
        return []
    best, before = _best_divisions(gains, places, end / scale, lengths)
    scores = best + _last_chapter(places, end / scale, lengths)
    line = int(np.argmax(scores))
    if scores[line] < IMPOSSIBLE:
        return []
    chosen = [line]
    while before[line] >= 0:
        line = before[line]
        chosen.append(line)
    return chosen[::-1]


def _best_divisions(gains: Numbers, places: Numbers, end: float, lengths: ChapterLengths) -> tuple[Numbers, list[int]]:
    """For each line, the score of the best division of what is before it, if a chapter begins there; and which line
    begins the chapter before, -1 for none."""
    seconds, share = COLD_OPEN
    latest = max(seconds, share * (places[-1] if math.isinf(end) else end))
    best = np.where(places <= latest, gains, gains - LATE)
    before = [-1] * len(places)
    for line in range(1, len(places)):
        if np.isneginf(gains[line]):
            continue
        scores = best[:line] + _likeliness(places[line] - places[:line], lengths)
        previous = int(np.argmax(scores))
        if scores[previous] + gains[line] > best[line]:
            best[line], before[line] = scores[previous] + gains[line], previous
    return best, before


def _last_chapter(places: Numbers, end: float, lengths: ChapterLengths) -> Numbers:
    """What it costs that the last chapter begins with each line."""
    if not math.isinf(end):
        return _likeliness(end - places, lengths)
    long_enough = places[-1] - places < lengths.typical
    return np.where(long_enough, 0.0, _likeliness(places[-1] - places, lengths))


def _likeliness(seconds: Numbers, lengths: ChapterLengths) -> Numbers:
    """Of a chapter of such a length, as the exponent of a log-normal density."""
    deviations = (np.log(np.maximum(seconds, BRIEF)) - math.log(lengths.typical)) / lengths.spread
    return -0.5 * deviations**2
