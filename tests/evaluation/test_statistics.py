"""Comparisons: known values, exact symmetries, and what happens with nothing or with no variance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.errors import BadInput
from evaluation.statistics.paired import (
    bootstrap_interval,
    by_cluster,
    cluster_se,
    compare,
    detectable_effect,
    deviation,
    effective_clusters,
    expanded_level,
    jackknife_se,
    mean,
    needed_items,
    non_inferiority_bound,
    standard_error,
    t_test,
)

items = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 100), st.sampled_from("abcdefg")), min_size=1, max_size=30
).map(lambda rows: tuple(zip(*rows, strict=True)))


def test_the_cluster_formula_by_hand():
    # mean 2; residual sums: a = −1 + 1 + 3 = 3, b = −3; (1/4) · sqrt(9 + 9) · sqrt(2)
    assert cluster_se({"a": [1.0, 3.0, 5.0], "b": [-1.0]}) == pytest.approx(1.5)


def test_clusters_of_one_item_give_the_usual_standard_error():
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]
    alone = {str(index): [value] for index, value in enumerate(values)}
    assert cluster_se(alone) == pytest.approx(np.std(values, ddof=1) / math.sqrt(6))
    assert deviation(values) == pytest.approx(np.std(values, ddof=1))


def test_the_t_test_agrees_with_scipy():
    from scipy.stats import ttest_1samp

    values = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0]
    found = compare(values, [0.0] * 7, list("abcdefg"), seed=1)
    assert found.p_value == pytest.approx(ttest_1samp(values, 0, alternative="greater").pvalue)


def test_published_t_quantiles():
    # Student's t with 9 degrees of freedom: 1.833 at 95 %, 0.883 at 80 %; the median of chi square is 8.343.
    assert detectable_effect(1.0, 10) == pytest.approx((1.833 + 0.883) * math.sqrt(9 / 8.343), abs=1e-3)
    assert non_inferiority_bound(1.0, 2.0, 10) == pytest.approx(1 - 2 * 1.833, abs=2e-3)
    assert t_test(1.833, 1.0, 10) == pytest.approx(0.05, abs=1e-4)


def test_the_published_sample_size():
    # σ_d 20 and 2 points need 619 items when they are independent and many (z in place of t).
    se = 20 / math.sqrt(10_000)
    assert needed_items(10_000, detectable_effect(se, 10_000), 2.0) == pytest.approx(619, abs=2)


def test_the_expanded_percentile_is_wider_for_few_clusters():
    assert expanded_level(10_000) == pytest.approx(0.05, abs=1e-3)
    assert expanded_level(24) == pytest.approx(0.040, abs=1e-3)
    assert expanded_level(5) < 0.01


def test_the_interval_is_near_the_normal_one_for_many_clusters():
    random = np.random.default_rng(3)
    groups = {f"{index:03d}": [float(value)] for index, value in enumerate(random.normal(1, 10, 300))}
    values = [group[0] for group in groups.values()]
    low, high = bootstrap_interval(groups, seed=1)
    centre, half = mean(values), 1.645 * cluster_se(groups)
    assert (low, high) == (pytest.approx(centre - half, abs=0.15), pytest.approx(centre + half, abs=0.15))


def test_whole_clusters_are_drawn():
    """A hundred alike items of two clusters say no more than two: the interval reaches both."""
    low, high = bootstrap_interval({"a": [0.0] * 90, "b": [10.0] * 10}, seed=1)
    assert (low, high) == (0, 10)


def test_nothing_is_not_evaluable():
    found = compare([], [], [], seed=1)
    assert (found.n, found.clusters) == (0, 0)
    assert {found.effect, found.mean_new, found.low, found.p_value, found.sd, found.mde, found.needed} == {None}


def test_one_cluster_has_an_effect_but_no_test():
    found = compare([3.0, 5.0], [1.0, 1.0], ["a", "a"], seed=1)
    assert (found.effect, found.sd) == (3.0, pytest.approx(math.sqrt(2)))
    assert {found.se, found.p_value, found.low, found.high, found.mde} == {None}


@pytest.mark.parametrize(("shift", "p_value"), [(0.1, 0.0), (0.0, 0.5), (-0.1, 1.0)])
def test_no_variance_is_exact(shift, p_value):
    found = compare([shift] * 45, [0.0] * 45, [str(index % 7) for index in range(45)], seed=1)
    assert (found.effect, found.low, found.high) == (shift, shift, shift)
    assert (found.se, found.sd, found.mde, found.p_value) == (0, 0, 0, p_value)


def test_clusters_that_cancel_out_are_not_certainty():
    groups = {name: [10.0, -9.0] for name in "abcde"}
    assert cluster_se(groups) == 0
    assert standard_error(groups) == pytest.approx(deviation([10.0, -9.0] * 5) / math.sqrt(10))


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_refused(odd):
    with pytest.raises(BadInput, match="item 1"):
        compare([1.0, odd], [1.0, 1.0], ["a", "b"], seed=1)
    with pytest.raises(BadInput, match="item 0"):
        compare([1.0, 1.0], [odd, 1.0], ["a", "b"], seed=1)


@pytest.mark.parametrize("huge", [1e200, -1e308])
def test_a_score_too_large_to_reckon_with_is_refused(huge):
    with pytest.raises(BadInput, match="item 2"):
        compare([1.0, 2.0, huge], [1.0, 1.0, 1.0], ["a", "b", "c"], seed=1)
    assert math.isfinite(compare([1e100, 2.0, -1e100], [0.0] * 3, ["a", "b", "c"], seed=1).mde)


def test_items_without_a_partner_are_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="shorter"):
        compare([1.0, 2.0], [1.0], ["a", "b"], seed=1)


@settings(max_examples=40)
@given(items, st.integers(0, 3))
def test_swapping_the_models_mirrors_everything(rows, seed):
    new, old, clusters = rows
    there, back = compare(new, old, clusters, seed), compare(old, new, clusters, seed)
    assert there.effect == -back.effect
    assert (there.mean_new, there.se, there.sd, there.mde) == (back.mean_old, back.se, back.sd, back.mde)
    assert (there.jackknife_se, there.effective_clusters) == (back.jackknife_se, back.effective_clusters)
    assert there.needed == back.needed
    if there.low is not None:
        assert (there.low, there.high) == (-back.high, -back.low)
        assert there.p_value + back.p_value == pytest.approx(1)


@settings(max_examples=40)
@given(items, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(rows, random):
    shuffled = list(zip(*rows, strict=True))
    random.shuffle(shuffled)
    assert compare(*zip(*shuffled, strict=True), seed=5) == compare(*rows, seed=5)


@settings(max_examples=40)
@given(items)
def test_a_model_against_itself_is_exactly_even(rows):
    new, _, clusters = rows
    found = compare(new, new, clusters, seed=1)
    assert found.effect == 0
    assert found.p_value in (None, 0.5)
    assert (found.low, found.high) in ((None, None), (0, 0))


@settings(max_examples=40)
@given(items)
def test_values_are_in_bounds(rows):
    found = compare(*rows, seed=2)
    if found.se is not None:
        assert found.low <= found.high
        assert 0 <= found.p_value <= 1
        assert found.se >= 0
    assert found.effect == pytest.approx(found.mean_new - found.mean_old, abs=1e-9)


def test_clusters_come_in_order_of_name():
    assert list(by_cluster([1.0, 2.0, 3.0], ["b", "a", "b"]).items()) == [("a", [2.0]), ("b", [1.0, 3.0])]


def test_effective_clusters_count_what_uneven_ones_are_worth():
    assert effective_clusters([5] * 12) == 12
    assert effective_clusters([96, 1, 1, 1, 1]) == pytest.approx(100**2 / (96**2 + 4))
    assert effective_clusters([7]) == 1
    assert effective_clusters([]) is None


def test_what_is_detectable_rests_on_the_clusters_that_count():
    """Half the items in one channel: neither the usual error nor the number of channels tells how little they say."""
    values = np.random.default_rng(5).normal(size=60).tolist()
    names = ["large"] * 30 + [f"small {index % 10}" for index in range(30)]
    found = compare(values, [0.0] * 60, names, seed=1)
    assert found.effective_clusters == pytest.approx(60**2 / (30**2 + 10 * 3**2))
    assert found.mde == detectable_effect(found.jackknife_se, found.effective_clusters)
    assert found.mde > 1.2 * detectable_effect(found.se, found.clusters)


def test_one_cluster_that_holds_nearly_all_leaves_one_degree_of_freedom():
    found = compare([*[5.0] * 500, 1.0, 2.0], [0.0] * 502, [*["a"] * 500, "b", "c"], seed=1)
    assert found.effective_clusters < 1.01
    assert found.mde == pytest.approx((6.314 + 1.376) * 1.4826 * found.jackknife_se, rel=1e-3)
    assert t_test(6.314, 1.0, 1.01) == pytest.approx(0.05, abs=1e-4)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40))
def test_effective_clusters_are_between_one_and_all(sizes):
    assert 1 <= effective_clusters(sizes) <= len(sizes) + 1e-9


def test_the_jackknife_by_hand():
    # mean 2; without a −1, without b 3: (1/2) · (9 + 1)
    assert jackknife_se({"a": [1.0, 3.0, 5.0], "b": [-1.0]}) == pytest.approx(math.sqrt(5))
    assert jackknife_se({"a": [1.0, 2.0]}) is None


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=2, max_size=12))
def test_the_jackknife_is_the_cluster_formula_where_clusters_are_even(rows):
    groups = {str(index): row for index, row in enumerate(rows)}
    assert jackknife_se(groups) == pytest.approx(standard_error(groups), rel=1e-6, abs=1e-9)


def test_the_jackknife_is_right_where_one_cluster_holds_much():
    random, sizes = np.random.default_rng(8), [60, 20, *[5] * 20]
    means, usual, jackknife = [], [], []
    for _ in range(600):
        shared = random.normal(size=len(sizes))
        groups = {str(c): (shared[c] + random.normal(size=size)).tolist() for c, size in enumerate(sizes)}
        means.append(sum(map(sum, groups.values())) / sum(sizes))
        usual.append(cluster_se(groups) ** 2)
        jackknife.append(jackknife_se(groups) ** 2)
    assert np.mean(usual) < 0.85 * np.var(means)
    assert np.mean(jackknife) == pytest.approx(np.var(means), rel=0.15)
