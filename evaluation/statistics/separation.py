"""Are these talks like those? Distances between two groups of talks that the field has, and how often chance alone
would part the groups as far.

A distance means little by itself: it grows as groups get smaller, and with the number of categories. So each is held
against what it is when the talks of both groups are dealt out again at random (Fisher's permutation test): the share of
deals that part them as far is its p value, whatever the distribution. It takes talks for exchangeable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Groups = NDArray[np.bool_]
"""Whether each talk is of the second group; of several deals, a row each."""
Distance = Callable[[Array, Groups], Array]
"""Of values (talks × columns) and deals (deals × talks): one number a deal."""
DEALS = 999
"""The least p value is 1 in 1,000: what is rarer needn't be told."""
_AT_ONCE = 250
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Separation:
    distance: float
    expected: float
    """Its mean over deals at random."""
    p_value: float

    @property
    def excess(self) -> float:
        """How far beyond chance."""
        return self.distance - self.expected


def separation(values: Array, second: Sequence[bool], distance: Distance, seed: int, deals: int = DEALS) -> Separation:
    """`values`: talks × columns; `second` tells the groups. p = (1 + deals as far)/(1 + deals), never too small
    (Phipson & Smyth 2010, "Permutation p-values should never be zero")."""
    as_it_is = np.array(second, dtype=bool)
    found = float(distance(values, as_it_is[None, :])[0])
    random = np.random.default_rng(seed)
    drawn = np.concatenate(
        [
            distance(values, random.permuted(np.tile(as_it_is, (min(_AT_ONCE, deals - done), 1)), axis=1))
            for done in range(0, deals, _AT_ONCE)
        ]
    )
    as_far = int(np.sum(drawn >= found - _SMALLEST))
    return Separation(found, float(drawn.mean()), (1 + as_far) / (1 + deals))


def kolmogorov_smirnov(values: Array, groups: Groups) -> Array:
    """The largest gap between the two distribution functions of the only column (two-sample KS): 0 to 1."""
    order = np.argsort(values[:, 0], kind="stable")
    ranked, second = values[order, 0], groups[:, order]
    last_of_equals = np.append(ranked[1:] != ranked[:-1], True)
    of_second = np.cumsum(second, axis=1) / second.sum(axis=1, keepdims=True)
    of_first = np.cumsum(~second, axis=1) / (~second).sum(axis=1, keepdims=True)
    gaps: Array = np.abs(of_second - of_first)[:, last_of_equals].max(axis=1)
    return gaps


def population_stability(values: Array, groups: Groups) -> Array:
    """Σ (q − p)·ln(q/p) over categories (PSI, as credit scoring has it): `values` has a column a category, with 1 where
    a talk is of it. Half a talk is added to each category of either group, so that an empty one is no infinity."""
    p, q = (_shares(totals + 0.5) for totals in _totals(values, groups))
    index: Array = ((q - p) * np.log(q / p)).sum(axis=1)
    return index


def jensen_shannon(values: Array, groups: Groups) -> Array:
    """The square root of the Jensen–Shannon divergence in bits, 0 to 1 (Endres & Schindelin 2003), between the groups'
    mean distributions: each row of `values` is a talk's own, so that a long talk weighs no more than a short one."""
    from scipy.special import entr

    p, q = (_shares(totals) for totals in _totals(values, groups))
    nats = (entr((p + q) / 2) - (entr(p) + entr(q)) / 2).sum(axis=1)
    distances: Array = np.sqrt(np.maximum(nats, 0.0) / np.log(2))
    return distances


def rise(values: Array, groups: Groups) -> Array:
    """By how much the second group's mean of the only column is higher."""
    first, second = _totals(values, groups)
    higher: Array = (second[:, 0] / groups.sum(axis=1)) - (first[:, 0] / (~groups).sum(axis=1))
    return higher


def _totals(values: Array, groups: Groups) -> tuple[Array, Array]:
    """Of the first group and of the second: deals × columns."""
    second: Array = groups.astype(float) @ values
    first: Array = np.maximum(values.sum(axis=0) - second, 0.0)  # rounding may leave less than nothing
    return first, second


def _shares(totals: Array) -> Array:
    shares: Array = totals / totals.sum(axis=1, keepdims=True)
    return shares
