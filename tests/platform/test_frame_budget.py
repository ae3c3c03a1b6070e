"""What a chunk of a recording takes of a context."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.loop.sweep import SweepGrid, words_by_chunk
from errata.tasks.frame_budget import PixelTokens, frames_of, largest_picture, picture_tokens


def test_twenty_minutes_at_a_frame_a_second_within_24576_tokens() -> None:
    """The stream of 752.8 hours: a token is 28 x 28 pixels of two frames."""
    assert frames_of(20 * 60, 1) == 1_200 and frames_of(752.8 * 3600, 1) == 2_710_080
    whole = 2_710_080 // 1_200
    assert whole <= 2_290 <= whole + 67, "each of 67 videos may have a chunk that is shorter"
    assert picture_tokens(640, 360, 1_200) == 23 * 13 * 600
    assert largest_picture(24_576, 1_200) == (7 * 28, 4 * 28), "40 squares for each two frames"
    assert picture_tokens(7 * 28, 4 * 28, 1_200) == 16_800
    assert largest_picture(24_576, 120) == (27 * 28, 15 * 28), "ten times fewer frames, ten times as many squares"
    assert largest_picture(599, 1_200) is None


def test_frames_are_whole_and_one_at_least() -> None:
    assert frames_of(10, 0.1) == 1 and frames_of(30, 0.1) == 3 and frames_of(1, 0.1) == 1
    assert frames_of(59.9, 1) == 59
    assert picture_tokens(28, 28, 3) == 2, "the last frame has a token to itself"
    assert picture_tokens(64, 64, 2, PixelTokens(side=32)) == 4


@given(
    st.integers(1, 200_000),
    st.integers(1, 5_000),
    st.floats(0.2, 5),
    st.sampled_from([PixelTokens(), PixelTokens(32), PixelTokens(16, 1)]),
)
def test_the_largest_picture_fits_and_no_larger_one_does(
    tokens: int, frames: int, proportion: float, by: PixelTokens
) -> None:
    size = largest_picture(tokens, frames, proportion, 1, by)
    if size is None:
        assert picture_tokens(1, 1, frames, by) > tokens
        return
    width, height = size
    assert picture_tokens(width, height, frames, by) <= tokens
    rows = height // by.side + 1
    columns = max(1, round(rows * proportion))
    assert picture_tokens(columns * by.side, rows * by.side, frames, by) > tokens, "one row more, in proportion"


@given(
    st.lists(st.tuples(st.floats(0, 999), st.integers(0, 50)), max_size=20), st.floats(1000, 2000), st.floats(1, 3000)
)
def test_each_line_is_in_one_chunk(said: list[tuple[float, int]], duration: float, seconds: float) -> None:
    chunks = words_by_chunk(said, duration, seconds)
    assert sum(chunks) == sum(tokens for _, tokens in said)
    assert (len(chunks) - 1) * seconds < duration <= len(chunks) * seconds * (1 + 1e-9)


def test_a_line_is_its_chunks_in_which_it_begins() -> None:
    assert words_by_chunk([(0, 3), (59.9, 4), (60, 5), (200, 6)], 200, 60) == [7, 5, 0, 6]


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (lambda: SweepGrid(("champion",), (60.0, 0.0), (1.0,)), "a chunk's length of 0 is none"),
        (lambda: SweepGrid(("champion",), (60.0,), (float("nan"),)), "a rate of nan is none"),
        (lambda: SweepGrid(("champion",), (60.0,), (-1.0,)), "a rate of -1 is none"),
        (lambda: SweepGrid(("champion",), (60.0,), (1.0,), budget=0), "a budget of 0 is none"),
        (lambda: SweepGrid(("champion",), (60.0,), (1.0,), places=0), "a number of places of 0 is none"),
    ],
)
def test_a_grid_of_what_is_none_is_refused(grid: Callable[[], SweepGrid], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        grid()
