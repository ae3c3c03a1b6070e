"""Chapters as people type them: one a line, a time and a title.

    0:00 Welcome            M:SS or H:MM:SS, with or without brackets around it
    00:01:33 - Soil         one dash, colon or bar between time and title belongs to neither
    93.5s - Soil            seconds that are not whole
    120w - Soil             a word's offset, in transcripts without times

A JSON list of {"start", "title"} is read as well, and `[]` says that there are no chapters.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from errata.domain.chapter import Chapters, tidy
from errata.domain.clock import clock, find_clock
from errata.domain.transcript import Segment, Unit
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import listing, text
from errata.formats.json_files import parse

_LINE = re.compile(
    r"\s*[\[(]?(?:(?P<clock>[0-9]{1,3}:[0-5][0-9](?::[0-5][0-9])?)|(?P<number>[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)[sw])"
    r"(?!:?[0-9])[\])]?"
    r"(?:\s+[-–—:|](?:\s+|$)|\s*[-–—:|]\s*|\s+|$)(?P<title>.*)",
    re.DOTALL,
)


class TypedChapter(NamedTuple):
    start: float
    title: str


def read_line(line: str) -> TypedChapter | None:
    """The chapter that a line begins with the time of; None where it doesn't begin with a time."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    placed = find_clock(match["clock"]) if match["clock"] else None
    return TypedChapter(float(match["number"]) if placed is None else float(placed[0]), match["title"].strip())


def read(value: Any, what: str) -> list[JsonObject]:
    """Items for `reviewed` or `draft` in a line of `reviews_jsonl`. Raises BadInput."""
    typed_text = text(value, what)
    if not typed_text.strip():
        raise BadInput("{} is empty; write [] there if there are no chapters", what)
    if typed_text.lstrip().startswith("["):
        try:
            return listing(parse(typed_text), what)
        except BadInput:
            pass  # a line may begin with [0:00]
    return [_item(line, what) for line in typed_text.split("\n") if line.strip()]


def _item(line: str, what: str) -> JsonObject:
    chapter = read_line(line)
    if chapter is None:
        raise BadInput("{} has the line {!r}, which begins with no time; write 0:00 Title", what, line.strip()[:60])
    return {"start": chapter.start, "title": chapter.title}


def write(chapters: Chapters, unit: Unit) -> str:
    """One line a chapter; `read` gives the same starts and titles back."""
    return "\n".join(f"{moment(item.start, unit)} - {tidy(item.title)}" for item in chapters) or "[]"


def moment(start: float, unit: Unit) -> str:
    """A time that `read_line` reads back to the last digit."""
    if unit == "words":
        return f"{plain(start)}w"
    return clock(start) if start.is_integer() else f"{plain(start)}s"


def plain(start: float) -> str:
    """A number without a needless `.0`."""
    return str(int(start)) if start.is_integer() else repr(start)


def spoken(segment: Segment) -> str:
    """A line as a reviewer reads it, after its speaker's name."""
    return f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text
