"""What the gate's statistics say of many contenders at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from evaluation.statistics.collapses import score_bound
from evaluation.statistics.paired import ALPHA, RESAMPLES, expanded_level, resamples, t_quantile
from registry.simulate.world import Answers, Values

MOST_RESAMPLED = 120
"""Clusters from which on the t test's interval stands for the bootstrap's, which would take long and is near it."""
_TOGETHER = 256
"""Comparisons resampled at once."""
_CANCELLED = 1e-9
"""As in `evaluation.statistics.paired`."""


@dataclass(frozen=True)
class Comparisons:
    """Many comparisons side by side, as `evaluation.statistics.paired.compare` would make each; shape (comparisons,),
    unless it says otherwise."""

    counts: Values
    """Items of each cluster, shape (clusters, comparisons). Clusters that one doesn't have are 0, and its last."""
    sums: Values
    """Of their differences."""
    squares: Values
    """Sum of all differences' squares."""
    seed: int = 1
    """Of the bootstrap."""

    def subset(self, which: Answers) -> Comparisons:
        return Comparisons(self.counts[:, which], self.sums[:, which], self.squares[which], self.seed)

    @cached_property
    def n(self) -> Values:
        return np.asarray(self.counts.sum(axis=0))

    @cached_property
    def clusters(self) -> Values:
        return np.asarray((self.counts > 0).sum(axis=0))

    @cached_property
    def balance(self) -> Values:
        """Effective clusters."""
        return np.asarray(self.n**2 / (self.counts**2).sum(axis=0))

    @cached_property
    def effect(self) -> Values:
        return np.asarray(self.sums.sum(axis=0) / self.n)

    @cached_property
    def sd(self) -> Values:
        return np.asarray(np.sqrt(np.maximum(self.squares - self.n * self.effect**2, 0) / (self.n - 1)))

    @cached_property
    def se(self) -> Values:
        factor = self.clusters / (self.clusters - 1)
        return self._guarded(np.sqrt((self._rests**2).sum(axis=0) * factor) / self.n)

    @cached_property
    def jackknife_se(self) -> Values:
        moves = self._rests / (self.n - self.counts)
        return self._guarded(np.sqrt((moves**2).sum(axis=0) * (self.clusters - 1) / self.clusters))

    @cached_property
    def _rests(self) -> Values:
        return np.asarray(self.sums - self.effect * self.counts)

    def _guarded(self, se: Values) -> Values:
        return np.where(se < _CANCELLED * self.sd, self.sd / np.sqrt(self.n), se)

    @cached_property
    def p_value(self) -> Values:
        """Of the t test with G−1 degrees of freedom."""
        return np.asarray(stdtr(self.clusters - 1, -self.effect / self.se))

    @cached_property
    def robust_p_value(self) -> Values:
        """Of the t test on the jackknife's error, with the effective clusters' degrees of freedom."""
        return np.asarray(stdtr(np.maximum(self.balance - 1, 1), -self.effect / self.jackknife_se))

    @cached_property
    def t_low(self) -> Values:
        return np.asarray(self.effect - stdtrit(self.clusters - 1, 1 - ALPHA) * self.se)

    @cached_property
    def robust_t_low(self) -> Values:
        return np.asarray(self.effect - stdtrit(np.maximum(self.balance - 1, 1), 1 - ALPHA) * self.jackknife_se)

    @cached_property
    def low(self) -> Values:
        """The bootstrap's."""
        return np.asarray(self._interval[0])

    @cached_property
    def high(self) -> Values:
        return np.asarray(self._interval[1])

    @cached_property
    def _interval(self) -> Values:
        """From the same draws for every comparison of as many clusters, as in `paired`; shape (2, comparisons)."""
        ends = np.array([self.t_low, 2 * self.effect - self.t_low])
        for clusters in np.unique(self.clusters[self.clusters <= MOST_RESAMPLED]).tolist():
            alike = np.flatnonzero(self.clusters == clusters)
            for begin in range(0, len(alike), _TOGETHER):
                part = alike[begin : begin + _TOGETHER]
                ends[:, part] = self._percentiles(clusters, part)
        return ends

    def _percentiles(self, clusters: int, part: NDArray[np.int64]) -> Values:
        drawn, tail = draws(clusters, self.seed), int(RESAMPLES * expanded_level(clusters))
        counts = self.counts[:clusters, part] / self.n[part]
        if (counts == counts[:, :1]).all():  # as they are where channels recur
            counts = counts[:, :1]
        means = ((self.sums[:clusters, part] / self.n[part]).T @ drawn) / (counts.T @ drawn)
        means.partition((tail, RESAMPLES - 1 - tail), axis=1)
        return np.array([means[:, tail], means[:, RESAMPLES - 1 - tail]])


def collapse_bounds(collapses: Comparisons, margin: float, robust: bool) -> Values:
    """Of the guardrail, as `registry.guardrail` reckons them of `evaluation.statistics.collapses.compare_collapses`;
    `robust` ones with the jackknife's error and the effective clusters.

    Where the others leave it open whether the guardrail passes, the bootstrap isn't asked: it can only widen.
    """
    changed, gained = collapses.squares / 100**2, collapses.sums.sum(axis=0) / 100
    better, worse = (changed + gained) / 2, (changed - gained) / 2
    rows = np.array([better, worse, collapses.n]).round().astype(int).T.tolist()
    scores = np.array([100 * tango_bound(*row) for row in rows])
    bounds = np.asarray(np.minimum(collapses.robust_t_low if robust else collapses.t_low, scores))
    passed, failed = statuses(collapses.effect, bounds, margin)
    told = passed | failed
    bounds[told] = np.minimum(bounds[told], collapses.subset(told).low)
    return bounds


def statuses(effect: Values, bounds: Values, margin: float) -> tuple[Answers, Answers]:
    """Which pass a guardrail and which fail it, as `registry.guardrail.status` says; of the others it can't tell."""
    passed, reach = np.asarray(bounds >= -margin), effect - bounds
    return passed, np.asarray(~passed & ((reach <= margin) | (effect + reach < 0)))


@lru_cache(maxsize=100_000)
def tango_bound(better: int, worse: int, n: int) -> float:
    return score_bound(better, worse, n, t_quantile(1 - ALPHA, np.inf))


@lru_cache(maxsize=8)
def draws(clusters: int, seed: int) -> Values:
    """How often each cluster is in each of the bootstrap's resamples, shape (clusters, resamples)."""
    rows = [np.bincount(row, minlength=clusters) for block in resamples(clusters, seed) for row in block]
    return np.array(rows, dtype=float).T.copy()
