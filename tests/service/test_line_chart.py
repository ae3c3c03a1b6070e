"""Charts: where a value is drawn, and that nothing falls outside."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.service.line_chart import LABEL_HEIGHT, ChartLine, ChartValue, LineChart, ValueAxis, line_chart


def chart(*values: list[float | None], tags: float = 150.0) -> LineChart | None:
    lines = [
        ChartLine(f"key{at}", f"Line {at}", [None if v is None else ChartValue(v, None, None, "") for v in line])
        for at, line in enumerate(values)
    ]
    return line_chart(lines, [f"n{at}" for at in range(len(values[0]))], [0], 1000.0, tags)


def test_nothing_is_drawn_of_nothing() -> None:
    assert chart([None, None]) is None


def test_higher_values_are_higher_and_gaps_part_a_line() -> None:
    drawn = chart([10, 20, None, 30, 40])
    assert drawn is not None
    (line,) = drawn.lines
    assert [point.y for point in line.points] == sorted((point.y for point in line.points), reverse=True)
    assert len(line.runs) == 2 and len(line.points) == 4
    assert [text for _, text in drawn.ticks] == ["10", "15", "20", "25", "30", "35", "40"]


def test_markers_are_smaller_where_nights_are_many_and_marks_have_their_nights_names() -> None:
    few, many = chart([10.0] * 4), chart([10.0] * 400)
    assert few is not None and many is not None
    assert few.size == 1 and many.size < 0.5
    assert few.marks == [(few.lines[0].points[0].x, "n0")]


def test_a_flat_line_is_not_stretched_over_the_whole_height() -> None:
    drawn = chart([50.0, 50.1])
    assert drawn is not None
    first, second = drawn.lines[0].points
    assert abs(first.y - second.y) < 3


@pytest.mark.parametrize("count", [1, 2, 40, 400])
def test_the_last_night_is_named_and_names_do_not_touch(count: int) -> None:
    drawn = chart([float(at % 60) for at in range(count)], tags=0)
    assert drawn is not None and drawn.places[-1][1] == f"n{count - 1}"
    places = [x for x, _ in drawn.places]
    assert all(later - earlier >= 78 for earlier, later in pairwise(places))


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(st.none() | st.floats(0, 100), min_size=n, max_size=n), min_size=1, max_size=5)
    )
)
def test_whatever_is_drawn_lies_within(values: list[list[float | None]]) -> None:
    drawn = chart(*values)
    if drawn is None:
        assert all(value is None for line in values for value in line)
        return
    for line in drawn.lines:
        assert all(0 <= point.x <= drawn.right and 0 <= point.y <= drawn.height for point in line.points)
    tags = sorted(tag.y for tag in drawn.tags)
    assert all(0 <= y <= drawn.height for y in tags)
    assert all(later - earlier >= LABEL_HEIGHT - 1e-6 for earlier, later in pairwise(tags))


@given(st.lists(st.floats(1, 1e7), min_size=1, max_size=12))
def test_equal_ratios_are_equally_far_apart_where_the_axis_is_logarithmic(values: list[float]) -> None:
    line = ChartLine("a", "A", [ChartValue(value, value, 2 * value, "") for value in values])
    drawn = line_chart([line], ["place"] * len(values), (), 340.0, 0, ValueAxis(",.0f", logarithmic=True))
    assert drawn is not None
    heights = [(point.y or 0) - (point.high or 0) for point in drawn.lines[0].points]
    assert max(heights) - min(heights) < 0.25, "all are twice as much, up to rounding"
    assert all(0 <= (point.high or 0) <= point.y <= drawn.height for point in drawn.lines[0].points)
    assert 2 <= len(drawn.ticks) <= 9


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=12))
def test_large_values_have_few_ticks_with_room_for_their_numbers(values: list[float]) -> None:
    drawn = chart([0.0, *values])
    assert drawn is not None
    assert len(drawn.ticks) <= 9 and all(len(text) <= 5 for _, text in drawn.ticks)
