"""Is one model better than another on the same items, and how sure may we be?

Items of one cluster (a channel, a series) are alike, so that a hundred of them say less than a hundred strangers; every
formula here takes that into account. Scores and differences are in points; tests are one-sided at `ALPHA`.
Sums are exact (`math.fsum`): the order of the items can't change a result, and swapping the two models mirrors it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from errata.documents.comparison import Comparison
from errata.errors import BadInput

ALPHA = 0.05
POWER = 0.80
RESAMPLES = 10_000
_BLOCK = 1_000
_CANCELLED = 1e-9
"""An SE this much smaller than the sd is rounding, not precision."""
LARGEST = 1e100
"""A score beyond it is a fault: its square is too large to be a number."""
_HOPELESS = 1e6
"""A detectable effect so many times the observed one: no number of items is worth naming."""


def compare(new: Sequence[float], old: Sequence[float], clusters: Sequence[str], seed: int) -> Comparison:
    """Compares paired scores; item i has `new[i]`, `old[i]` and belongs to `clusters[i]`.

    An item without a known cluster is a cluster of its own: give it a name of its own. Nothing to compare gives n = 0
    and None; a single cluster gives an effect, but no test.

    Raises BadInput when a score isn't a finite number: a missing score is never imputed.
    """
    differences = paired_differences(new, old)
    groups = by_cluster(differences, clusters)
    n, count = len(differences), len(groups)
    effect = mean(differences)
    se, robust = standard_error(groups), jackknife_se(groups)
    balance = effective_clusters([len(group) for group in groups.values()])
    low, high = bootstrap_interval(groups, seed)
    mde = None if robust is None or balance is None else detectable_effect(robust, balance)
    return Comparison(
        n=n,
        clusters=count,
        mean_new=mean(new),
        mean_old=mean(old),
        effect=effect,
        low=low,
        high=high,
        p_value=None if effect is None or se is None else t_test(effect, se, count),
        se=se,
        sd=deviation(differences),
        mde=mde,
        needed=None if effect is None or mde is None else needed_items(n, mde, effect),
        effective_clusters=balance,
        jackknife_se=robust,
    )


def paired_differences(new: Sequence[float], old: Sequence[float]) -> list[float]:
    """d_i = new_i − old_i. Raises BadInput at the first score that is no finite number, or larger than `LARGEST`."""
    for index, pair in enumerate(zip(new, old, strict=True)):
        if not all(abs(score) <= LARGEST for score in pair):  # false for NaN, too
            raise BadInput(
                f"item {index} has the scores {pair[0]} and {pair[1]}; every item needs two finite numbers, of "
                f"{LARGEST:.0e} at most"
            )
    return [after - before for after, before in zip(new, old, strict=True)]


def by_cluster(differences: Sequence[float], clusters: Sequence[str]) -> dict[str, list[float]]:
    """The differences of each cluster, clusters in order of name."""
    groups: dict[str, list[float]] = {name: [] for name in sorted(set(clusters))}
    for difference, name in zip(differences, clusters, strict=True):
        groups[name].append(difference)
    return groups


def mean(values: Sequence[float]) -> float | None:
    """None of nothing; of equal values, exactly that value."""
    if not values:
        return None
    # A sum of equal values, divided, may miss them by a rounding: then they would seem to have a spread.
    return values[0] if min(values) == max(values) else math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation (n − 1); None of fewer than two values."""
    centre = mean(values)
    if centre is None or len(values) < 2:
        return None
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def cluster_se(groups: Mapping[str, Sequence[float]]) -> float | None:
    """(1/n) · sqrt( Σ_c ( Σ_{i∈c} (d_i − mean) )² ) · sqrt( G/(G−1) ), for G clusters; None for fewer than two.

    Miller 2024, "Adding Error Bars to Evals" (arXiv 2411.00640), with the small-sample factor G/(G−1).
    """
    differences = list(chain.from_iterable(groups.values()))
    centre = mean(differences)
    if centre is None or len(groups) < 2:
        return None
    sums = [math.fsum(difference - centre for difference in group) for group in groups.values()]
    factor = len(groups) / (len(groups) - 1)
    return math.sqrt(math.fsum(total**2 for total in sums) * factor) / len(differences)


def standard_error(groups: Mapping[str, Sequence[float]]) -> float | None:
    """`cluster_se`, but the items' own SE, sd/sqrt(n), where the clusters' sums cancel out while their items differ.

    Each cluster of {+10, −9} would else have no error at all, and the smallest effect would be certain.
    """
    return _guarded_error(cluster_se(groups), groups)


def jackknife_se(groups: Mapping[str, Sequence[float]]) -> float | None:
    """sqrt( (G−1)/G · Σ_c (mean without c − mean)² ), with `standard_error`'s guard; None for fewer than two clusters.

    The cluster jackknife, CR3 (Bell & McCaffrey 2002; MacKinnon, Nielsen & Webb 2023, Journal of Applied Econometrics
    38(5)). It is `cluster_se` where clusters are of equal size; where one holds a fifth of the items, and they are
    alike, that is too small by a sixth, and this isn't.
    """
    differences = list(chain.from_iterable(groups.values()))
    centre = mean(differences)
    if centre is None or len(groups) < 2:
        return None
    n = len(differences)
    moves = [math.fsum(difference - centre for difference in group) / (n - len(group)) for group in groups.values()]
    factor = (len(groups) - 1) / len(groups)
    return _guarded_error(math.sqrt(factor * math.fsum(move**2 for move in moves)), groups)


def _guarded_error(se: float | None, groups: Mapping[str, Sequence[float]]) -> float | None:
    differences = list(chain.from_iterable(groups.values()))
    sd = deviation(differences)
    if se is None or sd is None:
        return None
    return sd / math.sqrt(len(differences)) if se < _CANCELLED * sd else se


def effective_clusters(sizes: Sequence[int]) -> float | None:
    """n² / Σ_c n_c², for clusters of n_c items and n in all; None of nothing.

    Carter, Schnepel & Steigerwald 2017 (Review of Economics and Statistics 99(4)), for the mean of items that are not
    alike. For items of a cluster that are all the same, theirs is (Σ n_c²)²/Σ n_c⁴, which leaves a test no power; with
    `jackknife_se` there is no need: at a level of 0.27 %, however alike the items and however uneven the clusters, a
    t test with this many clusters' degrees of freedom erred in 0.0 to 0.4 % of draws, and one with G−1 in up to 3 %.
    """
    return sum(sizes) ** 2 / sum(size**2 for size in sizes) if sizes else None


def degrees(clusters: float) -> float:
    """G−1 degrees of freedom, but 1 at least: effective clusters come near 1 where one holds nearly all the items."""
    return max(1.0, clusters - 1)


def t_test(effect: float, se: float, clusters: float) -> float:
    """One-sided p of effect/se under Student's t with G−1 degrees of freedom (Cameron & Miller 2015, on few clusters).

    Without any variance the limit holds: 0 above no effect, ½ at it and 1 below it.
    """
    if se == 0:
        return 0.5 - 0.5 * float(np.sign(effect))
    from scipy.special import stdtr

    return float(stdtr(degrees(clusters), -effect / se))


def bootstrap_interval(groups: Mapping[str, Sequence[float]], seed: int) -> tuple[float | None, float | None]:
    """Two-sided 90 % interval of the mean from `RESAMPLES` draws of whole clusters; None for fewer than two clusters.

    Paired cluster bootstrap (Davison & Hinkley 1997) with expanded percentiles (Hesterberg 2015, The American
    Statistician 69(4)): plain percentiles are too narrow by sqrt((G−1)/G) and by z in place of t, a third at five
    clusters. BCa mends skewness, but not that, and its acceleration can't be told from five clusters.
    `python -m registry.simulate` prints the coverage. The draws depend on seed and number of clusters alone, so that
    swapping the models mirrors the interval.
    """
    count = len(groups)
    if count < 2:
        return None, None
    totals = np.array([math.fsum(group) for group in groups.values()])
    sizes = np.array([len(group) for group in groups.values()])
    if len(set(chain.from_iterable(groups.values()))) == 1:
        # Of equal differences every mean is that difference, which sums and quotients would miss by a rounding.
        difference = next(iter(groups.values()))[0]
        return difference, difference
    # A resample's mean is that of its items, not of its clusters' means: larger clusters count for more.
    means = np.concatenate([totals[draw].sum(axis=1) / sizes[draw].sum(axis=1) for draw in resamples(count, seed)])
    means.sort()
    tail = int(RESAMPLES * expanded_level(count))
    return float(means[tail]), float(means[RESAMPLES - 1 - tail])


def resamples(clusters: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """`RESAMPLES` draws of as many clusters as there are, with replacement, in blocks of shape (draws, clusters)."""
    random = np.random.default_rng(seed)
    for _ in range(0, RESAMPLES, _BLOCK):
        yield random.integers(clusters, size=(_BLOCK, clusters))


def expanded_level(clusters: int) -> float:
    """Φ( −sqrt(G/(G−1)) · t_{1−α, G−1} ): the share of resamples cut off on each side (Hesterberg 2015)."""
    from scipy.special import ndtr

    return float(ndtr(-math.sqrt(clusters / (clusters - 1)) * t_quantile(1 - ALPHA, clusters)))


def t_quantile(level: float, clusters: float) -> float:
    """Of Student's t with G−1 degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees(clusters), level))


def detectable_effect(se: float, clusters: float, alpha: float = ALPHA) -> float:
    """(t_{1−α} + t_{power}) · SE · sqrt(ν/χ²_{½}), ν = G−1 degrees of freedom (Bloom 1995, Evaluation Review 19(5)).

    The last factor makes it median-unbiased (Brown 1947, Annals of Mathematical Statistics 18(4)): the SE of few
    clusters is too small more often than too large, by a twelfth on the median night of five.
    """
    from scipy.special import chdtri

    freedom = degrees(clusters)
    typical = math.sqrt(freedom / float(chdtri(freedom, 0.5)))
    return (t_quantile(1 - alpha, clusters) + t_quantile(POWER, clusters)) * typical * se


def needed_items(n: int, mde: float, effect: float) -> int | None:
    """n · (mde/effect)² items detect `effect`; None for an effect that is 0 or as good as.

    This is ((t_{1−α} + t_{power}) · σ_d/effect)² · deff with the design effect deff = n · SE²/σ_d² measured on the n
    items (Miller 2024), if further items come in clusters like these; rather too many where clusters are few.
    """
    if effect == 0 or mde > _HOPELESS * abs(effect):
        return None
    return math.ceil(n * (mde / effect) ** 2)


def non_inferiority_bound(effect: float, se: float, clusters: float) -> float:
    """effect − t_{1−α, G−1} · SE: not worse by more than a margin m if this is at least −m.

    The one-sided confidence bound of the non-inferiority test (Wellek 2010).
    """
    return effect - t_quantile(1 - ALPHA, clusters) * se
