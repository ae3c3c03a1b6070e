"""Where the topic changes, by the words of the lines alone: after TextTiling (Hearst 1997), without a model.

Of each place between two lines: how alike are the words of the dozen lines before it and after it? Where that falls
and rises again, the topic has changed, and the deeper the valley, the surer. A word counts the less, the more lines say
it, so that no language's small words need be known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from errata.domain.twins import words

Numbers = npt.NDArray[np.float64]

BLOCK = 12
"""Lines on either side that are compared, and how far from a place the edges of its valley are looked for."""
_DIGITS = 6
"""Of a likeness: beyond them sums differ from one machine to another, and windows must not."""


def deepest_valley(texts: Sequence[str], earliest: int, latest: int) -> int:
    """The line, from `earliest` to `latest`, before which the topic changes most; of several as good the last, so that
    it is `latest` where no line has more in common with one neighbour than with the other.

    Both are lines of `texts`, and none is the first. Lines more than two blocks away have no say.
    """
    low, high = max(0, earliest - 2 * BLOCK), min(len(texts), latest + 2 * BLOCK)
    likenesses = _likenesses(texts[low:high])
    depths = [_depth(likenesses, line - low) for line in range(earliest, latest + 1)]
    return latest - int(np.argmax(depths[::-1]))


def _likenesses(texts: Sequence[str]) -> Numbers:
    """Before each line but the first: the cosine of what is said in the blocks before it and after it."""
    bags = _bags(texts)
    sums = np.concatenate([np.zeros((1, bags.shape[1])), bags.cumsum(axis=0)])
    lines = np.arange(1, len(texts))
    before = sums[lines] - sums[np.maximum(lines - BLOCK, 0)]
    after = sums[np.minimum(lines + BLOCK, len(texts))] - sums[lines]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    products: Numbers = (before * after).sum(axis=1)
    cosines: Numbers = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines.round(_DIGITS)


def _bags(texts: Sequence[str]) -> Numbers:
    """Lines by words: how often each is said, times the logarithm of one in how many lines it is said in."""
    counts = [Counter(words(text)) for text in texts]
    lines_with = Counter(word for count in counts for word in count)
    places = {word: place for place, word in enumerate(lines_with)}
    bags = np.zeros((len(texts), len(places)))
    for bag, count in zip(bags, counts, strict=True):
        for word, times in count.items():
            bag[places[word]] = times * math.log(len(texts) / lines_with[word])
    return bags


def _depth(likenesses: Numbers, line: int) -> float:
    """How far the likeness before `line` lies below the nearest peaks on either side, in sum."""
    place = line - 1
    bottom = likenesses[place]
    earlier, later = likenesses[max(0, place - BLOCK) : place][::-1], likenesses[place + 1 : place + 1 + BLOCK]
    return float(_peak(bottom, earlier) + _peak(bottom, later) - 2 * bottom)


def _peak(bottom: float, slope: Numbers) -> float:
    """Where a climb along `slope` ends."""
    highest = bottom
    for likeness in slope:
        if likeness < highest:
            break
        highest = likeness
    return highest
