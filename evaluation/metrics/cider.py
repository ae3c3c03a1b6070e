"""CIDEr: do titles share the n-grams that tell the chapters of this video apart?

The formula is that of pycocoevalcap 1.2 (CIDEr-D: Vedantam et al. 2015), with each video as a corpus of its own, as
Chapter-Llama scores it. So a video with one pair scores 0 even if it is perfect, and a perfect list of k-word titles
reaches 10 * min(k, 4) / 4; published numbers carry both, times 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import exp, log, sqrt

from evaluation.metrics.captions import Pair, Tokens

LONGEST = 4
"""Words in an n-gram, at most."""
SIGMA = 6.0
"""Spread of the Gaussian that punishes a title of another length."""


@dataclass(frozen=True, slots=True)
class Products:
    """Of the counts of each n-gram on two sides, before n-grams are weighed."""

    by_gram: dict[str, int]
    by_length: tuple[int, ...]
    """Their sums for each n from 1 to `LONGEST`."""


def cider(pairs: Sequence[Pair]) -> float:
    """Mean over the pairs (reference, prediction) of one video, 0 to 10."""
    rare = log(len(pairs))
    seen = Counter(chain.from_iterable(_counts(reference) for reference, _ in pairs))
    # An n-gram's weight: `rare` where one reference or none has it, which most are; less where several do.
    common = {gram: rare - log(times) for gram, times in seen.items() if times > 1}
    return sum(_similarity(*pair, common, rare) for pair in pairs) / len(pairs)


def _similarity(reference: Tokens, prediction: Tokens, common: dict[str, float], rare: float) -> float:
    """Ten times the mean over n of the cosine of the two sides' weighted counts."""
    if not rare or set(reference).isdisjoint(prediction):
        return 0.0
    sides = (reference, prediction), (reference, reference), (prediction, prediction)
    weighed = (_weigh(_products(*both), common, rare) for both in sides)
    cosines: float = sum(shared / sqrt(ours * theirs) for shared, ours, theirs in zip(*weighed, strict=True) if shared)
    # Upstream measures a title's length by its bigrams.
    longer = max(len(prediction), 1) - max(len(reference), 1)
    return 10 * cosines / LONGEST * exp(-(longer**2) / (2 * SIGMA**2))


def _weigh(products: Products, common: dict[str, float], rare: float) -> list[float]:
    """The sums for each n, of weighted counts."""
    rest, less = list(products.by_length), [0.0] * LONGEST
    for gram in common.keys() & products.by_gram.keys():
        rest[gram.count("\n")] -= products.by_gram[gram]
        less[gram.count("\n")] += products.by_gram[gram] * common[gram] ** 2
    return [rare**2 * left + known for left, known in zip(rest, less, strict=True)]


@lru_cache(maxsize=1 << 12)
def _products(reference: Tokens, prediction: Tokens) -> Products:
    """A prediction's count is worth no more than the reference's: nothing is won by repeating."""
    wanted, found = _counts(reference), _counts(prediction)
    sums = [0] * LONGEST
    by_gram = {}
    for gram in wanted.keys() & found.keys():
        by_gram[gram] = min(wanted[gram], found[gram]) * wanted[gram]
        sums[gram.count("\n")] += by_gram[gram]
    return Products(by_gram, tuple(sums))


@lru_cache(maxsize=1 << 12)
def _counts(words: Tokens) -> dict[str, int]:
    """How often each n-gram occurs. A line break joins its words: a string keeps its hash, a tuple doesn't."""
    runs = (zip(*(words[skip:] for skip in range(length)), strict=False) for length in range(1, LONGEST + 1))
    return dict(Counter(map("\n".join, chain.from_iterable(runs))))
