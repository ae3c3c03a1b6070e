"""A gain where reviewers saw drafts: rectified by the blind items, and by what earlier nights say of the lean."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from evaluation.statistics.paired import compare
from evaluation.statistics.rectified import (
    SOURCES,
    UNKNOWN_LEAN,
    DraftCells,
    LabelledDifference,
    PooledLean,
    lean_bounds,
    measure_lean,
    pool_leans,
    rectified_comparison,
    rectified_differences,
    rectify,
)

KNOWN = PooledLean(np.array(0.2), np.array(0.05**2), np.array(9.0))

differences = st.floats(-50, 50)
clusters = st.sampled_from("abcd")
blind = st.builds(LabelledDifference, differences, clusters, st.just("blind"), st.just(0.0))
by_champion = st.builds(LabelledDifference, differences, clusters, st.just("champion"), st.floats(1, 100))
by_another = st.builds(LabelledDifference, differences, clusters, st.just("another"), st.floats(-100, -1))

undrawn = st.builds(LabelledDifference, differences, clusters, st.just("undrawn"), st.just(0.0))


def of_two_clusters(items):
    return all(
        len({item.cluster for item in items if item.source == source}) > 1 for source in {i.source for i in items}
    )


def some(*kinds):
    """Items of each of the kinds, each of two clusters at least."""
    lists = [st.lists(kind, min_size=2, max_size=8).filter(of_two_clusters) for kind in kinds]
    return st.tuples(*lists).map(lambda parts: [item for part in parts for item in part])


@given(some(blind))
def test_blind_items_alone_are_the_usual_comparison(items):
    one = rectified_comparison(items, KNOWN)
    usual = compare([item.difference for item in items], [0.0] * len(items), [item.cluster for item in items], seed=1)
    assert (one.n, one.clusters) == (usual.n, usual.clusters)
    assert one.effect == pytest.approx(usual.effect, abs=1e-9)
    assert one.jackknife_se == pytest.approx(usual.jackknife_se, abs=1e-6)
    assert one.effective_clusters == pytest.approx(max(2.0, usual.effective_clusters))


@given(some(blind, by_champion))
def test_while_nothing_is_known_of_the_lean_blind_items_decide_alone(items):
    alone = rectified_comparison([item for item in items if item.source == "blind"], UNKNOWN_LEAN)
    assert rectified_comparison(items, UNKNOWN_LEAN).n == alone.n
    assert rectified_comparison(items, UNKNOWN_LEAN).effect == pytest.approx(alone.effect, abs=1e-6)
    assert rectified_comparison(items, UNKNOWN_LEAN).se == pytest.approx(alone.se, abs=1e-6)


def test_a_spread_too_small_for_its_square_is_none():
    items = [LabelledDifference(value, cluster, "blind", 0.0) for value, cluster in ((0.0, "a"), (9.1e-158, "b"))]
    items += [LabelledDifference(0.0, cluster, "champion", 1.0) for cluster in "ab"]
    assert rectified_comparison(items, UNKNOWN_LEAN).n == 2


@given(some(by_champion))
def test_drafted_items_alone_and_nothing_known_are_no_estimate(items):
    same = [replace(item, advantage=40.0) for item in items]
    assert rectified_comparison(same, UNKNOWN_LEAN) is None
    assert measure_lean(DraftCells.of(items))[1] == np.inf


@given(some(blind, by_champion, by_another), some(undrawn), st.floats(0.01, 1))
def test_it_is_least_squares_with_the_earlier_nights_as_one_more_datum(drawn, others, sd):
    """Of the drawn items; the others count as they are, for their share."""
    cells, known = DraftCells.of(drawn + others), PooledLean(np.array(0.3), np.array(7 / 9 * sd**2), np.array(9.0))
    estimate = rectify(cells, known)
    root = np.sqrt(cells.precision)
    rows = np.vstack([np.stack([root, -root * cells.mean(cells.advantage)], axis=1), [0, 1 / sd]])
    values = np.append(root * cells.mean(cells.difference), 0.3 / sd)
    gain, lean = np.linalg.lstsq(rows, values)[0]
    share, as_they_are = len(others) / len(drawn + others), np.mean([item.difference for item in others])
    assert estimate.effect == pytest.approx(share * as_they_are + (1 - share) * gain, rel=1e-6, abs=1e-5)
    assert estimate.lean == pytest.approx(lean, rel=1e-6, abs=1e-5)
    low, high = lean_bounds(drawn + others, known)
    assert (low + high) / 2 == pytest.approx(lean, rel=1e-6, abs=1e-5)
    error = np.sqrt(np.linalg.inv(rows.T @ rows)[1, 1])
    assert high - low == pytest.approx(2 * stdtrit(len(drawn + others) - 1, 0.95) * error)
    assert estimate.weights.sum() == pytest.approx(1)


@given(some(undrawn))
def test_undrawn_items_alone_are_as_they_are(items):
    estimate = rectify(DraftCells.of(items), KNOWN)
    assert lean_bounds(items, UNKNOWN_LEAN) == (-np.inf, np.inf)
    assert estimate.effect == pytest.approx(np.mean([item.difference for item in items]))
    assert (estimate.lean, estimate.lean_error) == (pytest.approx(KNOWN.value), 0)


@given(some(blind, by_champion, by_another), st.floats(-0.5, 0.5))
def test_whatever_the_lean_is_strata_that_tell_it_take_it_out(items, lean):
    """Nothing is known beforehand, and every label leans by its source's advantage."""
    cells = replace(DraftCells.of(items), squares=np.zeros(len(SOURCES)))  # the same weights for both
    shift = lean * cells.mean(cells.advantage)[:, None] * cells.count
    one, other = (
        rectify(cells, UNKNOWN_LEAN),
        rectify(replace(cells, difference=cells.difference - shift), UNKNOWN_LEAN),
    )
    assert other.effect == pytest.approx(one.effect, abs=1e-5)


@given(some(blind, by_champion, by_another))
def test_swapping_the_models_mirrors_it_and_order_is_nothing(items):
    sources = {"blind": "blind", "champion": "another", "another": "champion"}
    swapped = [
        replace(item, difference=-item.difference, advantage=-item.advantage, source=sources[item.source])
        for item in items
    ]
    one = rectified_comparison(items, KNOWN)
    other = rectified_comparison(swapped, KNOWN)
    assert (other.effect, other.low, other.se) == pytest.approx((-one.effect, -one.high, one.se))
    assert rectified_comparison(items[::-1], KNOWN) == one


def test_two_models_that_answer_alike_differ_by_nothing_however_labels_lean():
    sources = ["blind", "champion", "champion", "another"] * 6
    items = [LabelledDifference(0.0, f"c{at % 5}", source, 0.0) for at, source in enumerate(sources)]
    one = rectified_comparison(items, KNOWN)
    assert (one.effect, one.se, one.p_value, one.n) == (0.0, 0.0, 0.5, 24)


@given(some(blind, by_champion, by_another))
def test_item_by_item_the_gain_is_the_mean_of_what_blind_labels_would_say(items):
    within = [replace(item, difference=item.difference / 2, advantage=item.advantage / 2) for item in items]
    estimate = rectify(DraftCells.of(within), KNOWN)
    if abs(float(estimate.lean)) < 0.5:  # no difference leaves ±100
        assert np.mean(rectified_differences(within, float(estimate.lean))) == pytest.approx(estimate.effect, abs=1e-6)
    assert rectified_differences([LabelledDifference(90.0, "a", "champion", 80.0)], 0.5) == [100.0]


def test_clusters_whose_sums_cancel_out_are_not_certain():
    """Each has a gain of 10 and a loss of 9 of either source: without the items' own error all would be sure."""
    items = [
        LabelledDifference(difference, f"c{at}", source, 0.0)
        for at in range(6)
        for source in ("blind", "champion")
        for difference in (10.0, -9.0)
    ]
    one = rectified_comparison(items, KNOWN)
    assert one.effect == pytest.approx(0.5) and one.se == pytest.approx(one.sd / 24**0.5, rel=0.05)
    assert one.p_value > 0.3


def test_a_source_of_one_cluster_does_not_count():
    items = [LabelledDifference(float(at), f"c{at % 3}", "blind", 0.0) for at in range(9)]
    lone = [LabelledDifference(90.0, "c1", "champion", 50.0)] * 5
    assert rectified_comparison(items + lone, KNOWN) == rectified_comparison(items, KNOWN)


@pytest.mark.parametrize("sources", [[], ["blind"], ["blind", "champion", "champion"]])
def test_of_nothing_or_one_cluster_there_is_no_estimate(sources):
    items = [LabelledDifference(5.0, "c", source, 30.0 * (source == "champion")) for source in sources]
    assert rectified_comparison(items, KNOWN) is None
    assert measure_lean(DraftCells.of(items))[1] == np.inf


def test_pooled_leans_by_hand():
    # SEs of 1: Q = 8, k − 1 = 1, τ² = 7; two nights of variance 8 each, and a third night's own τ²
    pooled = pool_leans(np.array([-2.0, 2.0, 5.0]), np.array([1.0, 1.0, np.inf]))
    assert (pooled.value, pooled.variance, pooled.freedom) == (pytest.approx(0.0), pytest.approx(4 + 7), 1)


@pytest.mark.parametrize("nights", [0, 1, 2, 3])
def test_a_few_nights_say_nothing_of_the_next(nights):
    pooled = pool_leans(np.full(nights, 0.3), np.full(nights, 0.1))
    assert pooled.precision == 0
    assert nights > 1 or np.isinf(pooled.variance)
    # four: 1/3 of 1/variance, and the variance is 0.1²/4
    assert pool_leans(np.full(4, 0.3), np.full(4, 0.1)).precision == pytest.approx(400 / 3)


def test_many_nights_at_once_are_each_as_alone():
    random = np.random.default_rng(4)
    nights = [
        [
            LabelledDifference(float(random.normal(2, 18)), f"c{random.integers(6)}", SOURCES[random.integers(4)], 0.0)
            for _ in range(60)
        ]
        for _ in range(3)
    ]
    nights = [[replace(item, advantage=40.0 * (item.source == "champion")) for item in items] for items in nights]
    every = [DraftCells.of(items) for items in nights]
    together = DraftCells(*(np.stack([getattr(cells, field.name) for cells in every]) for field in fields(DraftCells)))
    lean = PooledLean(np.full(3, 0.2), np.full(3, 0.01), np.full(3, 5.0))
    estimates = rectify(together, lean)
    for at, cells in enumerate(every):
        one = rectify(cells, PooledLean(np.array(0.2), np.array(0.01), np.array(5.0)))
        for name in ("effect", "items_error", "lean_error", "freedom"):
            assert getattr(estimates, name)[at] == pytest.approx(getattr(one, name))
        assert measure_lean(together)[0][at] == pytest.approx(measure_lean(cells)[0])


def test_the_interval_holds_the_gain_in_90_of_100_nights_as_nights_gather():
    """Labels that lean by 0.1 of the advantage, differently every night; coverage early and late in 300 years."""
    random = np.random.default_rng(5)
    years, nights, channels, gain = 300, 40, 24, 3.0
    counts = np.tile(np.array([0.6, 2.1, 0.0, 0.0]), (channels, 1)).T
    count = random.poisson(np.broadcast_to(counts, (years, nights, 4, channels))).astype(float)
    lean = random.normal(0.1, 0.03, size=(years, nights, 1, 1))
    shared = random.normal(0, 4, size=(years, nights, 1, channels))
    advantage = 40.0 * count * np.array([0.0, 1.0, 0.0, 0.0])[:, None]
    noise = random.normal(size=count.shape) * 18 * np.sqrt(count)
    difference = (gain + shared) * count - lean * advantage + noise
    cells = DraftCells(count, difference, advantage, count.sum(axis=-1) * (18**2 + gain**2))
    leans, errors = measure_lean(cells)
    for night in (0, 3, 10, 39):
        tonight = DraftCells(*(getattr(cells, field.name)[:, night] for field in fields(DraftCells)))
        estimate = rectify(tonight, pool_leans(leans[:, :night], errors[:, :night]))
        reach = stdtrit(estimate.freedom, 0.95) * estimate.se
        assert 0.85 <= np.mean(np.abs(estimate.effect - gain) <= reach) <= 0.95, night
