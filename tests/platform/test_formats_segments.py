"""Times that slipped: what is put right and counted, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats import chapter_llama
from errata.formats.segments import ordered
from errata.formats.source_rows import ImportedTranscript, SourceRow


def lines(*times: tuple[float, float | None]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "text": f"words {at}"} for at, (start, end) in enumerate(times)]


def imported(times: Sequence[tuple[float, float | None]], duration: float | None = None) -> ImportedTranscript:
    raw = {"video_id": "v", "metadata": {"duration": duration}, "asr": lines(*times)}
    return chapter_llama.transcript_of(SourceRow("", 0, raw))


@pytest.mark.parametrize(
    ("times", "right", "adjustments"),
    [
        ([(0, 2), (2, 4), (5, 9)], [(0, 2), (2, 4), (5, 9)], {}),
        ([(90, 95), (99, 91), (104, 110)], [(90, 95), (99, 104), (104, 110)], {"backwards": 1}),
        ([(0, 5), (14, 31), (60.3, 60)], [(0, 5), (14, 31), (60.3, 60.3)], {"backwards": 1}),
        ([(0, 5), (4.2, 4.9), (4.1, 8)], [(0, 5), (4.1, 8), (4.2, 4.9)], {"out of order": 1}),
        ([(1, 4), (9, 3), (5, 8), (12, 13)], [(1, 4), (5, 8), (9, 12), (12, 13)], {"out of order": 1, "backwards": 1}),
        ([(-0.02, 2), (2, 4)], [(0, 2), (2, 4)], {"before the start": 1}),
        ([(0, 2), (2, None), (5, 7), (8, 9)], [(0, 2), (2, 5), (5, 7), (8, 9)], {"without an end": 1}),
        ([(0, 2), (2, 4), (5, None)], [(0, 2), (2, 4), (5, 5)], {"without an end": 1}),
        ([(-9, -9), (-2, -2), (3, 3)], [(0, 0), (0, 0), (3, 3)], {"before the start": 2}),
    ],
)
def test_a_slip_is_put_right_and_counted(
    times: list[tuple[float, float | None]], right: list[tuple[float, float]], adjustments: dict[str, int]
) -> None:
    found = imported(times)
    assert [(segment.start, segment.end) for segment in found.transcript.segments] == right
    assert found.adjustments == adjustments


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([(9, 10), (5, 6), (1, 2)], "sort the segments by start"),
        ([(1, 0), (2, 1), (3, 4)], "it runs from 1.0 to 0.0"),
        ([(-3, 1), (2, 3), (4, 5)], "segment 0's start is -3"),
        ([(0, None), (2, None), (4, 5)], "segment 0's end must be a number"),
        ([(0, 1), (-3, -3), (4, 5)], "segment 1's start is -3"),
        ([*((at, at + 9) for at in range(0, 900, 10)), *((at, at + 9) for at in range(0, 200, 10))], "two recordings"),
    ],
)
def test_what_is_no_slip_is_refused(times: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        imported(times)


@pytest.mark.parametrize(
    ("stated", "duration", "adjustments"),
    [(None, 60.4, {}), (0, 60.4, {}), (70, 70, {}), (60, 60.4, {"duration": 1}), (55, 60.4, {"duration": 1})],
)
def test_a_duration_that_ends_a_moment_too_early_is_lengthened(
    stated: float | None, duration: float, adjustments: dict[str, int]
) -> None:
    found = imported([(0, 30), (60.3, 60.4)], stated)
    assert (found.transcript.duration, found.adjustments) == (duration, adjustments)


def test_speech_that_goes_on_long_after_the_stated_duration_is_another_recordings() -> None:
    with pytest.raises(BadInput, match=r"the stated duration is 40 s, but the last words begin at 60\.3 s"):
        imported([(0, 30), (60.3, 60.4)], 40)


@given(starts=st.lists(st.integers(0, 900), min_size=1, unique=True).map(sorted), data=st.data())
def test_neighbours_that_changed_places_are_back_where_they_were(starts: list[int], data: st.DataObject) -> None:
    right = lines(*((start, start + 1) for start in starts))
    swapped = list(right)
    for at in range(0, len(right) - 1, 3):
        if data.draw(st.booleans()):
            swapped[at : at + 2] = swapped[at : at + 2][::-1]
    moved = sum(line is not other for line, other in zip(right, swapped, strict=True)) // 2
    if 2 * moved >= len(right):
        return
    found = ordered(swapped)
    assert [segment.text for segment in found.segments] == [line["text"] for line in right]
    assert found.adjustments.total() == moved
