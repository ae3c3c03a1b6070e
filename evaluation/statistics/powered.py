"""Few items that people judged and many that a judge judged, in one estimate: prediction-powered inference, paired.

Angelopoulos, Duchi & Zrnic 2023 (PPI++, arXiv 2311.01453), on differences: y_i is what people's labels say of new minus
old on item i, f_i what the judge says of it. The judge's scale doesn't matter, and its bias cancels out: it is measured
on the items that both saw. What matters is how closely its *differences* follow people's; below a correlation of 0.5 it
is nearly worthless.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

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

_FLAT = 1e-9
"""A sum of squares this much smaller than the whole one is rounding."""


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
    rho, weights = correlation(judged.human, judged.judge), cross_fitted_weights(judged)
    if rho is None or weights is None or len(set(judged.more_clusters)) < 2:
        return None
    return Powered(_comparison(judged, weights), len(judged.more), rho, mean_weight(judged, weights))


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


def cross_fitted_weights(judged: JudgeDifferences) -> dict[str, float] | None:
    """For each cluster the weight λ* = Cov(y, f)/((1 + n/N) · Var f) that makes the estimate surest (PPI++'s power
    tuning), measured on all items but the cluster's own.

    A weight that is tuned on the items that it is then used on fits their chance as well: the estimate is no longer
    unbiased, and its error comes out too small, most where items are few (Zrnic & Candès 2024, PNAS 121(15), on
    cross-fitting; with a fold for each cluster it needs no draw). None where there are fewer than two clusters, or the
    judge's differences have no spread once one is left out.
    """
    if len(set(judged.clusters)) < 2 or not judged.more:
        return None
    human_mean, judge_mean = mean(judged.human) or 0.0, mean(judged.judge) or 0.0
    groups: dict[str, list[tuple[float, float]]] = {name: [] for name in judged.clusters}
    for y, f, name in zip(judged.human, judged.judge, judged.clusters, strict=True):
        groups[name].append((y - human_mean, f - judge_mean))
    whole = _Sums.of(list(chain.from_iterable(groups.values())))
    weights = {}
    for name, group in groups.items():
        rest = whole.without(_Sums.of(group))
        if rest.spread <= _FLAT * whole.spread:
            return None
        weights[name] = rest.shared / ((1 + len(judged.human) / len(judged.more)) * rest.spread)
    return weights


@dataclass(frozen=True, slots=True)
class _Sums:
    """Over pairs of differences, people's y and the judge's f: enough to leave a cluster out without adding anew."""

    n: int
    y: float
    f: float
    yf: float
    ff: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> _Sums:
        return cls(
            n=len(pairs),
            y=math.fsum(y for y, _ in pairs),
            f=math.fsum(f for _, f in pairs),
            yf=math.fsum(y * f for y, f in pairs),
            ff=math.fsum(f * f for _, f in pairs),
        )

    def without(self, part: _Sums) -> _Sums:
        return _Sums(self.n - part.n, self.y - part.y, self.f - part.f, self.yf - part.yf, self.ff - part.ff)

    @property
    def shared(self) -> float:
        """Σ (y − ȳ)(f − f̄)"""
        return self.yf - self.y * self.f / self.n

    @property
    def spread(self) -> float:
        """Σ (f − f̄)²"""
        return self.ff - self.f**2 / self.n


def mean_weight(judged: JudgeDifferences, weights: Mapping[str, float]) -> float:
    """λ̄: each item's weight, averaged. What the judge alone judged counts with it."""
    return math.fsum(weights[name] for name in judged.clusters) / len(judged.clusters)


def rectified_differences(judged: JudgeDifferences, weights: Mapping[str, float]) -> list[float]:
    """y_i − λ_i · (f_i − f̄_N): people's differences, less what the judge's say of these items beyond all others.

    Their mean is the estimate, θ̂ = ȳ_n + λ · (f̄_N − f̄_n): unbiased, as no λ_i depends on item i.
    """
    centre = mean(judged.more) or 0.0
    both = zip(judged.human, judged.judge, judged.clusters, strict=True)
    return [y - weights[name] * (f - centre) for y, f, name in both]


def powered_error(judged: JudgeDifferences, weights: Mapping[str, float]) -> float:
    """sqrt( (G−1)/G · Σ_c (θ̂ without c − θ̂)² ), each λ as it is.

    Without clusters this is PPI++'s variance, σ²_e/n + λ²σ²_f/N with e_i = y_i − λ·f_i; the cluster jackknife
    (`paired.jackknife_se`) leaves a cluster's items of both kinds out together, since they are alike.
    """
    here = _moves(rectified_differences(judged, weights), judged.clusters)
    there, weight = _moves(judged.more, judged.more_clusters), mean_weight(judged, weights)
    names = sorted(here.keys() | there.keys())
    moves = [here.get(name, 0.0) + weight * there.get(name, 0.0) for name in names]
    return math.sqrt((len(names) - 1) / len(names) * math.fsum(move**2 for move in moves))


def _moves(values: Sequence[float], clusters: Sequence[str]) -> dict[str, float]:
    """By how much the mean falls when a cluster is left out."""
    centre, n = mean(values) or 0.0, len(values)
    groups = by_cluster(values, clusters)
    return {name: math.fsum(x - centre for x in group) / (n - len(group)) for name, group in groups.items()}


def _comparison(judged: JudgeDifferences, weights: Mapping[str, float]) -> Comparison:
    """Degrees of freedom come from the clusters of the human items: the fewer kind."""
    n, sizes = len(judged.human), Counter(judged.clusters)
    balance = effective_clusters(list(sizes.values())) or 1.0
    effect = mean(rectified_differences(judged, weights)) or 0.0
    se = powered_error(judged, weights)
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
