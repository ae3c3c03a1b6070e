"""The report's drawings: F1 night by night, and training's loss."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.documents.metric_values import ModelMean
from evaluation.report import figures
from evaluation.report.content import NightLine
from evaluation.report.curve import LABEL_HEIGHT, curve
from evaluation.report.loss_curve import POINTS, bin_means, loss_curve, trailing_means

scores = st.one_of(st.none(), st.floats(0, 100), st.just(math.nan))


@given(st.lists(st.tuples(scores, scores, scores), min_size=1, max_size=40), st.floats(0, 100))
def test_the_curve_stays_inside_its_frame(nights, floor):
    lines = [
        NightLine(
            f"n{at}", "promote", 1, 1, {name: ModelMean(n=1, f1=f1) for name, f1 in zip(names(), row, strict=True)}, ""
        )
        for at, row in enumerate(nights)
    ]
    drawn = curve(lines, floor, 360, 300)
    if drawn is None:
        assert all(figures.is_missing(value) for row in nights for value in row)
        return
    points = [point for series in drawn.series for point in series.points]
    assert len(points) == sum(not figures.is_missing(value) for row in nights for value in row)
    assert all(34 <= point.x <= drawn.right and 0 <= point.y <= drawn.height for point in points)
    places = [tag.y for tag in drawn.tags]
    assert all(after - before >= LABEL_HEIGHT - 0.01 for before, after in pairwise(places))
    assert drawn.width <= 361


def names() -> tuple[str, ...]:
    return ("day0", "champion", "candidate")


def test_a_night_without_a_score_is_a_gap():
    lines = [
        NightLine(str(at), "x", 1, 1, {"day0": ModelMean(n=1, f1=None if at == 2 else 50.0)}, "") for at in range(5)
    ]
    drawn = curve(lines, None, 1000, 380)
    assert drawn is not None
    assert [line.count(",") for line in drawn.series[0].lines] == [2, 2]


losses = st.lists(st.one_of(st.none(), st.floats(), st.floats(0, 20)), max_size=500)


@given(losses)
def test_the_loss_stays_inside_its_frame(loss):
    drawn = loss_curve(loss, 360, 220)
    known = [value for value in loss if not figures.is_missing(value)]
    if len(known) < 2:
        assert drawn is None
        return
    assert drawn is not None
    points = [point.split(",") for line in (*drawn.raw, *drawn.smooth) for point in line.split()]
    assert all(34 <= float(x) <= 348 and 0 <= float(y) <= 220 for x, y in points)
    assert len([point for line in drawn.raw for point in line.split()]) <= POINTS


def test_a_step_without_a_loss_is_a_gap_and_moves_nothing():
    drawn = loss_curve([2.0, 2.0, math.nan, 2.0, 2.0], 760, 240)
    assert drawn is not None
    assert [line.count(",") for line in drawn.raw] == [2, 2]
    assert len({y for line in drawn.raw for y in re.findall(",([0-9.]+)", line)}) == 1


@pytest.mark.parametrize("steps", [2, 199, 200, 201, 1000, 12_345])
def test_long_runs_are_drawn_by_their_means(steps: int):
    thin = bin_means([3.0] * steps)
    assert set(thin) == {3.0}
    assert min(steps, POINTS) / 2 < len(thin) <= POINTS


def test_the_thick_line_is_the_mean_of_what_came_before():
    assert trailing_means([4.0, 2.0, None, 6.0], 2) == [4.0, 3.0, 2.0, 6.0]
    assert trailing_means([None], 1) == [None]


def test_the_loss_is_told_in_words():
    drawn = loss_curve([4.0] * 50 + [1.0] * 50, 760, 240)
    assert drawn is not None
    assert drawn.summary.startswith("100 steps; loss 4.00 and 1.00")
    assert [text for _, text in drawn.ticks] == ["0", "1", "2", "3", "4"]
