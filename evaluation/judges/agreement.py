"""How far two who judge the same things agree, and how sure that is.

Every interval is two-sided 90 % and takes it that items of one cluster (a channel) are alike, as in
`evaluation.statistics`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from errata.documents.judging import NOTHING, IntervalEstimate, ReviewerAgreement
from errata.errors import BadInput
from evaluation.statistics.paired import ALPHA, effective_clusters, t_quantile
from evaluation.statistics.shares import share, share_interval

DIGITS = 9
"""Of an estimate: beyond that, sums in floating point differ with the order of the items."""

Table = NDArray[np.float64]
"""(items, raters); NaN where a rater said nothing."""
Statistic = Callable[[Table], float | None]
"""From −1 to 1; None where it is not defined."""


def estimate(statistic: Statistic, rows: Sequence[Sequence[float]], clusters: Sequence[str]) -> IntervalEstimate:
    """`statistic` of all rows, with an interval; row i belongs to `clusters[i]`.

    No interval below two clusters, nor where the statistic is undefined once one is left out. Raises BadInput when a
    row and its cluster don't pair up, a value is infinite, or one is missing that `statistic` can't do without.
    """
    if len(rows) != len(clusters):
        raise BadInput(f"{len(rows)} items have {len(clusters)} clusters; give every item one")
    if not rows:
        return NOTHING
    table = np.array(rows, dtype=np.float64)
    if np.isinf(table).any() or (statistic not in GAPPY and np.isnan(table).any()):
        raise BadInput("a judged value is missing or infinite; mend it, or leave the item out")
    value, sizes = statistic(table), Counter(clusters)
    low, high = (None, None) if value is None else _interval(statistic, table, clusters, value)
    value, low, high = (None if number is None else round(number, DIGITS) for number in (value, low, high))
    return IntervalEstimate(len(rows), len(sizes), value, low, high)


def _interval(
    statistic: Statistic, table: Table, clusters: Sequence[str], value: float
) -> tuple[float, float] | tuple[None, None]:
    """tanh( artanh(v) ± t · SE/(1 − v²) ), SE² = (G−1)/G · Σ_c (v without c − v)²: the cluster jackknife on Fisher's
    scale, on which such a statistic is about normal, with as many degrees of freedom as clusters have effect.

    A bootstrap never leaves the range of what the clusters show, and is far too sure of few: its lower bound of a
    kappa from two channels is too high in a third of draws, where 5 % are promised, and this one's in 5 to 9 %.
    """
    sizes, names = Counter(clusters), np.array(clusters)
    without = [statistic(table[names != name]) for name in sorted(sizes)] if len(sizes) > 1 else []
    moves = [part - value for part in without if part is not None]
    balance = effective_clusters(list(sizes.values()))
    if balance is None or not moves or len(moves) < len(without):
        return None, None
    if abs(value) >= 1:
        return value, value
    se = math.sqrt((len(moves) - 1) / len(moves) * math.fsum(move**2 for move in moves))
    centre, reach = math.atanh(value), t_quantile(1 - ALPHA, balance) * se / (1 - value**2)
    return math.tanh(centre - reach), math.tanh(centre + reach)


def share_estimate(hits: Sequence[bool], clusters: Sequence[str]) -> IntervalEstimate:
    """The share of `hits`; without an interval below two clusters."""
    if not hits:
        return NOTHING
    measured = share(hits, clusters)
    low, high = (None, None) if measured is None else share_interval(measured)
    return IntervalEstimate(len(hits), len(set(clusters)), sum(hits) / len(hits), low, high)


def kappa_estimate(rows: Sequence[tuple[float, float]], clusters: Sequence[str]) -> IntervalEstimate:
    """Weighted kappa of each pair both ways round. Where the two never differ, nothing shows a spread: the lower bound
    is the kappa of as many opposites as there may be, by the lower bound of the share of items on which they agree."""
    kappa, agreed = estimate(both_ways(weighted_kappa), rows, clusters), share([True] * len(rows), clusters)
    if kappa.value != 1 or agreed is None:
        return kappa
    return replace(kappa, low=2 * share_interval(agreed)[0] - 1)


def weighted_kappa(table: Table) -> float | None:
    """Cohen's kappa with quadratic weights between two raters (Cohen 1968); None where neither ever varies.

    1 − Σᵢ(aᵢ−bᵢ)² / (Σᵢⱼ(aᵢ−bⱼ)²/n): the mean square of what is seen over that of chance, by the two margins.
    """
    first, second = table[:, 0], table[:, 1]
    # the mean of (aᵢ−bⱼ)² over all pairs, without n² of them
    chance = first.var() + second.var() + (first.mean() - second.mean()) ** 2
    return None if chance == 0 else float(1 - ((first - second) ** 2).mean() / chance)


def krippendorff_alpha(table: Table) -> float | None:
    """1 − D_o/D_e with the interval metric, for any number of raters and with gaps (Krippendorff 2011).

    Items with fewer than two values can't be paired and don't count. None where nothing varies.
    """
    table = table[(~np.isnan(table)).sum(axis=1) >= 2]
    present = ~np.isnan(table)
    values = np.where(present, table, 0.0)
    counts = present.sum(axis=1)
    n = int(counts.sum())
    if n == 0 or len(set(values[present])) == 1:
        return None
    centres = (values.sum(axis=1) / counts)[:, None]
    observed = (2 * counts / (counts - 1) * (present * (values - centres) ** 2).sum(axis=1)).sum() / n
    chance = 2 * (present * (values - values.sum() / n) ** 2).sum() / (n - 1)
    return float(1 - observed / chance)


def correlation(table: Table) -> float | None:
    """Pearson's; None where one side doesn't vary."""
    # not by the spread: the mean of equal numbers may differ from them in the last bit
    if (table == table[0]).all(axis=0).any():
        return None
    first, second = (table - table.mean(axis=0)).T
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return max(-1.0, min(1.0, float((first * second).sum()) / size))


GAPPY: tuple[Statistic, ...] = (krippendorff_alpha,)
"""Statistics that do without a value here and there."""


def both_ways(statistic: Statistic) -> Statistic:
    """`statistic` with each row counted twice, once with its sign turned.

    Which of two answers is called the new one is nobody's choice. With it fixed, reviewers would always say "new", and
    against a rater who never varies every kappa is 0.
    """
    return lambda table: statistic(np.concatenate([table, -table]))


def agreement(labels: Sequence[int], verdicts: Sequence[int], clusters: Sequence[str]) -> ReviewerAgreement:
    """Labels are 1 where the reviewer's list must be better, 0 where it must not be worse; verdicts −1, 0 or 1.

    Where a label is 0, a verdict of 1 is within it, and is read as 0.
    """
    bounded = [min(verdict, 0) if label == 0 else verdict for label, verdict in zip(labels, verdicts, strict=True)]
    rows = [(float(label), float(verdict)) for label, verdict in zip(labels, bounded, strict=True)]
    return ReviewerAgreement(
        kappa=kappa_estimate(rows, clusters),
        alpha=estimate(both_ways(krippendorff_alpha), rows, clusters),
        right=sum(label == verdict for label, verdict in rows),
        wrong=sum(verdict == -1 for _, verdict in rows),
    )


def correlate_differences(rows: Sequence[tuple[float, float, str]]) -> IntervalEstimate:
    """Correlation of the reviewers' differences (score of new − score of old) with the judge's on the same items; each
    row is of one item and ends with its cluster.

    What a prediction-powered estimate gains from a judge depends on this, and not on how well it ranks answers.
    """
    return estimate(correlation, [(human, judge) for human, judge, _ in rows], [cluster for *_, cluster in rows])
