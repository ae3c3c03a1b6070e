"""Chapters at the very end: credits and music begin after the last words, where a transcript ends."""

from __future__ import annotations

from typing import NamedTuple

from errata.domain.chapter import Chapter, Chapters
from errata.domain.transcript import Unit
from errata.errors import BadInput

AFTER_WORDS = 60.0
"""Seconds. A transcript's duration is its last words' end where the recording's own isn't known; an outro is rarely
longer, and a start later than that is of another recording, or mistyped."""


class EndedChapters(NamedTuple):
    chapters: Chapters
    moved: int
    """How many began after the end. The first of them is placed there; the others have no words of their own."""


def before_end(chapters: Chapters, duration: float, unit: Unit, external_id: str) -> EndedChapters:
    """`chapters` in order of time. Raises BadInput where one begins too late to be the transcript's."""
    slack = AFTER_WORDS if unit == "seconds" else 0.0
    for chapter in chapters:
        if chapter.start > duration + slack:
            raise BadInput(
                "the chapter {!r} starts at {:g}, after the end of {!r} ({:g}); mend the start",
                chapter.title,
                chapter.start,
                external_id,
                duration,
            )
    late = [chapter for chapter in chapters if chapter.start > duration]
    if not late:
        return EndedChapters(chapters, 0)
    before = tuple(chapter for chapter in chapters if chapter.start <= duration)
    has_last = bool(before) and before[-1].start == duration
    last = () if has_last else (Chapter(duration, late[0].title),)
    return EndedChapters((*before, *last), len(late))
