"""Agreement: the formulas against their slow definitions, and intervals that hold what they promise."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.documents.judging import IntervalEstimate
from errata.errors import BadInput
from evaluation.judges.agreement import (
    agreement,
    both_ways,
    correlate_differences,
    correlation,
    estimate,
    kappa_estimate,
    krippendorff_alpha,
    share_estimate,
    weighted_kappa,
)

GRADES = st.sampled_from([-1.0, 0.0, 1.0])
PAIRS = st.lists(st.tuples(GRADES, GRADES), min_size=1, max_size=30)
GAPPY = st.lists(
    st.lists(st.one_of(st.sampled_from([0.0, 1.0, 2.0]), st.just(math.nan)), min_size=3, max_size=3),
    min_size=1,
    max_size=15,
)


def slow_kappa(rows: list[tuple[float, float]]) -> float | None:
    """Over the contingency table: 1 − Σ w·o / Σ w·e, with w = (i−j)² (Cohen 1968)."""
    n, levels = len(rows), (-1.0, 0.0, 1.0)
    seen = chance = 0.0
    for i, j in product(levels, levels):
        weight = (i - j) ** 2
        seen += weight * sum(row == (i, j) for row in rows) / n
        chance += weight * sum(a == i for a, _ in rows) / n * sum(b == j for _, b in rows) / n
    return None if chance == 0 else 1 - seen / chance


def slow_alpha(rows: list[list[float]]) -> float | None:
    """Over all pairs of values: within units for what is seen, over everything for chance (Krippendorff 2011)."""
    units = [[value for value in row if not math.isnan(value)] for row in rows]
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    n = len(values)
    if n == 0:
        return None
    seen = sum(
        sum((a - b) ** 2 for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j) / (len(unit) - 1)
        for unit in units
    )
    chance = sum((a - b) ** 2 for i, a in enumerate(values) for j, b in enumerate(values) if i != j)
    return None if chance == 0 else 1 - (seen / n) / (chance / (n * (n - 1)))


@given(PAIRS)
def test_kappa_is_what_its_table_says(rows: list[tuple[float, float]]) -> None:
    fast, slow = weighted_kappa(np.array(rows)), slow_kappa(rows)
    assert (fast is None) == (slow is None)
    assert fast is None or slow is None or fast == pytest.approx(slow, abs=1e-12)


@given(GAPPY)
def test_alpha_is_what_its_pairs_say(rows: list[list[float]]) -> None:
    fast, slow = krippendorff_alpha(np.array(rows)), slow_alpha(rows)
    assert (fast is None) == (slow is None)
    assert fast is None or slow is None or fast == pytest.approx(slow, abs=1e-9)


def test_alpha_of_krippendorff_s_own_example() -> None:
    """Four observers, twelve units, with gaps: 0.849 with the interval metric (Krippendorff 2011, "Computing
    Krippendorff's alpha-reliability", example E)."""
    nan = math.nan
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
    assert krippendorff_alpha(np.array(observers).T) == pytest.approx(0.849, abs=0.0005)


@given(PAIRS)
def test_kappa_both_ways_cares_not_for_who_is_called_new(rows: list[tuple[float, float]]) -> None:
    table, turned = np.array(rows), np.array(rows)
    turned[::2] *= -1
    kappa = both_ways(weighted_kappa)
    assert kappa(table) == pytest.approx(kappa(turned), abs=1e-12) if kappa(table) is not None else True


@given(st.lists(GRADES, min_size=1, max_size=30))
def test_kappa_both_ways_is_right_for_labels_that_never_vary(said: list[float]) -> None:
    """Against labels of 1 it is 2·Σv / (n + Σv²); 1 only for a judge that always agrees, never above."""
    table = np.array([(1.0, value) for value in said])
    wanted = 2 * sum(said) / (len(said) + sum(value**2 for value in said))
    assert both_ways(weighted_kappa)(table) == pytest.approx(wanted, abs=1e-12)
    assert (wanted == 1) == all(value == 1 for value in said)


@given(PAIRS)
def test_correlation_is_numpy_s(rows: list[tuple[float, float]]) -> None:
    table = np.array(rows)
    found = correlation(table)
    if found is None:
        assert table.std(axis=0).min() < 1e-9
    else:
        assert -1 <= found <= 1 and found == pytest.approx(np.corrcoef(table.T)[0, 1], abs=1e-9)


# reviewers -----------------------------------------------------------------------------------------------------------


def test_an_accepted_answer_may_win_and_may_tie_but_not_lose() -> None:
    labels, clusters = [0, 0, 0, 1, 1, 1], list("abcabc")
    found = agreement(labels, [1, 0, -1, 1, 0, -1], clusters)
    assert (found.right, found.wrong) == (3, 2)
    assert found.kappa.n == 6 and found.kappa.clusters == 3
    assert agreement(labels, [1, 1, 1, 1, 1, 1], clusters).kappa.value == 1.0
    assert agreement(labels, [-1, -1, -1, -1, -1, -1], clusters).kappa.value < 0
    assert agreement(labels, [0] * 6, clusters).kappa.value == 0.0, "one that never decides knows nothing"


def test_nothing_to_agree_on_is_no_agreement() -> None:
    assert agreement([], [], []).kappa == IntervalEstimate(0, 0, None, None, None)
    assert correlate_differences([(1.0, 0.0, "a"), (2.0, 0.0, "b")]).value is None


# intervals -----------------------------------------------------------------------------------------------------------


def test_one_cluster_has_a_value_and_no_interval() -> None:
    rows = [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    for found in (estimate(weighted_kappa, rows, ["a"] * 3), share_estimate([True, False], ["a"] * 2)):
        assert found.value is not None and (found.low, found.high) == (None, None)


def test_an_infinite_value_or_a_cluster_too_few_is_refused() -> None:
    with pytest.raises(BadInput, match="infinite"):
        estimate(weighted_kappa, [[math.inf, 1.0]], ["a"])
    with pytest.raises(BadInput, match="missing"):
        correlate_differences([(1.0, 0.0, "a"), (math.nan, 1.0, "b")])
    assert estimate(krippendorff_alpha, [[1.0, 1.0], [0.0, math.nan], [0.0, 0.0]], ["a", "a", "b"]).value == 1.0
    with pytest.raises(BadInput, match="2 items have 1 clusters"):
        estimate(weighted_kappa, [[0.0, 0.0], [1.0, 1.0]], ["a"])


def test_the_order_of_items_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    rows, clusters = rng.integers(-1, 2, (60, 2)).astype(float).tolist(), [f"c{n % 9}" for n in range(60)]
    turned = rng.permutation(60)
    one = estimate(weighted_kappa, rows, clusters)
    other = estimate(weighted_kappa, [rows[n] for n in turned], [clusters[n] for n in turned])
    assert one == other


@pytest.mark.parametrize(("n", "channels", "alike"), [(40, 2, 0.1), (40, 6, 0.1), (60, 20, 0.1), (200, 10, 0.05)])
def test_a_lower_bound_is_seldom_too_high_however_few_the_channels(n: int, channels: int, alike: float) -> None:
    """Of judges whose kappa is 0.4, right in 7 of 10, the bound is above 0.4 in 1 of 10 draws at most; of 5 % that are
    promised. A bootstrap of two channels is in more than 3 of 10."""
    random, above, draws = np.random.default_rng(5), 0, 150
    names = [str(place % channels) for place in range(n)]
    for _ in range(draws):
        chances = random.beta(0.7 * (1 / alike - 1), 0.3 * (1 / alike - 1), size=channels)
        right = random.random(n) < chances[np.arange(n) % channels]
        found = kappa_estimate([(1.0, 1.0 if hit else -1.0) for hit in right], names)
        above += found.low is not None and found.low >= 0.4
    assert above <= 0.05 * draws + 3 * math.sqrt(0.05 * 0.95 * draws)


def test_alike_items_of_a_cluster_have_a_wider_interval() -> None:
    random, widths = np.random.default_rng(11), []
    for _ in range(20):
        right = np.repeat(random.random(20) < 0.7, 5)
        rows = [(1.0, 1.0 if hit else -1.0) for hit in right]
        alike = kappa_estimate(rows, [f"c{place // 5}" for place in range(100)])
        apart = kappa_estimate(rows, [f"own {place}" for place in range(100)])
        assert alike.low is not None and apart.low is not None
        widths.append((alike.high - alike.low) / (apart.high - apart.low))
    assert np.median(widths) > 1.5


def test_the_interval_of_a_correlation_is_fisher_s() -> None:
    """Of strangers that are normal: artanh r ± z/sqrt(n − 3), to within a tenth."""
    random = np.random.default_rng(2)
    first = random.normal(size=400)
    second = 0.6 * first + 0.8 * random.normal(size=400)
    found = estimate(correlation, np.stack([first, second], 1).tolist(), [str(place) for place in range(400)])
    reach = 1.645 / math.sqrt(397)
    assert math.atanh(found.high) - math.atanh(found.low) == pytest.approx(2 * reach, rel=0.1)
    assert -1 < found.low < found.value < found.high < 1


def test_two_who_never_differed_may_still_differ_some_day() -> None:
    found = kappa_estimate([(1.0, 1.0)] * 40, [str(place % 10) for place in range(40)])
    assert found.value == 1.0 == found.high and 0.75 < found.low < 0.9
    few = kappa_estimate([(1.0, 1.0)] * 40, [str(place % 2) for place in range(40)])
    assert few.low < found.low
