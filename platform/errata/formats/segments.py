"""Lines of speech as segments in order of time: what slipped a little is put right and counted, and no more than that.

- Lines a little out of order are sorted.
- A line that ends before it starts, or has no end, ends where the next one starts, the last one where it starts itself.
- Messages of a chat from before its stream, and a first line from a moment before 0, are placed at the beginning.

Where half of the lines or more are so, nothing is touched and the transcript is refused as it stands: then it is not a
slip. Nor is it where a run of lines goes back: there two recordings stand in one file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

from errata.domain.chapter import tidy
from errata.domain.clock import clock
from errata.domain.transcript import Segment
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import number, text, text_or_nothing, time
from errata.formats.source_rows import Adjustment

_RUN = 3
"""Lines."""
_MOMENT = 1.0
"""Seconds: recognisers step back a little from the first word."""
_STEP_BACK = 60.0
"""Seconds: a run of lines that goes back and lasts longer was not put there by a slip."""


class OrderedSegments(NamedTuple):
    segments: tuple[Segment, ...]
    adjustments: Counter[Adjustment]
    """How many lines were put right, by what was wrong."""


def ordered(lines: Sequence[JsonObject]) -> OrderedSegments:
    """The lines of {start, end, text, speaker}, in seconds; those without text are left out. Raises BadInput."""
    early, endless = _count_early(lines), sum(line.get("end") is None for line in lines)
    adjustments = Counter[Adjustment]({"before the start": early} if early else {})
    if endless and len(lines) > 1 and 2 * endless < max(len(lines), 3):
        adjustments["without an end"] += endless
        lines = _with_ends(lines)
    segments = [_segment(line, at, number if at < early else time) for at, line in enumerate(lines)]
    segments = [segment for segment in segments if segment.text]
    segments = _in_order(segments, adjustments)
    return OrderedSegments(tuple(_forwards(segments, adjustments)), adjustments)


def _count_early(lines: Sequence[JsonObject]) -> int:
    """How many of the first lines are messages, which are at one time, from before the beginning."""
    return sum(1 for _ in takewhile(_is_early, lines))


def _is_early(line: JsonObject) -> bool:
    start = line.get("start")
    end = line.get("end")
    if not (isinstance(start, int | float) and isinstance(end, int | float)):
        return False
    return start < 0 and (end == start or -_MOMENT <= start < 0 <= end)


def _with_ends(lines: Sequence[JsonObject]) -> list[JsonObject]:
    starts = [line.get("start") for line in lines]
    nexts = [*starts[1:], *starts[-1:]]
    return [
        line | {"end": following} if line.get("end") is None else line
        for line, following in zip(lines, nexts, strict=True)
    ]


def _segment(line: JsonObject, index: int, read_time: Callable[[Any, str], float]) -> Segment:
    name = f"segment {index}'s"
    return Segment(
        start=max(0.0, read_time(line.get("start"), f"{name} start")),
        end=max(0.0, read_time(line.get("end"), f"{name} end")),
        text=tidy(text(line.get("text"), f"{name} text")),
        speaker=tidy(text_or_nothing(line.get("speaker"), f"{name} speaker")) or None,
    )


def _in_order(segments: list[Segment], adjustments: Counter[Adjustment]) -> list[Segment]:
    _check_runs(segments)
    displaced = len(segments) - _longest_rise([segment.start for segment in segments])
    if not displaced or 2 * displaced >= len(segments):
        return segments
    adjustments["out of order"] += displaced
    return sorted(segments, key=lambda segment: segment.start)


def _longest_rise(starts: list[float]) -> int:
    """The length of the longest part of a list, not necessarily connected, that never falls (patience sorting)."""
    tops: list[float] = []
    for start in starts:
        place = bisect_right(tops, start)
        tops[place : place + 1] = [start]
    return len(tops)


def _check_runs(segments: list[Segment]) -> None:
    falls = [at for at, (before, after) in enumerate(pairwise(segments), start=1) if after.start < before.start]
    for begin, end in pairwise([*falls, len(segments)]):
        top = segments[begin - 1].start
        again = [segment.start for segment in segments[begin:end] if segment.start < top]
        if len(again) >= _RUN and min(top, again[-1]) - again[0] > _STEP_BACK:
            raise BadInput(
                "segment {} goes back from {} to {}, and {} more run beside those before: it looks like two recordings "
                "in one; cut it in two there",
                begin,
                clock(top),
                clock(again[0]),
                len(again) - 1,
            )


def _forwards(segments: list[Segment], adjustments: Counter[Adjustment]) -> list[Segment]:
    backwards = [segment.end < segment.start for segment in segments]
    if 2 * sum(backwards) >= len(segments):
        return segments
    if any(backwards):
        adjustments["backwards"] += sum(backwards)
    nexts = [*segments[1:], *segments[-1:]]
    return [
        replace(segment, end=following.start) if wrong else segment
        for segment, following, wrong in zip(segments, nexts, backwards, strict=True)
    ]
