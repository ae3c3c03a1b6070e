"""Chapters, and the one form in which they are compared, stored and taught."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from errata.domain.transcript import Transcript
from errata.errors import BadInput


@dataclass(frozen=True, slots=True)
class Chapter:
    start: float
    """In the transcript's unit."""
    title: str
    """Of a chat's message, which is an answer at a time too: what it says."""

    def __post_init__(self) -> None:
        if "\0" in self.title:
            raise BadInput(
                f"the chapter title {self.title!r} has a NUL character, which no database takes; take it out"
            )

    def as_json(self) -> dict[str, Any]:
        return {"start": self.start, "title": self.title}


Chapters = tuple[Chapter, ...]


def chapters_to_json(chapters: Iterable[Chapter]) -> list[dict[str, Any]]:
    return [chapter.as_json() for chapter in chapters]


def chapters_from_json(rows: Iterable[Mapping[str, Any]]) -> Chapters:
    """What `chapters_to_json` made; what comes from outside is read by `formats.fields.listed_chapters`."""
    return tuple(Chapter(float(row["start"]), str(row["title"])) for row in rows)


MOST_MERGED = 0.1
"""The share of a list's chapters that may fall on a line which has one. Of ten borders nine are right then, and the
tenth is within a line; of fewer, a model would be taught, or held to, a list that nobody made."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """Chapters a model can be asked for: each on a line's start, in order, at most one a start."""

    chapters: Chapters
    moved: tuple[float, ...]
    """How far each start was moved, in the transcript's unit, in the order of `chapters`."""
    merged: int
    """How many chapters fell on a start that another had taken; the first one's title stays."""

    @property
    def is_coarse(self) -> bool:
        """Whether so many merged that the rest says something else than the list did: neither taught nor scored."""
        return self.merged > MOST_MERGED * (len(self.chapters) + self.merged)


def tidy(title: str) -> str:
    """A title on one line, with single spaces; a NUL, which a model may answer, is one."""
    return " ".join(title.replace("\0", " ").split())


def starts(transcript: Transcript) -> list[int]:
    """The floored start of each line: where a chapter may begin. Never falls."""
    return [int(line.start) for line in transcript.lines]


def canonical(chapters: Chapters, transcript: Transcript) -> Canonical:
    """Snaps each start to the nearest line's (the earlier one on a tie) and floors it.

    A cold open stays what it is: the span before the first chapter has no title.
    """
    places = starts(transcript)
    snapped: dict[int, Chapter] = {}
    moved: list[float] = []
    for chapter in sorted(chapters, key=lambda item: item.start):
        place = nearest_start(places, chapter.start)
        if place not in snapped:
            snapped[place] = Chapter(float(place), tidy(chapter.title))
            moved.append(abs(place - chapter.start))
    return Canonical(tuple(snapped.values()), tuple(moved), merged=len(chapters) - len(snapped))


def nearest_start(places: Sequence[int], start: float) -> int:
    """Of `places`, ascending and at least one; the earlier one on a tie."""
    right = bisect_left(places, start)
    if right == 0:
        return places[0]
    if right == len(places):
        return places[-1]
    return places[right] if places[right] - start < start - places[right - 1] else places[right - 1]
