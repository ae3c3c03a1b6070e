"""A wealth against "no better", however the differences are spread."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.statistics.betting import bets, log_wealth

points = st.floats(-100, 100)


def test_it_is_the_mean_of_the_bettors_wealths():
    differences, least = [12.0, -30.0, 4.5], 1.0
    wealths = [math.prod(1 + bet * (d - least) / (100 + least) for d in differences) for bet in bets()]
    assert log_wealth(differences, least) == pytest.approx(math.log(sum(wealths) / len(wealths)))


def test_nothing_is_worth_what_was_there_before():
    assert log_wealth([]) == 0


@given(st.lists(points, max_size=30), st.randoms())
def test_the_order_of_the_items_counts_for_nothing(differences, random):
    shuffled = differences[:]
    random.shuffle(shuffled)
    assert log_wealth(shuffled) == pytest.approx(log_wealth(differences), abs=1e-9)


@given(st.lists(points, min_size=1, max_size=8), st.floats(0, 20))
def test_a_bet_is_fair_at_best(values, least):
    """Of one item drawn from any spread whose mean is the least gain or less, the wealth is 1 at most on average."""
    shift = min(0.0, least - sum(values) / len(values))
    moved = [max(-100.0, value + shift) for value in values]
    if sum(moved) / len(moved) <= least:
        assert np.mean([math.exp(log_wealth([value], least)) for value in moved]) <= 1 + 1e-9


def test_rare_losses_make_nobody_rich_and_a_steady_gain_does():
    random = np.random.default_rng(1)
    lost = random.random((2000, 325)) < 0.02
    rare = np.where(lost, -60 * 0.98, 60 * 0.02)
    assert max(log_wealth(row) for row in rare) < math.log(73)
    steady = random.normal(5, 18, (200, 325)).clip(-100, 100)
    assert np.mean([log_wealth(row) >= math.log(73) for row in steady]) > 0.9
