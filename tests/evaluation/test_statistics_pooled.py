"""Small slices borrow from the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.statistics.pooled import between_variance, shrink

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
