"""Which lines of a text are its chapter list: each line with a time is a chapter, refused by name, or counted as prose.

1. The list is written with the time first, or with the time last: whichever has more lines. Lines with the time first
   always belong to it; of those with the time last, what says when ("every day at 10:30") and what stands alone, where
   the others stand together, does not.
2. A line with a time *among* them is a chapter where the time is first or last and lies between its neighbours'. It is
   prose where the time lies elsewhere and stands in a sentence. Any other such line is refused by name, and so is what
   may be a time written otherwise ("1.30").
3. A line *right before or after* them, without a line between, is a chapter likewise where more than a space parts its
   title from a time that follows; where it could be one, it is refused by name.
4. A line *elsewhere* is prose, unless its time comes first, or last and after a sign or three words at most, or last as
   in the list, and would go on with it: then it is refused by name.

Prose is left alone, and counted. YouTube and yt-dlp read both kinds of list, and each only lines of one kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from errata.errors import BadInput
from errata.formats.chapter_text import TypedChapter
from errata.formats.timed_lines import TimedLine, timed_lines

_LABEL = 3
"""Words before a time at most, such as "Part 2", that may be a chapter's number."""
_SHOWN = 60
"""Characters of a line in a sentence."""


class ChapterList(NamedTuple):
    chapters: list[TypedChapter]
    prose: int
    """How many lines mention a time and are no part of the list."""


class _Sorted(NamedTuple):
    """The lines with a time, by what becomes of them so far."""

    entries: list[TimedLine]
    prose: int


def read_list(text: str) -> ChapterList:
    """Raises BadInput that names the line which may be a chapter and can't be read as one."""
    lines = list(timed_lines(text))
    core = _core(lines)
    if not core:
        return ChapterList([], sum(line.shape != "oddity" for line in lines))
    parts = _sort(lines, core)
    ends = [line.start for line in parts.entries[1:]]
    items = [_chapter(line, end) for line, end in zip(parts.entries, [*ends, None], strict=True)]
    return ChapterList(items, parts.prose)


def _core(lines: Sequence[TimedLine]) -> list[TimedLine]:
    """The lines that are the list before the others are looked at."""
    first = [line for line in lines if line.shape == "time first"]
    last = [line for line in lines if line.shape == "time last" and not line.says_when]
    return first if len(first) >= len(last) else _together(last)


def _together(lines: list[TimedLine]) -> list[TimedLine]:
    """Those that stand next to another; all of them where none does."""
    numbers = {line.number for line in lines}
    joined = [line for line in lines if {line.number - 1, line.number + 1} & numbers]
    return joined or lines


def _sort(lines: Sequence[TimedLine], core: list[TimedLine]) -> _Sorted:
    entries, prose = list(core), 0
    begin, end = core[0].number, core[-1].number
    members = {line.number for line in core}
    after = [line for line in lines if line.number > begin and line.number not in members]
    before = [line for line in reversed(lines) if line.number < begin]
    for line in [*after, *before]:
        inside = begin < line.number < end
        next_to = any(other.number in (line.number - 1, line.number + 1) for other in entries)
        rule = _among if inside else _beside if next_to else _elsewhere
        if rule(line, entries):
            entries = sorted([*entries, line])
        elif line.shape != "oddity":
            prose += 1
    return _Sorted(entries, prose)


def _among(line: TimedLine, entries: list[TimedLine]) -> bool:
    goes_on = _goes_on(line, entries)
    if goes_on and line.shape in ("time first", "time last"):
        return True
    if not goes_on and _is_sentence(line):
        return False
    raise _may_be_one(line)


def _is_sentence(line: TimedLine) -> bool:
    """Whether more stands before its time than a chapter's number or name would, and the time is not told apart."""
    is_mention = line.shape == "mention" or (line.shape == "time last" and line.says_when)
    return is_mention and len(line.title.split()) > _LABEL


def _beside(line: TimedLine, entries: list[TimedLine]) -> bool:
    if line.shape == "oddity":
        raise _may_be_one(line)
    if line.says_when or not _goes_on(line, entries):
        return False
    if line.shape == "time first" or (line.shape == "time last" and line.apart):
        return True
    if line.shape == "time last" or len(line.title.split()) <= _LABEL:
        raise _may_be_one(line)
    return False


def _elsewhere(line: TimedLine, entries: list[TimedLine]) -> bool:
    stands_out = line.apart or line.shape == entries[0].shape or len(line.title.split()) <= _LABEL
    could_be = line.shape == "time first" or (line.shape == "time last" and stands_out and not line.says_when)
    if could_be and _goes_on(line, entries):
        raise _may_be_one(line)
    return False


def _goes_on(line: TimedLine, entries: list[TimedLine]) -> bool:
    """Whether its time lies between those of the chapters around it."""
    if line.start is None:
        return False
    before = [other.start for other in entries if other.number < line.number and other.start is not None]
    after = [other.start for other in entries if other.number > line.number and other.start is not None]
    return (not before or before[-1] < line.start) and (not after or line.start < after[0])


def _chapter(line: TimedLine, until: float | None) -> TypedChapter:
    """Raises BadInput where a line of the list can't be read whole; `until` is where the next chapter begins."""
    if line.start is None:
        raise BadInput("the line {} has a time that is none; write it as M:SS or H:MM:SS", _quoted(line))
    if not line.title:
        raise BadInput("the line {} has a time and no title; add one", _quoted(line))
    if line.end is not None and line.end <= line.start:
        raise BadInput("the line {} ends before it begins; mend its times", _quoted(line))
    if any(line.start < time and (until is None or time < until) for time in line.besides):
        raise BadInput("the line {} has two times; give each chapter a line of its own, or take one out", _quoted(line))
    return TypedChapter(line.start, line.title)


def _may_be_one(line: TimedLine) -> BadInput:
    return BadInput(
        "the line {} may be a chapter, but isn't written or placed as the others are; write it as 0:00 Title in its "
        "place, or take its time out",
        _quoted(line),
    )


def _quoted(line: TimedLine) -> str:
    words = " ".join(line.text.split())
    return f"'{words if len(words) <= _SHOWN else words[:_SHOWN] + '…'}'"
