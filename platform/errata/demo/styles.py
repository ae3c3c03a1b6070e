"""Two guidelines for the chapters of one talk: the old one, and the house's, which reviewers hold to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from errata.demo.talks import Span, Talk
from errata.domain.chapter import Chapter, Chapters

Borders = tuple[tuple[int, str], ...]
"""Where chapters begin, as line numbers from 0, each with its title."""
Style = Callable[[Talk], Borders]

LAPSES = 0.25
"""Share of the taught talks in which one habit of the old style isn't kept."""


def old(talk: Talk) -> Borders:
    """Sentence case; a sponsor break, a topic taken up again and each question is a chapter of its own."""
    return _borders(talk, _old_title)


def old_with_lapses(talk: Talk, rng: Random) -> Borders:
    """The old style as people keep to it: one talk in four leaves its breaks out, and one in four joins its questions.

    What was never inconsistent in a model's data it can't tell apart, and no few corrections would change its mind.
    """
    left_out = {"sponsor": ""} if rng.random() < LAPSES else {}
    joined = {"question": "Questions"} if rng.random() < LAPSES else {}
    lapses = left_out | joined
    return _borders(talk, lambda span: lapses[span.kind] if span.kind in lapses else _old_title(span))


def house(talk: Talk) -> Borders:
    """Other names for the usual parts; sponsor breaks belong to the chapter they interrupt, and questions are one."""
    return _borders(talk, _house_title)


def _borders(talk: Talk, title_of: Callable[[Span], str]) -> Borders:
    """A span without a title goes on with what was before it, and so does one with the same title."""
    borders: list[tuple[int, str]] = []
    for span in talk.plan:
        title = title_of(span)
        if title and (not borders or title != borders[-1][1]):
            borders.append((span.first, title))
    return tuple(borders)


def chapters(talk: Talk, borders: Borders) -> Chapters:
    """Starts are the floored seconds of the lines."""
    segments = talk.transcript.segments
    return tuple(Chapter(float(int(segments[line].start)), title) for line, title in borders)


_OLD: Mapping[str, str] = {"introduction": "Introduction", "sponsor": "Sponsor message", "closing": "Closing words"}
_HOUSE: Mapping[str, str] = {"introduction": "Intro", "question": "Audience questions", "closing": "Wrap-up"}


def _old_title(span: Span) -> str:
    return _OLD.get(span.kind) or sentence_case(span.name)


def _house_title(span: Span) -> str:
    """Empty where the house makes no chapter."""
    if span.kind in ("sponsor", "cold open"):
        return ""
    return _HOUSE.get(span.kind) or sentence_case(span.name)


def sentence_case(name: str) -> str:
    return name[:1].upper() + name[1:]
