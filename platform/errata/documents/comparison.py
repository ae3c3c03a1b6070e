"""One model's scores minus another's on the same items, and how sure that is; `evaluation.statistics` makes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Comparison:
    """New minus old on the same items. None where too few items or clusters leave a value undefined."""

    n: int
    clusters: int
    mean_new: float | None
    mean_old: float | None
    effect: float | None
    low: float | None
    """Two-sided 90 % interval of the effect: each end is one-sided 95 %, as the test is."""
    high: float | None
    p_value: float | None
    """One-sided: how often a difference as large as this appears when the new model isn't better."""
    se: float | None
    sd: float | None
    """Of the differences between items."""
    mde: float | None
    """The smallest true effect that this many items would detect 80 times in 100. By `jackknife_se` and
    `effective_clusters`: where clusters are uneven, `se` and their number promise too much."""
    needed: int | None
    """Items in all at which an effect of the observed size would be detected 80 times in 100, or harm of that size
    shown; None when the effect is 0."""
    effective_clusters: float | None = None
    """As many clusters of equal size hold as much; None of nothing, and in what was written before it was counted."""
    jackknife_se: float | None = None
    """Like `se`, and right where a few clusters hold most of the items."""
    better_wealth: float | None = None
    """Natural logarithm of the e-value against "no better than the least effect that counts", see
    `evaluation.statistics.betting`; None where nobody bet."""
    worse_wealth: float | None = None
    """The same against "no worse"."""
    labelled_effect: float | None = None
    """Where `effect` is rectified by how far labels lean towards their drafts: the effect as the labels are."""


NOTHING = Comparison(
    n=0, clusters=0, mean_new=None, mean_old=None, effect=None, low=None, high=None, p_value=None, se=None, sd=None,
    mde=None, needed=None,
)  # fmt: skip
"""Of no items at all."""


@dataclass(frozen=True, slots=True)
class Powered:
    """A comparison that a judge helps, and what tells whether to believe it."""

    comparison: Comparison
    """Of the human items, with the judge's help: its `n` is people's items, and (sd/se)² the independent human items
    that would say as much."""
    judged: int
    """Items that the judge alone judged."""
    rho: float
    """Correlation of the judge's differences with people's."""
    weight: float
    """λ: points of F1 that one unit of the judge's difference counts for."""
