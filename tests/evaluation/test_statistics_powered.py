"""Prediction-powered inference on paired differences: the published gains, coverage, and what makes it invalid."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.errors import BadInput
from evaluation.statistics.paired import compare, t_quantile
from evaluation.statistics.powered import (
    JudgeDifferences,
    combine,
    correlation,
    cross_fitted_weights,
    mean_weight,
    powered_error,
    rectified_differences,
)

DRAWS = 400


def drawn(
    random: np.random.Generator, rho: float, n: int = 100, more: int = 1000, effect: float = 0.0
) -> JudgeDifferences:
    """Differences with a spread of 20 points, and a judge on a scale of its own, biased by half a point of it."""
    judge = random.normal(size=n + more)
    human = effect + 20 * (rho * judge[:n] + math.sqrt(1 - rho**2) * random.normal(size=n))
    names = [str(index) for index in range(n + more)]
    judge = 0.5 + judge / 3
    return JudgeDifferences(*map(tuple, (human.tolist(), judge[:n].tolist(), names[:n], judge[n:].tolist(), names[n:])))


@pytest.mark.parametrize(("rho", "items"), [(0.4, 111), (0.6, 145), (0.8, 240)])
def test_the_published_gains(rho, items):
    """100 human and 1,000 judged items say as much as so many human ones, and the interval holds as it should."""
    random = np.random.default_rng(6)
    found = [combine(drawn(random, rho)) for _ in range(DRAWS)]
    errors = np.array([one.comparison.effect for one in found])
    assert (20 / errors.std()) ** 2 == pytest.approx(items, rel=0.18)
    covered = np.mean([one.comparison.low <= 0 <= one.comparison.high for one in found])
    assert 0.90 - 3 * math.sqrt(0.09 / DRAWS) <= covered
    wrong = np.mean([one.comparison.p_value <= 0.05 for one in found])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / DRAWS)


def coverage(worlds: Iterable[JudgeDifferences]) -> tuple[float, float]:
    """How often a 90 % interval holds the true effect, 0: with cross-fitted weights, and with one tuned on all items.

    Draws in which a judge's differences have no spread once an item is left out aren't combined, and don't count."""
    held, held_by_own_weight = [], []
    for judged in worlds:
        found = combine(judged)
        if found is None:
            continue
        held.append(found.comparison.low <= 0 <= found.comparison.high)
        slope = np.cov(judged.human, judged.judge)[0, 1] / np.var(judged.judge, ddof=1)
        own = dict.fromkeys(judged.clusters, slope / (1 + len(judged.human) / len(judged.more)))
        effect, se = np.mean(rectified_differences(judged, own)), powered_error(judged, own)
        held_by_own_weight.append(abs(effect) <= t_quantile(0.95, len(judged.human)) * se)
    return float(np.mean(held)), float(np.mean(held_by_own_weight))


def rarely_decided(random: np.random.Generator, n: int, more: int) -> JudgeDifferences:
    """A judge that mostly finds answers even, and people's differences wide where it doesn't."""
    judge = np.where(random.random(n + more) < 0.12, random.choice([-1.0, 1.0], n + more), 0.0)
    human = 10 * (0.5 * judge[:n] + (0.4 + 1.2 * abs(judge[:n])) * random.normal(size=n))
    names = [str(index) for index in range(n + more)]
    return JudgeDifferences(*map(tuple, (human.tolist(), judge[:n].tolist(), names[:n], judge[n:].tolist(), names[n:])))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "rare"), [(20, False), (50, False), (20, True), (50, True)])
def test_few_items_are_covered_as_promised(n, rare):
    """In 9 of 10 draws, to within what 600 can tell; with a weight tuned on its own items it is more seldom."""
    random, draws = np.random.default_rng(3), 600
    worlds = (rarely_decided(random, n, 200) if rare else drawn(random, 0.6, n, 200) for _ in range(draws))
    cross_fitted, own = coverage(worlds)
    assert cross_fitted >= 0.90 - 2 * math.sqrt(0.09 / draws)
    assert cross_fitted > own


def test_the_estimate_by_hand():
    judged = JudgeDifferences((1.0, 3.0, 5.0), (0.0, 1.0, 4.0), ("a", "b", "b"), (1.0, 1.0, 4.0), ("a", "b", "c"))
    rectified = rectified_differences(judged, {"a": 2.0, "b": 1.0})
    assert rectified == [1 - 2 * (0 - 2), 3 - 1 * (1 - 2), 5 - 1 * (4 - 2)]
    assert mean_weight(judged, {"a": 2.0, "b": 1.0}) == pytest.approx(4 / 3)
    assert correlation([1.0, 3.0], [0.0, 1.0]) == pytest.approx(1.0)


def test_the_error_without_clusters_is_the_published_variance():
    judged = drawn(np.random.default_rng(1), 0.7)
    weight = 3.0
    rests = np.array(judged.human) - weight * np.array(judged.judge)
    expected = rests.var(ddof=1) / 100 + weight**2 * np.var(judged.more, ddof=1) / 1000
    assert powered_error(judged, dict.fromkeys(judged.clusters, weight)) == pytest.approx(math.sqrt(expected), rel=0.01)


def test_alike_items_of_a_cluster_are_not_counted_as_strangers():
    random, errors, claimed = np.random.default_rng(2), [], []
    for _ in range(150):
        shared = random.normal(size=40)
        clusters = np.repeat(np.arange(40), 25)
        judge = 0.7 * shared[clusters] + 0.7 * random.normal(size=1000)
        chosen = np.arange(1000) % 5 == 0
        human = 10 * judge[chosen] + 10 * (0.7 * shared[clusters[chosen]] + 0.7 * random.normal(size=200))
        names = np.char.mod("%d", clusters)
        judged = JudgeDifferences(
            tuple(human.tolist()), tuple(judge[chosen].tolist()), tuple(names[chosen].tolist()),
            tuple(judge[~chosen].tolist()), tuple(names[~chosen].tolist()),
        )  # fmt: skip
        found = combine(judged)
        errors.append(found.comparison.effect)
        claimed.append(found.comparison.se)
    assert np.mean(claimed) == pytest.approx(np.std(errors), rel=0.2)


def test_a_worthless_judge_changes_nothing_and_a_perfect_one_much():
    random = np.random.default_rng(5)
    worthless, perfect = (combine(drawn(random, rho, n=200)) for rho in (0.0, 1.0))
    assert abs(worthless.rho) < 0.2 and perfect.rho == pytest.approx(1.0)
    alone = compare(drawn(random, 0.0, n=200).human, [0.0] * 200, [str(index) for index in range(200)], seed=1)
    assert worthless.comparison.se == pytest.approx(alone.se, rel=0.1)
    assert perfect.comparison.se == pytest.approx(20 / math.sqrt(1200), rel=0.1)
    assert perfect.judged == 1000


def test_the_judge_s_bias_and_scale_do_not_matter():
    judged = drawn(np.random.default_rng(7), 0.6)
    other = replace(
        judged, judge=tuple(7 + 100 * f for f in judged.judge), more=tuple(7 + 100 * f for f in judged.more)
    )
    one, two = combine(judged), combine(other)
    assert two.comparison.effect == pytest.approx(one.comparison.effect)
    assert two.comparison.se == pytest.approx(one.comparison.se)
    assert two.weight == pytest.approx(one.weight / 100)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_each_cluster_s_weight_is_tuned_on_all_the_others(seed, size):
    judged = drawn(np.random.default_rng(seed), 0.5, n=12, more=30)
    clusters = tuple(str(place // size) for place in range(12))
    weights = cross_fitted_weights(replace(judged, clusters=clusters))
    assert weights is not None and weights.keys() == set(clusters)
    for name, weight in weights.items():
        rest = [place for place in range(12) if clusters[place] != name]
        human, judge = (np.array(side)[rest] for side in (judged.human, judged.judge))
        assert weight == pytest.approx(np.cov(human, judge)[0, 1] / ((1 + 12 / 30) * judge.var(ddof=1)))


def test_names_and_order_of_items_change_nothing():
    judged = drawn(np.random.default_rng(4), 0.5, n=24, more=48)
    judged = replace(judged, clusters=tuple(str(at % 7) for at in range(24)))
    order = np.random.default_rng(5).permutation(24)
    human, judge, clusters = ([side[at] for at in order] for side in (judged.human, judged.judge, judged.clusters))
    turned = replace(
        judged, human=tuple(human), judge=tuple(judge), clusters=tuple(f"channel {name}" for name in clusters)
    )
    assert combine(turned).comparison.effect == pytest.approx(combine(judged).comparison.effect, abs=1e-12)
    assert combine(turned).comparison.se == pytest.approx(combine(judged).comparison.se, abs=1e-12)


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_swapping_the_models_mirrors_everything(seed):
    judged = drawn(np.random.default_rng(seed), 0.5, n=30, more=60)
    turned = JudgeDifferences(
        tuple(-y for y in judged.human), tuple(-f for f in judged.judge), judged.clusters,
        tuple(-f for f in judged.more), judged.more_clusters,
    )  # fmt: skip
    one, two = combine(judged), combine(turned)
    assert two.comparison.effect == pytest.approx(-one.comparison.effect)
    assert (two.rho, two.comparison.se) == (pytest.approx(one.rho), pytest.approx(one.comparison.se))
    assert one.comparison.p_value + two.comparison.p_value == pytest.approx(1)


@pytest.mark.parametrize("name", ["human", "judge", "more"])
@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_what_is_no_number_is_refused(name, odd):
    judged = drawn(np.random.default_rng(1), 0.5, n=10, more=10)
    broken = (odd, *getattr(judged, name)[1:])
    with pytest.raises(BadInput, match="no number"):
        combine(replace(judged, **{name: broken}))


def test_too_little_is_not_combined():
    judged = drawn(np.random.default_rng(1), 0.5, n=10, more=10)
    assert combine(replace(judged, more=(), more_clusters=())) is None
    assert combine(replace(judged, judge=(0.0,) * 10)) is None
    assert combine(replace(judged, human=(1.0,) * 10)) is None
    assert combine(replace(judged, clusters=("a",) * 10)) is None
    assert combine(JudgeDifferences((), (), (), (1.0,), ("a",))) is None
