"""What is true, and items drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.betting import LARGEST_DIFFERENCE

Values = NDArray[np.float64]
Answers = NDArray[np.bool_]
COLLAPSE = -60.0
"""Points that a rare item loses, where there are such."""


@dataclass(frozen=True, slots=True)
class World:
    """How a contender differs from the champion on each of a night's items, in points."""

    sizes: tuple[int, ...]
    """Items in each cluster."""
    effect: float = 0.0
    """Mean of the contenders' true gains."""
    sd: float = 20.0
    """Spread between items; what rare collapses add comes on top."""
    icc: float = 0.0
    """The share of its variance that items of a cluster have in common."""
    effect_sd: float = 0.0
    """Spread of the contenders' true gains."""
    heavy: bool = False
    """Whether an item's own part has heavy tails (Student's t with 3 degrees of freedom) or is normal."""
    collapsing: float = 0.0
    """The share of items that lose 60 points. The others gain what makes `effect` the mean."""
    recurring: bool = True
    """Whether every night's items come from the same channels, with which a contender does as it did before; else from
    new ones."""

    def differences(self, gains: Values, shared: Values, random: np.random.Generator) -> Values:
        """A night's items, in order of their clusters, of contenders side by side: shape (items, contenders).

        `gains` are the contenders' true ones, shape (contenders,); `shared` is what each cluster's items have in
        common, of variance 1, shape (clusters, contenders).
        """
        shape = (sum(self.sizes), len(gains))
        own = random.standard_t(3, shape) / 3**0.5 if self.heavy else random.normal(size=shape)
        drawn = self.sd * (1 - self.icc) ** 0.5 * own
        if self.icc:
            drawn += self.sd * self.icc**0.5 * np.repeat(shared, self.sizes, axis=0)
        if self.collapsing:
            usual = (gains - COLLAPSE * self.collapsing) / (1 - self.collapsing)
            drawn += np.where(random.random(shape) < self.collapsing, COLLAPSE, usual)
        else:
            drawn += gains
        # F1 is within 0 to 100. With a spread of 20, this touches two normal items in a million.
        return np.asarray(np.clip(drawn, -LARGEST_DIFFERENCE, LARGEST_DIFFERENCE, out=drawn))

    def by_cluster(self, values: Values) -> Values:
        """Sums over each cluster's items, of one value for each item: shape (clusters, contenders)."""
        begins = np.concatenate(([0], np.cumsum(self.sizes)[:-1])).astype(np.intp)
        return np.asarray(np.add.reduceat(values, begins, axis=0))

    @property
    def se(self) -> float:
        """Of the mean difference, in truth; rare collapses aside."""
        sizes = np.array(self.sizes, dtype=float)
        variance = self.icc * (sizes**2).sum() + (1 - self.icc) * sizes.sum()
        return float(self.sd * np.sqrt(variance) / sizes.sum())


def even_sizes(items: int, clusters: int) -> tuple[int, ...]:
    return tuple(items // clusters + (rank < items % clusters) for rank in range(clusters))


def uneven_sizes(items: int, clusters: int) -> tuple[int, ...]:
    """Sizes that fall like 1/rank, at least one each: a few channels hold most of the items."""
    weights = 1 / np.arange(1, clusters + 1)
    extra = np.floor((items - clusters) * weights / weights.sum()).astype(int)
    extra[0] += items - clusters - extra.sum()
    return tuple((extra + 1).tolist())
