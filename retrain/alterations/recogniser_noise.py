"""What recognisers get wrong: words that sound alike, short words lost or said twice, fillers written down, and
segments cut at other places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from retrain.alterations.english import english, is_english
from retrain.alterations.titled_lines import Altered, LabelledLine, altered_talk, fits, labelled_lines, with_text

LEAST_ERRORS, MOST_ERRORS = 0.02, 0.12
"""Share of the words that are drawn for an error, one for the whole talk: from a good recogniser's to a poor one's.
Fewer are wrong, since a word that none sounds like, and that isn't of those that get lost, stays as it is."""
FILLERS = 0.015
"""Share of the words before which a filler is written."""
CUTS = 0.06
"""Share of the lines that are joined with the next one, and of those that are cut in two."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class _Mishearing:
    errors: float
    spared: frozenset[str]
    """Words of titles: what a chapter is called stays in its text."""
    chance: Random


def recogniser_noise(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered | None:
    """None of a talk that isn't English."""
    if not is_english(transcript):
        return None
    spared = frozenset(word.lower() for chapter in chapters for word in _WORD.findall(chapter.title))
    mishearing = _Mishearing(chance.uniform(LEAST_ERRORS, MOST_ERRORS), spared, chance)
    lines = [_misheard(line, mishearing) for line in labelled_lines(transcript, chapters)]
    return altered_talk(transcript, list(_cut_otherwise(lines, chance)), transcript.duration)


def _misheard(line: LabelledLine, mishearing: _Mishearing) -> LabelledLine:
    words = [part for word in line.segment.text.split(" ") for part in _heard_as(word, mishearing)]
    text = " ".join(words)
    return with_text(line, text) if text and fits(text) else line


def _heard_as(word: str, mishearing: _Mishearing) -> Iterator[str]:
    """What is written for a word with the punctuation at it: mostly itself."""
    chance = mishearing.chance
    if chance.random() < FILLERS:
        yield chance.choice(english("mishearings")["fillers"])
    if chance.random() >= mishearing.errors:
        yield word
        return
    bare = _WORD.search(word)
    if bare is None or bare[0].lower() in mishearing.spared:
        yield word
        return
    alike = _alike().get(bare[0].lower().replace("’", "'"))
    if alike:
        yield word[: bare.start()] + _as_spelt(chance.choice(alike), bare[0]) + word[bare.end() :]
    elif bare[0] == word and word in english("mishearings")["lost"]:  # without punctuation, which would be lost with it
        yield from () if chance.random() < 0.5 else (word, word)
    else:
        yield word


@cache
def _alike() -> dict[str, tuple[str, ...]]:
    """Each word of the list of confusions, with those that sound like it."""
    alike: dict[str, list[str]] = {}
    for line in english("mishearings")["alike"]:
        group = line.split(" | ")
        for word in group:  # a word may be of several groups
            alike.setdefault(word, []).extend(other for other in group if other != word)
    return {word: tuple(others) for word, others in alike.items()}


def _as_spelt(word: str, original: str) -> str:
    return word[0].upper() + word[1:] if original[0].isupper() else word


def _cut_otherwise(lines: Iterable[LabelledLine], chance: Random) -> Iterator[LabelledLine]:
    """The same words in other segments; a border still begins one."""
    rest = list(lines)
    while rest:
        line, draw = rest.pop(0), chance.random()
        if draw < CUTS and rest and not rest[0].is_border and fits(f"{line.segment.text} {rest[0].segment.text}"):
            yield _joined(line, rest.pop(0))
        elif draw > 1 - CUTS:
            yield from _halves(line, rest[0] if rest else None)
        else:
            yield line


def _joined(line: LabelledLine, following: LabelledLine) -> LabelledLine:
    first, second = line.segment, following.segment
    segment = replace(first, end=max(first.end, second.end), text=f"{first.text} {second.text}")
    return replace(line, segment=segment)


def _halves(line: LabelledLine, following: LabelledLine | None) -> Iterator[LabelledLine]:
    """A line cut at its middle word, in time too; whole where its second half would begin in the second in which the
    next line does, which a border would then be taken for."""
    segment, words = line.segment, line.segment.text.split(" ")
    middle = (segment.start + segment.end) / 2
    if len(words) < 4 or (following is not None and int(middle) >= int(following.segment.start)):
        yield line
        return
    half = len(words) // 2
    yield replace(line, segment=replace(segment, end=middle, text=" ".join(words[:half])))
    yield LabelledLine(replace(segment, start=middle, text=" ".join(words[half:])))
