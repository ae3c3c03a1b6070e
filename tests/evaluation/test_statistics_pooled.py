"""Small slices borrow from the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from evaluation.statistics.pooled import between_variance, posterior, shrink

slices = st.lists(st.tuples(st.floats(-20, 20), st.floats(0.1, 10)), min_size=1, max_size=12)


def test_the_between_variance_by_hand():
    # equal errors of 1: Q = 8, k − 1 = 1, scale = 2 − 2/2 = 1
    assert between_variance([-2.0, 2.0], [1.0, 1.0]) == pytest.approx(7.0)
    assert shrink([-2.0, 2.0], [1.0, 1.0]) == pytest.approx([-2 * 7 / 8, 2 * 7 / 8])


def test_slices_that_differ_by_chance_alone_all_get_the_mean():
    assert shrink([1.0, 1.2, 0.8], [2.0, 2.0, 2.0]) == pytest.approx([1.0, 1.0, 1.0])
    assert shrink([-4.0], [2.0]) == [-4.0]


def test_a_slice_of_hardly_any_error_leaves_the_others_their_spread():
    """Its weight is so large that the others' would be lost beside it."""
    assert between_variance([-9.0, 1.0, 0.5], [1e-15, 2.0, 3.0]) == pytest.approx(
        between_variance([-9.0, 1.0, 0.5], [1e-4, 2.0, 3.0])
    )
    assert shrink([-9.0, 1.0, 0.5], [1e-15, 2.0, 3.0])[0] == pytest.approx(-9.0)


@given(slices)
def test_nobody_is_drawn_past_the_others(found):
    effects, errors = [effect for effect, _ in found], [error for _, error in found]
    drawn = shrink(effects, errors)
    assert min(effects) - 1e-9 <= min(drawn) and max(drawn) <= max(effects) + 1e-9
    assert shrink([-effect for effect in effects], errors) == pytest.approx([-value for value in drawn])


def test_it_is_nearer_the_truth_than_the_slices_alone():
    random = np.random.default_rng(3)
    truth = random.normal(0, 1, size=(300, 8))
    errors = [3.0, 3.0, 3.0, 3.0, 0.5, 0.5, 0.5, 0.5]
    seen = truth + random.normal(size=truth.shape) * errors
    drawn = np.array([shrink(row.tolist(), errors) for row in seen])
    assert ((drawn - truth) ** 2).mean() < 0.5 * ((seen - truth) ** 2).mean()


def test_a_posterior_by_hand():
    """Past effects that are sure leave no doubt of μ and τ: then it is the normal model's own."""
    others = [(-1.0, 1e-6), (1.0, 1e-6)] * 200
    found = posterior(4.0, 1.0, others)
    assert found.mean == pytest.approx(4.0 / 2, abs=0.02)
    assert found.below_zero == pytest.approx(norm.cdf(-2 * 2**0.5), abs=0.001)


effects = st.lists(st.tuples(st.floats(-20, 20), st.floats(0.1, 10)), min_size=3, max_size=12)


@settings(max_examples=20)
@given(effects, st.floats(-20, 20), st.floats(0.1, 10))
def test_a_posterior_mirrors_and_is_drawn_towards_the_others(others, effect, error):
    found = posterior(effect, error, others)
    mirrored = posterior(-effect, error, [(-value, of) for value, of in others])
    assert mirrored.mean == pytest.approx(-found.mean, abs=1e-9)
    assert mirrored.below_zero == pytest.approx(1 - found.below_zero, abs=1e-9)
    seen = [value for value, _ in others]
    assert min(effect, *seen) - 1e-9 <= found.mean <= max(effect, *seen) + 1e-9


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_of_promoted_candidates_the_posterior_is_right_on_average(spread):
    """Though they were chosen for what they measured: the measured effects are 3 to 5 points too high."""
    random = np.random.default_rng(8)
    rows = []
    while len(rows) < 250:
        true, errors = random.normal(0.3, spread, 21), random.uniform(2.0, 3.5, 21)
        seen = random.normal(true, errors)
        if seen[-1] > 1.645 * errors[-1]:
            found = posterior(seen[-1], errors[-1], list(zip(seen[:-1], errors[:-1], strict=True)))
            rows.append((true[-1], seen[-1], found.mean, found.below_zero))
    true, seen, mean, below_zero = np.array(rows).T
    assert np.mean(seen - true) > 3
    assert abs(np.mean(mean - true)) < 0.8
    assert abs(np.mean(below_zero) - np.mean(true < 0)) < 0.07
