"""How far two groups are apart: as scipy has it where it has it, and no surer than chance allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from evaluation.statistics.separation import (
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability,
    rise,
    separation,
)
from tests.chance import slack

NUMBERS = st.lists(st.integers(0, 8).map(float), min_size=2, max_size=12)


def column(first: list[float], second: list[float]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([[each] for each in (*first, *second)]), np.array([[False] * len(first) + [True] * len(second)])


@given(NUMBERS, NUMBERS)
def test_ks_is_scipy_s_also_with_ties(first: list[float], second: list[float]) -> None:
    assert kolmogorov_smirnov(*column(first, second))[0] == pytest.approx(
        ks_2samp(first, second, method="asymp").statistic
    )
    assert rise(*column(first, second))[0] == pytest.approx(np.mean(second) - np.mean(first))


@given(st.integers(0, 2**32 - 1))
def test_js_is_scipy_s_of_the_mean_distributions(seed: int) -> None:
    random = np.random.default_rng(seed)
    values, groups = random.dirichlet(np.full(6, 0.2), 9), np.array([[False] * 4 + [True] * 5])
    expected = jensenshannon(values[:4].mean(axis=0), values[4:].mean(axis=0), base=2)
    assert jensen_shannon(values, groups)[0] == pytest.approx(expected)


def test_psi_is_its_formula_and_an_empty_category_no_infinity() -> None:
    values = np.eye(3)[[0, 0, 1, 1, 0, 2]]
    groups = np.array([[False] * 4 + [True] * 2])
    p, q = np.array([2.5, 2.5, 0.5]) / 5.5, np.array([1.5, 0.5, 1.5]) / 3.5
    assert population_stability(values, groups)[0] == pytest.approx(float(((q - p) * np.log(q / p)).sum()))


@pytest.mark.parametrize("distance", [kolmogorov_smirnov, rise])
def test_chance_is_told_as_often_as_is_said_and_no_oftener(distance: object) -> None:
    random, looks, level = np.random.default_rng(1), 400, 0.1
    told = sum(
        separation(random.lognormal(size=(40, 1)), [False] * 25 + [True] * 15, distance, seed, 199).p_value <= level
        for seed in range(looks)
    )
    assert abs(told / looks - level) <= slack(level, looks) + 0.01


def test_what_differs_is_told_and_how_far_beyond_chance() -> None:
    random = np.random.default_rng(2)
    values = np.concatenate([random.normal(0, 1, (60, 1)), random.normal(1.5, 1, (40, 1))])
    parted = separation(values, [False] * 60 + [True] * 40, kolmogorov_smirnov, 0, 999)
    assert parted.p_value == 1 / 1000 and parted.excess > 0.3
