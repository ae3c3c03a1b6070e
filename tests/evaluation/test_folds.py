"""Folds between which nothing leaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from evaluation.folds import folds

TIES = st.lists(st.sets(st.integers(0, 30), max_size=3), min_size=1, max_size=40)


@given(ties=TIES, count=st.integers(1, 5))
def test_what_shares_a_tie_shares_a_fold(ties: list[set[int]], count: int) -> None:
    try:
        made = folds(ties, count)
    except BadInput:
        return
    assert len(made) == len(ties) and set(made) <= set(range(count))
    for talk, tied_by in enumerate(ties):
        assert all(made[other] == made[talk] for other, by in enumerate(ties) if tied_by & by)
    assert len(set(made)) == count, "none is empty"


def test_twins_of_two_channels_join_them() -> None:
    ties = [{"a"}, {"b"}, {"a", "twin"}, {"b", "twin"}, {"c"}, set[str]()]
    made = folds(ties, 3)
    assert len({made[0], made[1], made[2], made[3]}) == 1
    assert len({made[0], made[4], made[5]}) == 3


def test_talks_without_ties_are_dealt_out_evenly() -> None:
    made = folds([set[str]()] * 12, 5)
    assert sorted(made.count(fold) for fold in range(5)) == [2, 2, 2, 3, 3]


def test_too_few_parts_are_refused() -> None:
    with pytest.raises(BadInput, match=r"into 1 parts .* too few for 2 folds"):
        folds([{"a"}, {"a"}], 2)
