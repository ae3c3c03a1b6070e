"""CIDEr: do titles share the n-grams that tell the chapters of this video apart?

The formula is that of pycocoevalcap 1.2 (CIDEr-D: Vedantam et al. 2015), with each video as a corpus of its own, as
Chapter-Llama scores it. So a video with one pair scores 0 even if it is perfect, and a perfect list of k-word titles
reaches 10 * min(k, 4) / 4; published numbers carry both, times 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, chain
from math import exp, log, sqrt

from evaluation.metrics.captions import Pair, Tokens

LONGEST = 4
"""Words in an n-gram, at most."""
SIGMA = 6.0
"""Spread of the Gaussian that punishes a title of another length."""


Counts = dict[str, int]
"""How often each n-gram occurs, in the order of the words: sums of floats must not depend on how strings are hashed."""


def cider(pairs: Sequence[Pair]) -> float:
    """Mean over the pairs (reference, prediction) of one video, 0 to 10."""
    rare = log(len(pairs))
    alike = [pair for pair in pairs if not set(pair[0]).isdisjoint(pair[1])]
    if not rare or not alike:
        return 0.0
    frequency = Counter(chain.from_iterable(_counts(reference) for reference, _ in pairs))
    # An n-gram's weight, squared: that of `rare` where one reference or none has it, which most are; less for others.
    common = {gram: (rare - log(times)) ** 2 for gram, times in frequency.items() if times > 1}
    return sum(_similarity(*pair, common, rare**2) for pair in alike) / len(pairs)


def _similarity(reference: Tokens, prediction: Tokens, common: dict[str, float], rare: float) -> float:
    """Ten times the mean over n of the cosine of the two sides' weighted counts."""
    ours, theirs = _counts(reference), _counts(prediction)
    shared = our_squares = their_squares = _products(ours, theirs, common, rare)
    if reference != prediction:
        our_squares, their_squares = (_products(side, side, common, rare) for side in (ours, theirs))
    lengths = [sqrt(our * their) for our, their in zip(our_squares, their_squares, strict=True)]
    cosines = sum(product / length for product, length in zip(shared, lengths, strict=True) if product)
    # Upstream measures a title's length by its bigrams.
    longer = max(len(prediction), 1) - max(len(reference), 1)
    return 10 * cosines / LONGEST * exp(-(longer**2) / (2 * SIGMA**2))


def _products(reference: Counts, prediction: Counts, common: dict[str, float], rare: float) -> list[float]:
    """Of two sides' weighted counts, the sums for each n.

    A prediction's count is worth no more than the reference's: nothing is won by repeating.
    """
    sums = [0.0] * LONGEST
    for gram, count in reference.items():
        if gram in prediction:
            sums[gram.count("\n")] += min(count, prediction[gram]) * count * common.get(gram, rare)
    return sums


@lru_cache(maxsize=1 << 12)
def _counts(words: Tokens) -> Counts:
    """How often each n-gram occurs. A line break joins its words: a string keeps its hash, a tuple doesn't."""
    counts: Counts = {}
    for start in range(len(words)):
        for gram in accumulate(words[start : start + LONGEST], "{}\n{}".format):
            counts[gram] = counts.get(gram, 0) + 1
    return counts
