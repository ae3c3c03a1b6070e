"""A share of clustered items: how sure it is, and what it would be if nobody who counted had erred."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.statistics.paired import ALPHA, by_cluster, deviation, standard_error, t_quantile
from evaluation.statistics.size import effective_items


@dataclass(frozen=True, slots=True)
class Share:
    value: float
    items: float
    """As many independent items would say as much."""


def share(hits: Sequence[bool], clusters: Sequence[str]) -> Share | None:
    """The share of `hits`; item i belongs to `clusters[i]`. None for fewer than two clusters: nothing tells how alike
    the items of one are.

    The number of items is divided by the design effect, at least 1, and by (t_{G−1}/t_{n−1})² for G clusters, as that
    is measured on few (Korn & Graubard 1998, Survey Methodology 24(2)).
    """
    groups = by_cluster([float(hit) for hit in hits], clusters)
    n, count = len(hits), len(groups)
    if count < 2:
        return None
    values = [value for group in groups.values() for value in group]
    items = effective_items(n, standard_error(groups) or 0.0, deviation(values) or 0.0)
    few = t_quantile(1 - ALPHA, count) / t_quantile(1 - ALPHA, n)
    return Share(math.fsum(values) / n, items / few**2)


def share_interval(measured: Share, alpha: float = ALPHA) -> tuple[float, float]:
    """Two-sided, 1 − 2α: Clopper & Pearson 1934, for a number of items that need not be whole (Korn & Graubard 1998).

    Unlike a bootstrap it is never sure of a share of 0 or 1.
    """
    from scipy.special import betaincinv

    hits, misses = measured.value * measured.items, (1 - measured.value) * measured.items
    low = 0.0 if hits == 0 else float(betaincinv(hits, misses + 1, alpha))
    high = 1.0 if misses == 0 else float(betaincinv(hits + 1, misses, 1 - alpha))
    return low, high


def corrected_share(counted: Share, true_positive: Share, true_negative: Share) -> tuple[float, float, float] | None:
    """(p + TN − 1)/(TP + TN − 1), between 0 and 1, and its two-sided 90 % interval.

    Rogan & Gladen 1978 (American Journal of Epidemiology 107(1)); the interval is Lang & Reiczigel's, 2014 (Preventive
    Veterinary Medicine 113(1), eqs. 15 to 17), which minds that both rates are measured, too. None where whoever
    counted isn't surely better than a guess, so that the lower bounds of both rates sum to no more than 1: then the
    divisor may be anything. The rates must be measured on other items than those counted, and be the same on both.
    """
    if share_interval(true_positive)[0] + share_interval(true_negative)[0] <= 1:
        return None
    value = (counted.value + true_negative.value - 1) / (true_positive.value + true_negative.value - 1)
    z = _z(1 - ALPHA)
    p, tp, tn = _shrunk(counted, z**2), _shrunk(true_positive, 2), _shrunk(true_negative, 2)
    reach = tp.value + tn.value - 1
    centre = (p.value + tn.value - 1) / reach
    shift = 2 * z**2 * (centre * _variance(tp) - (1 - centre) * _variance(tn))
    spread = _variance(p) + centre**2 * _variance(tp) + (1 - centre) ** 2 * _variance(tn)
    half = z * math.sqrt(spread) / reach
    return _bounded(value), _bounded(centre + shift - half), _bounded(centre + shift + half)


def _shrunk(measured: Share, added: float) -> Share:
    """With so many more items, half of them hits (Agresti & Coull 1998)."""
    items = measured.items + added
    return Share((measured.value * measured.items + added / 2) / items, items)


def _variance(measured: Share) -> float:
    return measured.value * (1 - measured.value) / measured.items


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value))


def _z(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(level))
