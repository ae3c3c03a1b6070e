"""Few items that people judged and many that a judge judged, in one estimate: prediction-powered inference, paired.

Angelopoulos, Duchi & Zrnic 2023 (PPI++, arXiv 2311.01453), on differences: y_i is what people's labels say of new minus
old on item i, f_i what the judge says of it. The judge's scale doesn't matter, and its bias cancels out: it is measured
on the items that both saw. What matters is how closely its *differences* follow people's; below a correlation of 0.5 it
is nearly worthless.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from errata.documents.comparison import Comparison, Powered
from errata.errors import BadInput
from evaluation.statistics.paired import (
    ALPHA,
    LARGEST,
    by_cluster,
    detectable_effect,
    deviation,
    effective_clusters,
    mean,
    needed_items,
    t_quantile,
    t_test,
)


@dataclass(frozen=True, slots=True)
class JudgeDifferences:
    """A judge's differences, new minus old, on items that people labelled and on items that nobody did."""

    human: tuple[float, ...]
    """People's difference on each item that both saw, in points: the primary comparison's own."""
    judge: tuple[float, ...]
    """The judge's on the same items, on any scale; antisymmetric, 0 where its two orders disagree."""
    clusters: tuple[str, ...]
    """Of the same items."""
    more: tuple[float, ...]
    """The judge's on items without a human label."""
    more_clusters: tuple[str, ...]


def combine(judged: JudgeDifferences) -> Powered | None:
    """People's differences with the judge's help; None where there is too little, or no spread, to combine.

    Raises BadInput for a difference that is no finite number, or too large for one: nothing is imputed.
    """
    for name in ("human", "judge", "more"):
        if not all(abs(value) <= LARGEST for value in getattr(judged, name)):
            raise BadInput(f"the judge's evidence holds a difference ({name}) that is no number; judge the items again")
    more, rho = len(judged.more), correlation(judged.human, judged.judge)
    weight = power_tuned_weight(judged.human, judged.judge, more)
    few = min(len(set(judged.clusters)), len(set(judged.more_clusters))) < 2
    if rho is None or weight is None or few:
        return None
    return Powered(_comparison(judged, weight), more, rho, weight)


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Pearson's ρ; None where either has no spread."""
    shared, first_sd, second_sd = covariance(first, second), deviation(first), deviation(second)
    if shared is None or not first_sd or not second_sd:
        return None
    return max(-1.0, min(1.0, shared / (first_sd * second_sd)))


def covariance(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Of the sample (n − 1); None of fewer than two pairs."""
    first_mean, second_mean = mean(first), mean(second)
    if first_mean is None or second_mean is None or len(first) < 2:
        return None
    products = [(a - first_mean) * (b - second_mean) for a, b in zip(first, second, strict=True)]
    return math.fsum(products) / (len(first) - 1)


def power_tuned_weight(human: Sequence[float], judge: Sequence[float], more: int) -> float | None:
    """λ* = Cov(y, f)/((1 + n/N) · Var f): the weight that makes the estimate surest (PPI++'s power tuning)."""
    shared, sd = covariance(human, judge), deviation(judge)
    if shared is None or not sd or not more:
        return None
    return shared / ((1 + len(human) / more) * sd**2)


def powered_mean(human: Sequence[float], judge: Sequence[float], more: Sequence[float], weight: float) -> float:
    """θ̂ = ȳ_n + λ · (f̄_N − f̄_n): unbiased for any fixed λ, as the judge's bias is in both means."""
    centre, here, there = mean(human), mean(judge), mean(more)
    if centre is None or here is None or there is None:
        raise ValueError("nothing to combine")
    return centre + weight * (there - here)


def powered_error(judged: JudgeDifferences, weight: float) -> float:
    """sqrt( (G−1)/G · Σ_c (θ̂ without c − θ̂)² ), λ as it is.

    Without clusters this is PPI++'s variance, σ²_e/n + λ²σ²_f/N with e_i = y_i − λ·f_i; the cluster jackknife
    (`paired.jackknife_se`) leaves a cluster's items of both kinds out together, since they are alike.
    """
    rests = [y - weight * f for y, f in zip(judged.human, judged.judge, strict=True)]
    here, there = _moves(rests, judged.clusters), _moves(judged.more, judged.more_clusters)
    names = sorted(here.keys() | there.keys())
    moves = [here.get(name, 0.0) + weight * there.get(name, 0.0) for name in names]
    return math.sqrt((len(names) - 1) / len(names) * math.fsum(move**2 for move in moves))


def _moves(values: Sequence[float], clusters: Sequence[str]) -> dict[str, float]:
    """By how much the mean falls when a cluster is left out."""
    centre, n = mean(values) or 0.0, len(values)
    groups = by_cluster(values, clusters)
    return {name: math.fsum(x - centre for x in group) / (n - len(group)) for name, group in groups.items()}


def _comparison(judged: JudgeDifferences, weight: float) -> Comparison:
    """Degrees of freedom come from the clusters of the human items: the fewer kind."""
    n, sizes = len(judged.human), Counter(judged.clusters)
    balance = effective_clusters(list(sizes.values())) or 1.0
    effect = powered_mean(judged.human, judged.judge, judged.more, weight)
    se = powered_error(judged, weight)
    reach = t_quantile(1 - ALPHA, len(sizes)) * se
    mde = detectable_effect(se, balance)
    return Comparison(
        n=n,
        clusters=len(sizes),
        mean_new=None,
        mean_old=None,
        effect=effect,
        low=effect - reach,
        high=effect + reach,
        p_value=t_test(effect, se, len(sizes)),
        se=se,
        sd=deviation(judged.human),
        mde=mde,
        needed=needed_items(n, mde, effect),
        effective_clusters=balance,
        jackknife_se=se,
    )
