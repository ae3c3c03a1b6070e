"""Intervals that hold at every look: the published widths, and how often they are wrong at any of many looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.statistics.sequential import boundary, confidence_sequence, is_futile, tuning


def ratio(items: float) -> float:
    """Against the usual 95 % interval of a fixed sample."""
    return boundary(items, 0.05, 1500) * math.sqrt(items) / 1.959964


def test_peeking_costs_the_published_width():
    assert ratio(1500) == pytest.approx(1.55, abs=0.005)
    assert all(1.55 <= ratio(items) <= 1.95 for items in (150, 375, 750, 3000, 6000, 15_000))


@given(st.floats(10, 1e5), st.floats(10, 1e5))
def test_it_is_narrowest_about_where_it_is_tuned_to(tuned, items):
    assert boundary(tuned, 0.05, tuned) * math.sqrt(tuned) <= boundary(items, 0.05, tuned) * math.sqrt(items) * 1.001


def test_the_formula_by_hand():
    # −2 ln 0.05 = 5.9915, its logarithm 1.7904: ρ² t* = 8.7818
    assert tuning(0.05, 1500) ** 2 * 1500 == pytest.approx(8.7818, abs=1e-3)
    assert boundary(1500, 0.05, 1500) == pytest.approx(math.sqrt(9.7818 / 8.7818 / 1500 * math.log(9.7818 / 0.0025)))


def test_it_holds_at_every_look_of_a_challenger():
    random = np.random.default_rng(2)
    draws = random.normal(0, 20, size=(2000, 21, 100))
    sums, squares = draws.sum(axis=2).cumsum(axis=1), (draws**2).sum(axis=2).cumsum(axis=1)
    items = 100 * np.arange(1, 22)
    means = sums / items
    spreads = np.sqrt(squares / items - means**2)
    half = spreads * np.array([boundary(n, 0.05, 1500) for n in items])
    wrong = (np.abs(means) > half).any(axis=1).mean()
    usual = (np.abs(means) > 1.96 * spreads / np.sqrt(items)).any(axis=1).mean()
    assert wrong <= 0.05
    assert usual > 0.2, "looking 21 times at the usual interval is wrong far too often"


@given(st.floats(-50, 50), st.floats(0.1, 50), st.floats(1, 1e5), st.floats(0.1, 100))
def test_differences_are_standardised(effect, sd, items, scale):
    low, high = confidence_sequence(effect, sd, items, 0.05, 1500)
    assert confidence_sequence(effect * scale, sd * scale, items, 0.05, 1500) == (
        pytest.approx(low * scale, abs=1e-6),
        pytest.approx(high * scale, abs=1e-6),
    )
    assert confidence_sequence(-effect, sd, items, 0.05, 1500) == (-high, -low)


def test_without_spread_or_items():
    assert confidence_sequence(0.3, 0.0, 40, 0.05, 1500) == (0.3, 0.3)
    assert confidence_sequence(0.3, 1.0, 0, 0.05, 1500) == (-math.inf, math.inf)


def test_futility():
    assert is_futile(0.49, 0.5) and not is_futile(0.5, 0.5)
