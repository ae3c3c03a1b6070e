"""What is true, and nights drawn from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from evaluation.statistics.paired import (
    ALPHA,
    RESAMPLES,
    detectable_effect,
    effective_clusters,
    expanded_level,
    resamples,
)

Values = NDArray[np.float64]
Answers = NDArray[np.bool_]
_TOGETHER = 256
"""Nights resampled at once."""
_TYPICAL = 4_000
"""Nights of which one is the median."""


@dataclass(frozen=True, slots=True)
class World:
    """The differences' mean and spread in points, and how alike those of one cluster are; all parts are normal."""

    sizes: tuple[int, ...]
    """Items in each cluster."""
    effect: float = 0.0
    sd: float = 20.0
    icc: float = 0.0

    def nights(self, repetitions: int, seed: int) -> Nights:
        random, sizes = np.random.default_rng(seed), np.array(self.sizes, dtype=float)
        shape = (repetitions, len(self.sizes))
        shared, own = random.normal(size=shape), random.normal(size=shape)
        spread = self.icc**0.5 * sizes * shared + (1 - self.icc) ** 0.5 * np.sqrt(sizes) * own
        return Nights(sizes, self.effect * sizes + self.sd * spread)

    @property
    def se(self) -> float:
        """Of the mean difference, in truth."""
        sizes = np.array(self.sizes, dtype=float)
        variance = self.icc * (sizes**2).sum() + (1 - self.icc) * sizes.sum()
        return float(self.sd * np.sqrt(variance) / sizes.sum())

    def detectable(self, seed: int, level: float = ALPHA) -> float:
        """What the gate prints as detectable, on the median night."""
        return float(np.median(self.nights(_TYPICAL, seed).mde(level)))


@dataclass(frozen=True)
class Nights:
    """Many comparisons on clusters of the same sizes, as `evaluation.statistics.paired.compare` would make them."""

    sizes: Values
    """Items in each cluster, shape (clusters,)."""
    sums: Values
    """Of the differences, shape (nights, clusters)."""
    seed: int = 1
    """Of the bootstrap."""

    @property
    def clusters(self) -> int:
        return len(self.sizes)

    @property
    def balance(self) -> float:
        """Effective clusters."""
        return effective_clusters(self.sizes.tolist()) or 1.0

    @cached_property
    def effect(self) -> Values:
        return np.asarray(self.sums.sum(axis=1) / self.sizes.sum())

    @cached_property
    def se(self) -> Values:
        rests = self.sums - self.effect[:, None] * self.sizes
        factor = self.clusters / (self.clusters - 1)
        return np.asarray(np.sqrt((rests**2).sum(axis=1) * factor) / self.sizes.sum())

    @cached_property
    def jackknife_se(self) -> Values:
        moves = (self.sums - self.effect[:, None] * self.sizes) / (self.sizes.sum() - self.sizes)
        return np.asarray(np.sqrt((moves**2).sum(axis=1) * (self.clusters - 1) / self.clusters))

    @cached_property
    def p_value(self) -> Values:
        return np.asarray(stdtr(self.clusters - 1, -self.effect / self.se))

    @cached_property
    def low(self) -> Values:
        return self._interval[0]

    @cached_property
    def high(self) -> Values:
        return self._interval[1]

    def mde(self, level: float = ALPHA) -> Values:
        return detectable_effect(1.0, self.balance, level) * self.jackknife_se

    def subset(self, which: Answers) -> Nights:
        return Nights(self.sizes, self.sums[which], self.seed)

    def first(self, clusters: int) -> Nights:
        """The same nights, when only the first clusters had arrived."""
        return Nights(self.sizes[:clusters], self.sums[:, :clusters], self.seed)

    @cached_property
    def _interval(self) -> tuple[Values, Values]:
        """The bootstrap's, from the same draws for every night."""
        drawn = draws(self.clusters, self.seed)
        tail = int(RESAMPLES * expanded_level(self.clusters))
        ends = np.empty((2, len(self.sums)))
        for begin in range(0, len(self.sums), _TOGETHER):
            part = slice(begin, begin + _TOGETHER)
            means = (drawn @ self.sums[part].T) / (drawn @ self.sizes)[:, None]
            means.partition((tail, RESAMPLES - 1 - tail), axis=0)
            ends[:, part] = means[tail], means[RESAMPLES - 1 - tail]
        return ends[0], ends[1]


@lru_cache(maxsize=4)
def draws(clusters: int, seed: int) -> Values:
    """How often each cluster is in each of the bootstrap's resamples, shape (resamples, clusters)."""
    rows = [np.bincount(row, minlength=clusters).astype(float) for block in resamples(clusters, seed) for row in block]
    return np.array(rows)


def even_sizes(items: int, clusters: int) -> tuple[int, ...]:
    return tuple(items // clusters + (rank < items % clusters) for rank in range(clusters))


def uneven_sizes(items: int, clusters: int) -> tuple[int, ...]:
    """Sizes that fall like 1/rank, at least one each: a few channels hold most of the items."""
    weights = 1 / np.arange(1, clusters + 1)
    extra = np.floor((items - clusters) * weights / weights.sum()).astype(int)
    extra[0] += items - clusters - extra.sum()
    return tuple((extra + 1).tolist())
