"""Speech without a chapter of its own: a sponsor's message in the middle of one, a greeting before the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Segment, Transcript
from retrain.alterations.english import english, is_english
from retrain.alterations.titled_lines import Altered, LabelledLine, altered_talk, labelled_lines, shifted

WORDS_A_SECOND = 2.6
"""Of read speech."""
_SPONSOR = re.compile(r"\b(sponsor|advert|ads?\b|commercial|promo)", re.IGNORECASE)


def sponsor(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered | None:
    """A sponsor's message between two lines of a chapter, neither of which begins it, so that no border is near.

    None of a talk whose chapters name sponsors, where the house would want a chapter for it, and of one that isn't
    English."""
    if not is_english(transcript) or any(_SPONSOR.search(chapter.title) for chapter in chapters):
        return None
    lines = labelled_lines(transcript, chapters)
    places = [
        place
        for place in range(2, len(lines))
        if not lines[place - 1].is_border and not lines[place].is_border and _is_apart(lines, place)
    ]
    if not places:
        return None
    place = chance.choice(places)
    return _inserted(transcript, lines, place, _speech("sponsors", chance))


def intro(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered | None:
    """A greeting before the first line: of the first chapter, where that begins with the recording, else of the cold
    open. None of a talk that isn't English."""
    if not is_english(transcript):
        return None
    return _inserted(transcript, labelled_lines(transcript, chapters), 0, _speech("intros", chance))


def _is_apart(lines: Sequence[LabelledLine], place: int) -> bool:
    """Whether a line begins in another second than the one before it, so that words may stand between them."""
    return int(lines[place].segment.start) > int(lines[place - 1].segment.start)


def _speech(name: str, chance: Random) -> list[str]:
    texts = english(name)
    words = {slot: chance.choice(choices) for slot, choices in texts["slots"].items()}
    return [line.format(**words) for line in chance.choice(texts["texts"])]


def _inserted(transcript: Transcript, lines: Sequence[LabelledLine], place: int, said: list[str]) -> Altered | None:
    """`said` before the line at `place`; what comes later is later by as much as it takes."""
    begin, speaker = int(lines[place].segment.start), lines[place].segment.speaker
    inserted, at = list[LabelledLine](), begin
    for text in said:
        seconds = max(2, round(len(text.split()) / WORDS_A_SECOND))
        inserted.append(LabelledLine(Segment(float(at), float(at + seconds), text, speaker)))
        at += seconds
    later = [shifted(line, at - begin) for line in lines[place:]]
    if place == 0 and later[0].is_border:  # the greeting is of the chapter that begins with the recording
        inserted[0], later[0] = replace(inserted[0], title=later[0].title), replace(later[0], title=None)
    return altered_talk(transcript, [*lines[:place], *inserted, *later], transcript.duration + at - begin)
