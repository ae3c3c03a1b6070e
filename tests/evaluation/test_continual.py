"""Continual learning's measures on matrices small enough to work out by hand, and what they owe each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.continual import (
    ScoreMatrix,
    avalanche_bwt,
    avalanche_forgetting,
    avalanche_fwt,
    chaudhry_forgetting,
    gem_acc,
    gem_bwt,
    gem_fwt,
    general_ability_delta,
    measures,
    trace_bwt,
    trace_op,
)

NAN = math.nan

R = np.array(
    [
        [10.0, 20.0, 30.0],  # Day-0
        [50.0, 24.0, 33.0],  # taught the first task
        [45.0, 60.0, 39.0],  # and the second
        [40.0, 58.0, 70.0],  # and the third
    ]
)


def test_gem_by_hand() -> None:
    assert gem_acc(R) == (40 + 58 + 70) / 3
    assert gem_bwt(R) == ((40 - 50) + (58 - 60)) / 2
    assert gem_fwt(R) == ((24 - 20) + (39 - 30)) / 2
    assert gem_fwt(R, np.array([0.0, 10.0, 10.0])) == ((24 - 10) + (39 - 10)) / 2


def test_avalanche_by_hand() -> None:
    """First minus last, over the experiences before the current one."""
    assert avalanche_forgetting(R) == ((50 - 40) + (60 - 58)) / 2
    assert avalanche_forgetting(R, now=2) == 50 - 45
    assert avalanche_bwt(R) == -6
    assert avalanche_fwt(R) == 6.5
    assert math.isnan(avalanche_forgetting(R, now=1)), "the current experience has none"


def test_chaudhry_by_hand() -> None:
    """Best minus last; where the best came later than the first, more than Avalanche's."""
    assert chaudhry_forgetting(R) == ((50 - 40) + (60 - 58)) / 2
    later = R.copy()
    later[2, 0] = 55.0
    assert chaudhry_forgetting(later) == ((55 - 40) + (60 - 58)) / 2
    assert avalanche_forgetting(later) == avalanche_forgetting(R)


def test_what_day0_knew_is_not_what_was_taught() -> None:
    knew = R.copy()
    knew[0] = 100.0
    assert chaudhry_forgetting(knew) == chaudhry_forgetting(R)


def test_trace_by_hand() -> None:
    assert trace_op(R) == gem_acc(R)
    assert trace_op(R, now=2) == (45 + 60) / 2
    assert trace_bwt(R) == ((40 - 50) + (58 - 60) + 0) / 3
    assert trace_bwt(R, now=2) == (45 - 50 + 0) / 2


def test_general_ability_is_the_mean_of_the_differences() -> None:
    assert general_ability_delta([46.0, 20.0, 70.0], [45.0, 26.0, 70.0]) == pytest.approx((1 - 6 + 0) / 3)
    assert math.isnan(general_ability_delta([], []))
    with pytest.raises(ValueError, match="shorter"):
        general_ability_delta([1.0], [])


@pytest.mark.parametrize(("op", "bwt"), [(48.7, -8.3), (12.7, -45.7), (55.5, 2.6)])
def test_traces_published_pairs_say_what_was_learnt(op: float, bwt: float) -> None:
    """OP − BWT is the mean of R[i,i] in TRACE's definition: SeqFT learnt 57.0 and kept 48.7."""
    learnt = op - bwt
    tasks = 8
    r = np.full((tasks + 1, tasks), NAN)
    for task in range(tasks):
        r[task + 1, task] = learnt
    r[-1] = op
    r[-1, -1] = learnt  # the last task has just been taught
    r[-1, :-1] = (op * tasks - learnt) / (tasks - 1)
    assert trace_op(r) == pytest.approx(op)
    assert trace_bwt(r) == pytest.approx(bwt)


def test_what_was_not_measured_is_left_out_of_the_mean() -> None:
    gaps = R.copy()
    gaps[3, 0] = NAN
    assert gem_acc(gaps) == (58 + 70) / 2
    assert gem_bwt(gaps) == 58 - 60
    assert avalanche_forgetting(gaps) == 2
    assert chaudhry_forgetting(gaps) == 2
    gaps[2] = NAN
    assert gem_fwt(gaps) == 24 - 20
    assert math.isnan(gem_bwt(gaps)), "the second task was never scored right after it was taught"


def test_nothing_measured_is_not_zero() -> None:
    found = measures(np.full((3, 2), NAN))
    assert set(found.values()) == {None}
    only = measures(np.array([[10.0], [20.0]]))
    assert (only["gem_acc"], only["trace_op"], only["trace_bwt"]) == (20, 20, 0)
    assert only["gem_bwt"] is only["gem_fwt"] is only["chaudhry_forgetting"] is None, "one task has nothing before it"


MATRICES = st.integers(2, 6).flatmap(
    lambda tasks: st.lists(
        st.lists(st.floats(0, 100), min_size=tasks, max_size=tasks), min_size=tasks + 1, max_size=tasks + 1
    ).map(np.array)
)


@given(r=MATRICES)
def test_the_definitions_agree_where_they_must(r: ScoreMatrix) -> None:
    tasks = r.shape[1]
    assert avalanche_bwt(r) == pytest.approx(gem_bwt(r))
    assert trace_bwt(r) == pytest.approx(gem_bwt(r) * (tasks - 1) / tasks)
    assert trace_op(r) == pytest.approx(gem_acc(r))
    assert trace_op(r) - trace_bwt(r) == pytest.approx(np.mean([r[task + 1, task] for task in range(tasks)]))
    assert chaudhry_forgetting(r) >= avalanche_forgetting(r) - 1e-9


@given(r=MATRICES, shift=st.floats(-50, 50))
def test_an_easier_test_set_is_no_learning(r: ScoreMatrix, shift: float) -> None:
    moved = r + shift
    for measure in (gem_bwt, gem_fwt, chaudhry_forgetting, avalanche_forgetting, trace_bwt):
        assert measure(moved) == pytest.approx(measure(r), abs=1e-6)
    assert gem_acc(moved) == pytest.approx(gem_acc(r) + shift)
