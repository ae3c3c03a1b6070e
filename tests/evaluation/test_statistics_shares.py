"""A share of clustered items, and one corrected for the error of who counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evaluation.statistics.shares import Share, corrected_share, share, share_interval


@given(st.integers(0, 40), st.integers(1, 40))
def test_of_strangers_the_interval_is_clopper_and_pearson_s(hits, misses):
    n = hits + misses
    found = share_interval(Share(hits / n, n))
    wanted = binomtest(hits, n).proportion_ci(0.9)
    assert found == (pytest.approx(wanted.low, abs=1e-9), pytest.approx(wanted.high, abs=1e-9))


def test_alike_items_of_a_cluster_count_for_less():
    hits = [place // 5 % 3 > 0 for place in range(60)]
    alike = share(hits, [str(place // 5) for place in range(60)])
    strangers = share(hits, [str(place) for place in range(60)])
    assert alike.value == strangers.value == pytest.approx(2 / 3)
    assert strangers.items == pytest.approx(60) and alike.items < 12


def test_few_clusters_are_never_sure():
    few, many = (share([True] * 40, [str(place % count) for place in range(40)]) for count in (2, 40))
    assert share_interval(few)[0] < 0.4 < 0.9 < share_interval(many)[0] < 1 == share_interval(many)[1]
    assert share([True] * 40, ["a"] * 40) is None and share([], []) is None


def test_the_interval_covers_clustered_shares():
    """300 draws of 20 clusters of 5, alike by 0.3: the true share lies in a 90 % interval in 86 of 100 at least."""
    random, covered = np.random.default_rng(3), 0
    for _ in range(300):
        chances = random.beta(0.8 * 7 / 3, 0.2 * 7 / 3, size=20)
        hits = random.random(100) < np.repeat(chances, 5)
        low, high = share_interval(share(hits.tolist(), [str(place // 5) for place in range(100)]))
        covered += low <= 0.8 <= high
    assert covered >= 0.86 * 300


# corrected -----------------------------------------------------------------------------------------------------------


def test_the_formula_by_hand():
    """Rogan & Gladen: (0.4 + 0.9 − 1)/(0.8 + 0.9 − 1)."""
    value, low, high = corrected_share(Share(0.4, 500), Share(0.8, 200), Share(0.9, 200))
    assert value == pytest.approx(0.3 / 0.7) and low < value < high


def test_the_interval_of_lang_and_reiczigel_by_hand():
    """Their equations 15 to 17, written out."""
    z = 1.6448536269514722
    ap, n = (200 + z**2 / 2) / (500 + z**2), 500 + z**2
    tp, tn = (160 + 1) / 202, (180 + 1) / 202
    p = (ap + tn - 1) / (tp + tn - 1)
    shift = 2 * z**2 * (p * tp * (1 - tp) / 202 - (1 - p) * tn * (1 - tn) / 202)
    variance = ap * (1 - ap) / n + p**2 * tp * (1 - tp) / 202 + (1 - p) ** 2 * tn * (1 - tn) / 202
    half = z * math.sqrt(variance) / (tp + tn - 1)
    _, low, high = corrected_share(Share(0.4, 500), Share(0.8, 200), Share(0.9, 200))
    assert (low, high) == (pytest.approx(p + shift - half), pytest.approx(p + shift + half))


@given(st.floats(0, 1), st.floats(0.7, 1), st.floats(0.7, 1))
def test_it_stays_a_share(counted, true_positive, true_negative):
    value, low, high = corrected_share(Share(counted, 100), Share(true_positive, 80), Share(true_negative, 80))
    assert 0 <= low <= high <= 1 and 0 <= value <= 1


def test_a_judge_that_guesses_can_not_be_corrected():
    assert corrected_share(Share(0.4, 500), Share(0.5, 100), Share(0.55, 100)) is None
    assert corrected_share(Share(0.4, 500), Share(1.0, 3), Share(1.0, 3)) is None, "too few to tell it from a guess"


@pytest.mark.parametrize(("true", "tp", "tn"), [(0.5, 0.8, 0.7), (0.1, 0.9, 0.9), (0.9, 0.75, 0.95)])
def test_the_corrected_interval_covers_what_counting_misses(true, tp, tn):
    random, covered, naive = np.random.default_rng(8), 0, 0
    for _ in range(400):
        apparent = true * tp + (1 - true) * (1 - tn)
        counted = Share(random.binomial(200, apparent) / 200, 200)
        rates = Share(random.binomial(60, tp) / 60, 60), Share(random.binomial(60, tn) / 60, 60)
        _, low, high = corrected_share(counted, *rates)
        covered += low <= true <= high
        naive += share_interval(counted)[0] <= true <= share_interval(counted)[1]
    assert covered >= (0.90 - 3 * 0.015) * 400
    assert naive < covered
