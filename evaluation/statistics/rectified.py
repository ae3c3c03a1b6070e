"""What a gain is where reviewers saw a draft: every item's difference, rectified by what the blind ones show.

Who edits a draft leaves much of it standing, so that the label favours whoever drafted it. Of the items of stratum s
(blind, drafted by the champion, drafted by another) the mean difference, contender minus champion, is

    mean_s = gain − lean · advantage_s + error,

where the `advantage` of an item is how much nearer the champion's answer lies to the draft that was shown than the
contender's: F1 of the one against the draft minus F1 of the other. It is 0 on a blind item, 100 minus the models'
agreement where the champion drafted, and the opposite where the contender did. So two models that answer alike have no
lean between them, and drafts drawn at random from both cancel out, whatever the lean is.

The lean belongs to reviewers, not to a contender. Each night's blind items give one measurement of it (`measure_lean`),
so many that nights together know it (`pool_leans`), and tonight's items are rectified by it (`rectify`): prediction-
powered inference (Angelopoulos, Bates, Fannjiang, Jordan & Zrnic 2023, Science 382, arXiv 2301.09633) with drafted
labels in the place of a model's predictions, and a rectifier that is gathered over nights.

What is assumed: whether a draft is shown, and whose, doesn't depend on the item (it is drawn by a hash), so that blind
and drafted items are alike but for their labels; and tonight's lean is one more draw from those of the nights before.
Items that nobody drew are `undrawn`: chapters that came with the talk, and labels of which it isn't known what their
reviewer saw. They count as they are, for their share of the items, and tell nothing of the lean.

Arrays may have leading axes, for many nights at once: `registry.simulate` measures with the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from errata.documents.comparison import Comparison
from evaluation.statistics.paired import ALPHA, detectable_effect, deviation, needed_items, t_quantile, t_test
from evaluation.statistics.pooled import between_variances

Values = NDArray[np.float64]
DraftSource = Literal["blind", "champion", "another", "undrawn"]
SOURCES: tuple[DraftSource, ...] = get_args(DraftSource)
_UNDRAWN = SOURCES.index("undrawn")
_NO_SPREAD = 1e-100
"""A variance of differences, in points squared, whose inverse may be too large to be a number."""
_SAME = 1e-12
"""Strata whose advantages differ by less, relatively, differ by rounding."""
_CANCELLED = 1e-9
"""An error this much smaller than the items' own is rounding, not precision; as in `paired`."""


@dataclass(frozen=True, slots=True)
class LabelledDifference:
    """An item that both models answered, and what its label was made from."""

    difference: float
    """Contender minus champion, in points of F1."""
    cluster: str
    source: DraftSource
    advantage: float
    """F1 of the champion's answer against the draft, minus the contender's; 0 of blind and of undrawn items."""


@dataclass(frozen=True, slots=True)
class DraftCells:
    """Sums over the items of each source and cluster; shape (..., sources, clusters), sources as in `SOURCES`."""

    count: Values
    difference: Values
    advantage: Values
    squares: Values
    """Of the differences, by source: shape (..., sources)."""

    @classmethod
    def of(cls, items: Sequence[LabelledDifference]) -> DraftCells:
        """Clusters in order of name, and sums exact: the order of the items can't change a result."""
        clusters = sorted({item.cluster for item in items})
        cells: dict[tuple[DraftSource, str], list[LabelledDifference]] = {}
        for item in items:
            cells.setdefault((item.source, item.cluster), []).append(item)
        count, difference, advantage = np.zeros((3, len(SOURCES), len(clusters)))
        for (source, cluster), alike in cells.items():
            place = SOURCES.index(source), clusters.index(cluster)
            count[place] = len(alike)
            difference[place] = math.fsum(item.difference for item in alike)
            advantage[place] = math.fsum(item.advantage for item in alike)
        squares = [math.fsum(item.difference**2 for item in items if item.source == source) for source in SOURCES]
        return cls(count, difference, advantage, np.array(squares))

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Sources whose items come from two clusters at least: of fewer nobody knows how sure they are."""
        return np.asarray((self.count > 0).sum(axis=-1) > 1)

    @property
    def items(self) -> Values:
        """Of each usable source, shape (..., sources); 0 of others."""
        return np.where(self.usable, self.count.sum(axis=-1), 0.0)

    def mean(self, sums: Values) -> Values:
        """By source, of `difference` or `advantage`; 0 of a source that isn't usable."""
        return np.where(self.usable, sums.sum(axis=-1) / np.maximum(self.count.sum(axis=-1), 1), 0.0)

    @property
    def residuals(self) -> Values:
        """Σ (d_i − mean)² of each usable source."""
        return np.where(self.usable, np.maximum(self.squares - self.items * self.mean(self.difference) ** 2, 0.0), 0.0)

    @property
    def precision(self) -> Values:
        """n_s/σ² of each source's mean, σ² pooled over the sources; 0 of undrawn items. Of differences without any
        spread it is n_s: then the items' numbers alone weigh."""
        freedom = np.maximum(self.items.sum(axis=-1) - self.usable.sum(axis=-1), 1.0)
        variance = (self.residuals.sum(axis=-1) / freedom)[..., None]
        drawn = np.where(np.arange(len(SOURCES)) == _UNDRAWN, 0.0, self.items)
        return np.asarray(drawn / np.where(variance > _NO_SPREAD, variance, 1.0))


@dataclass(frozen=True, slots=True)
class PooledLean:
    """Points of F1 that a drafted label takes from a contender for each point of the champion's advantage, as of the
    nights so far; shapes (...)."""

    value: Values
    variance: Values
    """Of a new night's lean around `value`; infinite where nothing is known."""
    freedom: Values
    """Degrees of freedom of `variance`."""

    @property
    def precision(self) -> Values:
        """What it weighs: 1 over the variance of Student's t, variance · ν/(ν−2) at ν degrees of freedom. Up to two,
        which is up to three nights, that is nothing: they can't tell how nights differ."""
        return np.asarray(np.maximum(0.0, 1 - 2 / self.freedom) / self.variance)


UNKNOWN_LEAN = PooledLean(np.array(0.0), np.array(np.inf), np.array(1.0))


@dataclass(frozen=True, slots=True)
class RectifiedEstimate:
    """Shapes (...), NaN where drafted items are all that was drawn and the lean isn't known."""

    effect: Values
    items_error: Values
    """What the items leave open, by the cluster jackknife."""
    lean_error: Values
    """What the lean of earlier nights leaves open."""
    freedom: Values
    weights: Values
    """Of each source's mean, shape (..., sources): they sum to 1."""
    lean: Values
    """Tonight's, by the nights before and tonight's items."""

    @property
    def se(self) -> Values:
        return np.hypot(self.items_error, self.lean_error)


def measure_lean(cells: DraftCells) -> tuple[Values, Values]:
    """One night's lean and its SE, shapes (...); infinite where its sources don't differ in advantage.

    The slope of the sources' means over their advantages, least squares weighted by n_s/σ². Clusters that are alike
    make it less sure than the SE says: that shows as spread between nights, which `pool_leans` measures.
    """
    return _update(cells, UNKNOWN_LEAN)


def _update(cells: DraftCells, lean: PooledLean) -> tuple[Values, Values]:
    """The lean and its SE by the cells and what was known before them."""
    advantage, precision, known = cells.mean(cells.advantage), cells.precision, lean.precision
    centre, scatter = _scatter(advantage, precision)
    slopes = (precision * (advantage - centre[..., None]) * cells.mean(cells.difference)).sum(axis=-1)
    certainty = scatter + known
    with np.errstate(divide="ignore"):
        error = 1 / np.sqrt(certainty)
    return (lean.value * known - slopes) / np.where(certainty > 0, certainty, 1.0), error


def pool_leans(leans: Values, errors: Values) -> PooledLean:
    """What nights' leans and SEs, shapes (..., nights), say of the next one; a night of infinite SE says nothing.

    A random-effects model: τ² between nights by DerSimonian & Laird 1986 (Controlled Clinical Trials 7(3)), the mean
    with weights 1/(SE² + τ²), and for a new night its variance and τ² together, with k−1 degrees of freedom (Higgins,
    Thompson & Spiegelhalter 2009, JRSS A 172(1), who take k−2 and see little between the two). One night says nothing
    of the spread between nights.
    """
    between = between_variances(leans, errors)
    weights = 1 / (errors**2 + between[..., None])
    total, nights = weights.sum(axis=-1), np.isfinite(errors).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(total > 0, (weights * leans).sum(axis=-1) / total, 0.0)
        variance = np.where(nights > 1, 1 / total + between, np.inf)
    return PooledLean(np.asarray(value), np.asarray(variance), np.maximum(nights - 1.0, 1.0))


def rectify(cells: DraftCells, lean: PooledLean) -> RectifiedEstimate:
    """The gain, by generalised least squares of the sources' means with the lean of earlier nights as one more datum.

    The weights are those of known σ²/n_s and of `lean`'s precision; the items' part of the error is the cluster
    jackknife's, at those weights (`paired.jackknife_se`: the blind and drafted items of one channel are left out
    together), the lean's part is |Σ w_s·advantage_s| · SE(lean), and degrees of freedom are Satterthwaite's (1946,
    Biometrics Bulletin 2(6)). With nothing known of the lean, and the champion's drafts alone, that is the blind mean.
    """
    advantage, precision, items = cells.mean(cells.advantage), cells.precision, cells.items
    undrawn = np.where(precision > 0, 0.0, items) / np.maximum(items.sum(axis=-1, keepdims=True), 1.0)
    drawn = np.where(precision > 0, _weights(advantage, precision, lean.precision), 0.0)
    weights = undrawn + (1 - undrawn.sum(axis=-1, keepdims=True)) * drawn
    # An infinite variance that counts for nothing is no error: the weights leave the lean out.
    known = np.where(np.isinf(lean.variance), 0.0, lean.variance)
    lean_error = np.abs((weights * advantage).sum(axis=-1)) * np.sqrt(known)
    rectified = cells.difference + lean.value[..., None, None] * cells.advantage
    items_error, clusters = _jackknife(cells, rectified, weights)
    updated, _ = _update(cells, lean)
    return RectifiedEstimate(
        effect=np.asarray((weights * cells.mean(rectified)).sum(axis=-1)),
        items_error=items_error,
        lean_error=lean_error,
        freedom=_satterthwaite(items_error**2, np.maximum(clusters - 1, 1.0), lean_error**2, lean.freedom),
        weights=weights,
        lean=updated,
    )


def _scatter(advantage: Values, precision: Values) -> tuple[Values, Values]:
    """The sources' mean advantage, and Σ p_s·(advantage_s − mean)² around it; 0 where it is rounding."""
    total = np.maximum(precision.sum(axis=-1), np.finfo(float).tiny)
    centre = (precision * advantage).sum(axis=-1) / total
    scatter = (precision * (advantage - centre[..., None]) ** 2).sum(axis=-1)
    rounding = _SAME * (precision * advantage**2).sum(axis=-1)
    return np.asarray(centre), np.where(scatter > rounding, scatter, 0.0)


def _weights(advantage: Values, precision: Values, known: Values) -> Values:
    """(p_s/P) · (1 − P·ā·(a_s − ā)/(C + 1/v)), P = Σ p_s, ā and C as `_scatter` gives them: of the intercept.

    `known` is 1/v, the precision of earlier nights. NaN where neither the sources (C) nor they tell lean from gain, and
    there is one.
    """
    total = precision.sum(axis=-1, keepdims=True)
    centre, scatter = (part[..., None] for part in _scatter(advantage, precision))
    certainty = scatter + known[..., None]
    slope = total * centre / np.where(certainty > 0, certainty, np.where(centre == 0, 1.0, np.nan))
    return np.asarray(precision / np.where(total > 0, total, np.nan) * (1 - slope * (advantage - centre)))


def _jackknife(cells: DraftCells, sums: Values, weights: Values) -> tuple[Values, Values]:
    """The error of Σ w_s · mean_s when clusters are left out in turn, and as many even clusters as hold as much.

    The latter is 1/Σ_c u_c² for clusters of which the estimate takes the shares u_c: `paired.effective_clusters` of
    weighted items.
    """
    items = cells.items[..., None]
    used = cells.usable[..., None] & (np.abs(weights[..., None]) > _SAME)
    rests = sums - cells.mean(sums)[..., None] * cells.count
    moves = weights[..., None] * np.where(used, rests / np.where(used, items - cells.count, 1.0), 0.0)
    present = ((cells.count > 0) & used).any(axis=-2)
    clusters = np.maximum(present.sum(axis=-1), 1)
    error = np.sqrt((clusters - 1) / clusters * (moves.sum(axis=-2) ** 2).sum(axis=-1))
    shares = (weights[..., None] * np.where(used, cells.count / np.where(used, items, 1.0), 0.0)).sum(axis=-2)
    variances = cells.residuals / np.maximum(cells.items - 1, 1.0) / np.maximum(cells.items, 1.0)
    by_item = np.sqrt((weights**2 * variances).sum(axis=-1))
    guarded = np.where(error < _CANCELLED * by_item, by_item, error)
    return guarded, np.asarray(1 / np.maximum((shares**2).sum(axis=-1), np.finfo(float).tiny))


def _satterthwaite(one: Values, its_freedom: Values, other: Values, others_freedom: Values) -> Values:
    """Degrees of freedom of the sum of two independent variances."""
    total = (one + other) ** 2
    parts = one**2 / its_freedom + other**2 / others_freedom
    return np.asarray(np.where(total > 0, total / np.where(total > 0, parts, 1.0), its_freedom))


def rectified_comparison(items: Sequence[LabelledDifference], lean: PooledLean) -> Comparison | None:
    """`rectify` as the gate takes it, of the items that count; None where nothing tells lean from gain, and of a
    single cluster.

    Its clusters are those of the items, its effective clusters one more than its degrees of freedom, and its interval
    is Student's. With an endless number of items like these the lean would still leave `lean_error` open: `needed` is
    what it would take if more of them settled that, too, as more blind ones do.
    """
    estimate = rectify(DraftCells.of(items), lean)
    counted = _counted(items, estimate)
    if not counted or not math.isfinite(float(estimate.effect)):
        return None
    effect, se, clusters = float(estimate.effect), float(estimate.se), float(estimate.freedom) + 1
    reach = t_quantile(1 - ALPHA, clusters) * se
    mde = detectable_effect(se, clusters)
    return Comparison(
        n=len(counted),
        clusters=len({item.cluster for item in counted}),
        mean_new=None,
        mean_old=None,
        effect=effect,
        low=effect - reach,
        high=effect + reach,
        p_value=t_test(effect, se, clusters),
        se=se,
        sd=deviation([item.difference for item in counted]),
        mde=mde,
        needed=needed_items(len(counted), mde, effect),
        effective_clusters=clusters,
        jackknife_se=se,
    )


def counted_items(items: Sequence[LabelledDifference], lean: PooledLean) -> list[LabelledDifference]:
    """Those of the sources that `rectify` gives a weight."""
    return _counted(items, rectify(DraftCells.of(items), lean))


def _counted(items: Sequence[LabelledDifference], estimate: RectifiedEstimate) -> list[LabelledDifference]:
    weight = dict(zip(SOURCES, estimate.weights.tolist(), strict=True))
    return [item for item in items if abs(weight[item.source]) > _SAME]


def lean_bounds(items: Sequence[LabelledDifference], lean: PooledLean) -> tuple[float, float]:
    """Two-sided 90 % interval of tonight's lean by the nights before and the items; infinite where neither tells."""
    value, error = (float(part) for part in _update(DraftCells.of(items), lean))
    reach = t_quantile(1 - ALPHA, len(items)) * error
    return value - reach, value + reach


def rectified_differences(items: Sequence[LabelledDifference], lean: float) -> list[float]:
    """Each item's difference as if its label had been made blind, if labels lean so far: within ±100, as F1 allows.

    At tonight's lean (`RectifiedEstimate.lean`) their mean is the gain, where every source counts.
    """
    # No advantage, no lean: even one that nobody knows, which is infinite.
    moves = [lean * item.advantage if item.advantage else 0.0 for item in items]
    return [min(100.0, max(-100.0, item.difference + move)) for item, move in zip(items, moves, strict=True)]
