"""LORD++: the budget of errors over many tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.statistics.online import gamma, lord_level, lord_wealth

FDR, WEALTH = 0.10, 0.05
finds = st.lists(st.booleans(), max_size=60)


def levels(found: list[bool]) -> list[float]:
    return [lord_level(found[:place], FDR, WEALTH) for place in range(len(found))]


def test_the_published_gamma():
    assert gamma(1) == pytest.approx(0.0772 * math.log(2))
    assert gamma(10) == pytest.approx(0.0772 * math.log(10) / (10 * math.exp(math.sqrt(math.log(10)))))
    assert all(gamma(t) > gamma(t + 1) > 0 for t in range(3, 400))
    assert sum(gamma(t) for t in range(1, 100_000)) < 1


def test_the_level_by_hand():
    assert lord_level([], FDR, WEALTH) == pytest.approx(0.05 * gamma(1))
    assert lord_level([False] * 9, FDR, WEALTH) == pytest.approx(0.05 * gamma(10))
    # discoveries at 2, 3 and 5; the sixth test
    expected = 0.05 * gamma(6) + (0.10 - 0.05) * gamma(4) + 0.10 * (gamma(3) + gamma(1))
    assert lord_level([False, True, True, False, True], FDR, WEALTH) == pytest.approx(expected)


@given(finds)
def test_what_is_spent_is_never_more_than_what_the_finds_allow(found):
    """Σ α_t ≤ α · max(1, finds): from it follows that the false discovery rate is at most α."""
    assert sum(levels(found)) <= FDR * max(1, sum(found))
    assert 0 < lord_level(found, FDR, WEALTH) < FDR


@given(finds)
def test_the_wealth_is_what_was_not_spent_and_never_negative(found):
    left = WEALTH
    for place, level in enumerate(levels(found), start=1):
        total = sum(found[:place])
        left += (0.0 if not found[place - 1] else FDR - WEALTH if total == 1 else FDR) - level
        assert lord_wealth(levels(found)[:place], total, FDR, WEALTH) == pytest.approx(left)
        assert left > 0


@given(finds, st.integers(0, 59))
def test_a_find_makes_every_later_test_easier(found, place):
    if place < len(found) and not found[place]:
        luckier = [*found[:place], True, *found[place + 1 :]]
        assert lord_level(luckier, FDR, WEALTH) > lord_level(found, FDR, WEALTH)


def test_the_false_discovery_rate_is_kept():
    """300 tests in a row, a tenth of them of a true effect of three standard errors."""
    random = np.random.default_rng(4)
    shares = []
    for _ in range(150):
        true = random.random(300) < 0.1
        p_values = 0.5 * np.array([math.erfc(z / math.sqrt(2)) for z in random.normal(3.0 * true)])
        found: list[bool] = []
        for p_value in p_values:
            found.append(bool(p_value <= lord_level(found, FDR, WEALTH)))
        shares.append(sum(np.array(found) & ~true) / max(1, sum(found)))
    assert np.mean(shares) <= FDR
