"""Items on which nearly everything is lost: what a mean hides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from errata.documents.comparison import Comparison
from evaluation.statistics.paired import ALPHA, compare, paired_differences, t_quantile

COLLAPSE = 30.0
"""Points of F1: an item that loses so much has collapsed, one that gains so much has recovered."""


def collapse_differences(differences: Sequence[float]) -> list[float]:
    """Percent by item: −100 where it collapsed, 100 where it recovered, 0 else. Their mean is the share of those that
    gain `COLLAPSE` points and more minus the share of those that lose as many: harmless models at a spread of 20 lose
    that much on one item in fifteen too, and gain it on as many."""
    return [0.0 if abs(value) < COLLAPSE else math.copysign(100.0, value) for value in differences]


def score_bound(better: int, worse: int, n: int, z: float) -> float:
    """The lower bound of (better − worse)/n, the difference of two shares of the same n items; −1 of no item.

    −Δ for the Δ with (b − c + nΔ)/sqrt(n(2q − Δ(Δ + 1))) = z, b being `better`, c `worse` and q the likeliest share of
    the worse under a difference of −Δ: the score interval of Tango 1998 (Statistics in Medicine 17(8), equation 8).
    Unlike the mean's own error it is honest where nothing was lost yet: −z²/(n + z²), about −2.7/n at 5 %.
    """
    from scipy.optimize import brentq

    if better == worse == 0:  # here the equation is solved by hand: 0 is a root of it, too
        return -z * z / (n + z * z)
    if worse - better == n:
        return -1.0

    def excess(loss: float) -> float:
        a, b, c = 2 * n, -better - worse - (2 * n - better + worse) * loss, worse * loss * (loss + 1)
        share = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
        variance = n * (2 * share - loss * (loss + 1))
        return better - worse + n * loss - z * math.sqrt(max(variance, 0.0))

    return -float(brentq(excess, (worse - better) / n, 1.0))


def compare_collapses(new: Sequence[float], old: Sequence[float], clusters: Sequence[str], seed: int) -> Comparison:
    """`paired.compare` of `collapse_differences`, in percentage points, whose interval is `score_bound`'s where that is
    wider: the mean's own error is 0 while nothing has been lost yet."""
    shares = collapse_differences(paired_differences(new, old))
    comparison = compare(shares, [0.0] * len(shares), clusters, seed)
    if comparison.low is None or comparison.high is None:
        return comparison
    better, worse, n = sum(share > 0 for share in shares), sum(share < 0 for share in shares), len(shares)
    z = t_quantile(1 - ALPHA, math.inf)
    low, high = 100 * score_bound(better, worse, n, z), -100 * score_bound(worse, better, n, z)
    return replace(comparison, low=min(comparison.low, low), high=max(comparison.high, high))
