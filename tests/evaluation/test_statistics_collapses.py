"""Items on which nearly everything is lost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.statistics.collapses import collapse_differences, compare_collapses, score_bound

Z = 1.6448536269514722


def test_thirty_points_are_a_collapse_or_a_recovery():
    assert collapse_differences([-30.0, 30.0, 29.9, -29.9, -100.0]) == [-100.0, 100.0, 0.0, 0.0, -100.0]


def test_where_nothing_was_lost_yet_about_three_in_n_may_be():
    assert score_bound(0, 0, 65, Z) == pytest.approx(-(Z**2) / (65 + Z**2))
    assert score_bound(0, 12, 12, Z) == -1.0


def test_it_is_tango_s_interval():
    """His statistic, reckoned here once more, is z at the bound."""
    better, worse, n = 3, 1, 44
    loss = -score_bound(better, worse, n, Z)
    a, b, c = 2 * n, -better - worse - (2 * n - better + worse) * loss, worse * loss * (loss + 1)
    share = (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
    assert (better - worse + n * loss) / math.sqrt(n * (2 * share - loss * (loss + 1))) == pytest.approx(Z)


counts = st.integers(0, 40)


@given(counts, counts, counts)
def test_the_bound_lies_below_the_difference_and_mirrors(better, worse, same):
    n = better + worse + same
    if n == 0:
        return
    bound = score_bound(better, worse, n, Z)
    assert -1 <= bound <= (better - worse) / n + 1e-9
    assert score_bound(better, worse + 1, n + 1, Z) <= bound + 1e-6


@pytest.mark.parametrize("share", [0.01, 0.03, 0.06])
def test_it_holds_the_true_difference_as_often_as_it_says(share):
    random = np.random.default_rng(2)
    n, draws = 150, 4000
    outcomes = random.multinomial(n, (share, share + 0.02, 1 - 2 * share - 0.02), size=draws)
    bounds = {(b, w): score_bound(b, w, n, Z) for b, w in {(int(b), int(w)) for b, w, _ in outcomes}}
    missed = np.mean([bounds[int(b), int(w)] > -0.02 for b, w, _ in outcomes])
    assert missed <= 0.065


def test_the_comparison_is_in_percentage_points_and_no_surer_than_its_items():
    old = [50.0] * 65
    names = [str(index % 13) for index in range(65)]
    none = compare_collapses(old, old, names, seed=1)
    assert (none.effect, none.low) == (0.0, pytest.approx(-100 * Z**2 / (65 + Z**2)))
    one = compare_collapses([10.0, *old[1:]], old, names, seed=1)
    assert one.effect == pytest.approx(-100 / 65)
    assert one.low < none.low
    assert compare_collapses([], [], [], seed=1).low is None
