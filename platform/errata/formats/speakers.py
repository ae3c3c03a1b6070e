"""Speakers that stand before the words, as in `Ann: Hello.` or `[ANN]: Hello.`.

A name that never comes back is none: `Episode Three: the long summer` and `Translator: Ivo Brandt` are what was shown.
Where half of the lines or more begin with a name, as meetings do that Zoom wrote down, every one of them is. Where only
a change of speaker is marked, as podcasts do it, the first line has a name, and a name is one that comes back. A dash
or >> in front of the words says that somebody else speaks, and not who.
"""

from __future__ import annotations

import re
from collections import Counter

from errata.files import JsonObject
from errata.formats.talk import Speech

NAME_WORD = r"[^\W\d_a-z][\w.'’-]{0,40}"
_PARTICLE = r"d[aeiu]|dos|van|von|der|den|bin|al|el|\d{1,3}"
_NAMED = re.compile(rf"({NAME_WORD}(?: (?:{NAME_WORD}|{_PARTICLE})){{0,4}}(?: \([^()]{{1,40}}\))?)(?::\s+|：\s*)")
"""One to five words with capitals, and a colon: `Ann`, `Ludwig van Beethoven`, `Speaker 1`, `Bo Ray (Guest)`."""
_CHANGE = re.compile(r"\s*(?:[-–—]\s*\w|>>)")
_BRACKETED = re.compile(r"\[([^\[\]]{1,80})\]: ")


def split_speakers(lines: Speech) -> Speech:
    """The lines with their speakers apart; those in which no speaker can be told are as they were."""
    names = Counter(name for line in lines if (name := _name(line)))
    returning = {name for name, count in names.items() if count > 1}
    if returning and 2 * names.total() >= len(lines):
        return _carry_until_change([_split(line, set(names)) for line in lines])
    if _name(lines[0]) in returning:
        return _carry_until_change([_split(line, returning) for line in lines])
    return [split_bracketed_speaker(line) for line in lines]


def _name(line: JsonObject) -> str | None:
    match = _NAMED.match(line["text"])
    return match[1] if match else None


def _split(line: JsonObject, names: set[str]) -> JsonObject:
    match = _NAMED.match(line["text"])
    if match is None or match[1] not in names:
        return line
    return line | {"speaker": match[1], "text": line["text"][match.end() :]}


def _carry_until_change(lines: Speech) -> Speech:
    speaker = None
    for line in lines:
        speaker = line["speaker"] or (None if _CHANGE.match(line["text"]) else speaker)
        line["speaker"] = speaker
    return lines


def carry_speakers(lines: Speech) -> Speech:
    """The lines, where only a change of speaker is marked: one without a speaker has that of the line before."""
    speaker = None
    for line in lines:
        speaker = line["speaker"] or speaker
        line["speaker"] = speaker
    return lines


def split_bracketed_speaker(line: JsonObject) -> JsonObject:
    """The line, where its words begin with its speaker in brackets, as in `[ANN]: Hello.`, which WhisperX writes."""
    match = _BRACKETED.match(line["text"])
    return line if match is None else line | {"speaker": match[1], "text": line["text"][match.end() :]}
