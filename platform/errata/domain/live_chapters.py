"""Chapters of a stream while it runs: what is told of them, when, and what of that didn't last.

What a model makes of a stream so far may change with the next words. So a chapter is told once two looks in a row have
found it, and taken back once two in a row have not; in between nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from errata.domain.chapter import Chapters

LOOKS = 2
"""So many in a row must agree."""

Kind = Literal["chapter", "renamed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class LiveEvent:
    kind: Kind
    start: float
    """Of the chapter, in seconds of the stream."""
    title: str
    heard: float
    """How much of the stream had been heard when this was told, in seconds."""


@dataclass(slots=True)
class _Candidate:
    """A chapter as the last looks found it."""

    title: str
    found: int = 0
    """Looks in a row that found it, with whatever title;"""
    missed: int = 0
    """or that didn't."""
    same_title: int = 0
    """Looks in a row that gave it this title."""
    told: str | None = None
    """The title that was told; None where it wasn't."""


@dataclass
class LiveChapters:
    """What was told of a stream. `look` takes each answer about it in turn, `end` the last."""

    events: list[LiveEvent] = field(default_factory=list)
    _candidates: dict[float, _Candidate] = field(default_factory=dict)

    @classmethod
    def resumed(cls, events: Sequence[LiveEvent]) -> LiveChapters:
        """Of a stream of which so much was told before. What was found once, and not told yet, is found anew."""
        told = {start: _Candidate(title, told=title) for start, title in standing(events).items()}
        return cls(list(events), told)

    def look(self, chapters: Chapters, heard: float) -> list[LiveEvent]:
        """What is to be told now. The title of the chapter that still runs may change with every word: what it is
        called is told anew only once another one has begun."""
        self._count(chapters)
        running = chapters[-1].start if chapters else math.inf
        return self._tell(LOOKS, heard, running)

    def end(self, chapters: Chapters, heard: float) -> list[LiveEvent]:
        """All in which what was told isn't yet the answer about the whole stream."""
        self._count(chapters)
        return self._tell(1, heard, math.inf)

    def _count(self, chapters: Chapters) -> None:
        found = {chapter.start: chapter.title for chapter in chapters}
        for start, candidate in self._candidates.items():
            if start not in found:
                candidate.found, candidate.same_title = 0, 0
                candidate.missed += 1
        for start, title in found.items():
            candidate = self._candidates.setdefault(start, _Candidate(title))
            candidate.same_title = candidate.same_title + 1 if candidate.title == title else 1
            candidate.title = title
            candidate.found += 1
            candidate.missed = 0

    def _tell(self, looks: int, heard: float, running: float) -> list[LiveEvent]:
        told: list[LiveEvent] = []
        for start, candidate in sorted(self._candidates.items()):
            kind = _change(candidate, looks, start == running)
            if kind == "withdrawn":
                told.append(LiveEvent(kind, start, candidate.told or "", heard))
                candidate.told = None
            elif kind is not None:
                told.append(LiveEvent(kind, start, candidate.title, heard))
                candidate.told = candidate.title
        # what was missed and isn't told is nothing to remember: a stream may run for a day
        self._candidates = {
            start: candidate
            for start, candidate in self._candidates.items()
            if candidate.told is not None or candidate.found
        }
        self.events += told
        return told


def _change(candidate: _Candidate, looks: int, runs: bool) -> Kind | None:
    if candidate.told is None:
        return "chapter" if candidate.found >= looks else None
    if candidate.missed >= looks:
        return "withdrawn"
    if candidate.told != candidate.title and candidate.same_title >= looks and not runs:
        return "renamed"
    return None


def standing(events: Sequence[LiveEvent]) -> dict[float, str]:
    """By start, the titles of the chapters that were told and not taken back."""
    found: dict[float, str] = {}
    for event in events:
        if event.kind == "withdrawn":
            found.pop(event.start, None)
        else:
            found[event.start] = event.title
    return found


@dataclass(frozen=True, slots=True)
class LiveDelays:
    """How a stream's chapters were told."""

    chapters: int
    """In the answer about the whole stream."""
    in_time: int
    """Of them, those that were told while it ran, and not taken back;"""
    delays: tuple[float, ...]
    """how long after they began, in seconds of the stream, ascending."""
    withdrawn: int
    renamed: int

    def delay(self, share: float) -> float | None:
        """The delay within which so large a share of those told in time was told; None without any."""
        if not self.delays:
            return None
        return self.delays[max(0, math.ceil(share * len(self.delays)) - 1)]


def live_delays(events: Sequence[LiveEvent], chapters: Chapters, ended: float) -> LiveDelays:
    """Of all events of a stream that was heard for `ended` seconds, and of the answer about the whole of it."""
    told: dict[float, float] = {}
    for event in events:
        if event.kind == "chapter" and event.heard < ended:
            told[event.start] = event.heard
        elif event.kind == "withdrawn":
            told.pop(event.start, None)
    delays = sorted(told[chapter.start] - chapter.start for chapter in chapters if chapter.start in told)
    kinds = [event.kind for event in events]
    return LiveDelays(len(chapters), len(delays), tuple(delays), kinds.count("withdrawn"), kinds.count("renamed"))
