"""Cues: what is shown from one time to another. WebVTT and SubRip differ in little else than what stands around them.

A cue is a line with times, `00:01:02.500 --> 00:01:04`, and the lines below it up to a blank one; its number or name
may stand above it. Hours may be missing; the fraction has a point or a comma, and up to three digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from reprlib import repr as short
from typing import NamedTuple

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.talk import Speech

_STAMP = r"(?:\d{1,4}:)?[0-5]?\d:[0-5]?\d(?:[.,]\d{1,3})?"
_TIMES = re.compile(rf"\s*({_STAMP})\s*-->\s*({_STAMP})(?:\s.*)?", re.ASCII)
_FIRST_CUE = re.compile(rf"(?:\d+[ \t]*(?:\r\n?|\n))?[ \t]*{_STAMP}[ \t]*-->", re.ASCII)
_LINE_END = re.compile(r"\r\n|\r|\n")  # not splitlines: U+2028 may stand in a cue
_BRACKETED = re.compile(r"\[([^\[\]]{1,80})\]: ")
_TAG = re.compile(r"</?(?:b|c|font|i|lang|rt|ruby|s|u)(?:[.\s][^<>]*)?>|</v>|<[\d:.]+>", re.IGNORECASE)


class Cue(NamedTuple):
    start: float
    """Seconds."""
    end: float
    lines: tuple[str, ...]


def is_first(text: str) -> bool:
    """Whether a text begins with a cue, numbered or not."""
    return _FIRST_CUE.match(text.lstrip()) is not None


def seconds(stamp: str, what: str) -> float:
    """Of a clock such as 1:02:03.5, 02:03,500 or 0:53. Raises BadInput."""
    if not re.fullmatch(_STAMP, stamp.strip(), re.ASCII):
        raise BadInput(f"{what} must be a time such as 01:02:03.500, not {short(stamp)}")
    whole, _, fraction = stamp.strip().replace(",", ".").partition(".")
    total = 0
    for part in whole.split(":"):
        total = total * 60 + int(part)
    return (total * 1000 + int(fraction.ljust(3, "0"))) / 1000


def without_tags(line: str) -> str:
    """The line without what sets its style or its words' times; voices stay."""
    return _TAG.sub("", line)


def unescape_text(text: str) -> str:
    """The text with its `&amp;` and `&#39;` as the characters they stand for. Raises BadInput."""
    try:
        return unescape(text)
    except ValueError as problem:
        raise BadInput("a character is written as a number that is far too long (&#…;); mend it") from problem


def cues(text: str, name: re.Pattern[str], aside: re.Pattern[str]) -> Iterator[Cue]:
    """The cues in order. `name` fits the line that may stand above a cue, `aside` the first of a block without times.

    Raises BadInput, with the line's number, for times that are none and for words that belong to no cue.
    """
    lines = _LINE_END.split(text)
    places = [at for at, line in enumerate(lines) if "-->" in line]
    if not places:
        raise BadInput("no cue is in it (a line such as 00:01:02.500 --> 00:01:04.000); export it again")
    begins = [_begin(lines, at, name) for at in places] + [len(lines)]
    _check_aside(lines, range(begins[0]), aside)
    for at, limit in zip(places, begins[1:], strict=True):
        end = _end(lines, at + 1, limit)
        _check_aside(lines, range(end, limit), aside)
        yield _cue(lines[at], at + 1, lines[at + 1 : end])


def _begin(lines: list[str], at: int, name: re.Pattern[str]) -> int:
    """Where the cue with times at `at` begins: a line higher when its name stands there, or its number."""
    # A number is one wherever it stands, since some programs forget the blank line; a name only below a blank line.
    above = lines[at - 1].strip() if at else ""
    apart = at == 1 or (at > 1 and not lines[at - 2].strip())
    return at - 1 if above and (above.isdigit() or (apart and name.fullmatch(above))) else at


def _end(lines: list[str], at: int, limit: int) -> int:
    """Where the words from `at` on end: at a blank line, though one with spaces may come first (YouTube's does)."""
    while at < limit and lines[at] and not lines[at].strip():
        at += 1
    while at < limit and lines[at].strip():
        at += 1
    return min(at, limit)


def _check_aside(lines: list[str], places: range, aside: re.Pattern[str]) -> None:
    allowed = False
    for at in places:
        if at == places.start or not lines[at - 1].strip():
            allowed = aside.match(lines[at]) is not None
        if lines[at].strip() and not allowed:
            raise BadInput(
                f"line {at + 1} ({short(lines[at])}) belongs to no cue; give it times, or take out the blank line "
                "above it, or export the file again if it is cut off"
            )


def _cue(times: str, number: int, lines: list[str]) -> Cue:
    match = _TIMES.fullmatch(times)
    if match is None:
        raise BadInput(f"line {number} must be times such as 00:01:02.500 --> 00:01:04.000, not {short(times)}")
    start, end = (seconds(stamp, f"line {number}") for stamp in match.groups())
    return Cue(start, end, tuple(line for line in lines if line.strip()))


def unroll(rolling: list[Cue]) -> list[Cue]:
    """Each line once, where the cues roll: where a cue repeats the end of the one before it and adds a line below.

    YouTube's automatic captions roll. They are known by half of the cues or more repeating a line, and at least two
    adding one to it; elsewhere a line that is said twice stays twice.
    """
    repeats = [_count_repeated(before, after) for before, after in pairwise(rolling)]
    grown = sum(0 < count < len(cue.lines) for count, cue in zip(repeats, rolling[1:], strict=True))
    if grown < 2 or 2 * sum(count > 0 for count in repeats) < len(repeats):
        return rolling
    unrolled = [rolling[0]]
    for count, cue in zip(repeats, rolling[1:], strict=True):
        if count == len(cue.lines):
            unrolled[-1] = unrolled[-1]._replace(end=max(unrolled[-1].end, cue.end))
        else:
            unrolled.append(cue._replace(lines=cue.lines[count:]))
    return unrolled


def _count_repeated(before: Cue, after: Cue) -> int:
    """How many of the first lines of `after` are the last lines of `before`."""
    longest = min(len(before.lines), len(after.lines))
    return next((count for count in range(longest, 0, -1) if before.lines[-count:] == after.lines[:count]), 0)


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
