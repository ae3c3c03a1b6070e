"""Lines that got lost inside chapters; what a chapter begins with and what it is called stay."""

from __future__ import annotations

import re
from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from retrain.alterations.titled_lines import Altered, LabelledLine, altered_talk, labelled_lines, spans

LEAST_LOST, MOST_LOST = 0.05, 0.3
"""Share of the lines that may be lost, one for the whole talk."""
_WORD = re.compile(r"\w{4,}")
"""Short words, and those of grammar, are in nearly every line, and would keep all of them."""


def line_dropout(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered | None:
    """A border's line stays, and so does a line with a word of its chapter's title, and half of each chapter."""
    lost = chance.uniform(LEAST_LOST, MOST_LOST)
    parts = spans(labelled_lines(transcript, chapters))
    kept = [line for part in parts for line in _thinned(part, lost, chance)]
    return altered_talk(transcript, kept, transcript.duration)


def _thinned(part: list[LabelledLine], lost: float, chance: Random) -> list[LabelledLine]:
    title = _words(part[0].title or "")
    spare = [
        number
        for number, line in enumerate(part)
        if number and not line.is_border and title.isdisjoint(_words(line.segment.text)) and chance.random() < lost
    ]
    dropped = set(spare[: len(part) // 2])
    return [line for number, line in enumerate(part) if number not in dropped]


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}
