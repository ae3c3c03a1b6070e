"""LRC, the lyrics' format, which some speech recognisers write too: one file is one transcript.

    [ti:The anvil]                     tags; `offset` shifts all times by its milliseconds, and the others are left out
    [00:12.00]the hammer rings
    [00:15.30][01:15.30]the iron bends  a line that is said again; <00:15.80> before a word is left out

A line ends where the next starts (`ends`).
"""

from __future__ import annotations

import re
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.cues import seconds_of_minutes
from errata.formats.ends import with_ends
from errata.formats.talk import Speech

_STAMP = r"\d{1,4}:[0-5]?\d(?::[0-5]?\d)?(?:[.,]\d{1,3}|:\d{3})?"
"""It has no hours as a rule: minutes run on past 59."""
_LINE = re.compile(rf"((?:\[{_STAMP}\])+)(.*)", re.ASCII)
_STAMPS = re.compile(rf"\[({_STAMP})\]", re.ASCII)
_TAG = re.compile(r"\[(?P<name>[a-zA-Z#]+):(?P<value>[^\]]*)\]")
_WORD_TIME = re.compile(rf"<{_STAMP}>", re.ASCII)
_DECIMALS = re.compile(r"\[\d+:\d\d\.\d\d\d?\]", re.ASCII)


def fits(content: Any) -> bool:
    """Whether a text begins with a time to the hundredth in square brackets, below tags at most."""
    if not isinstance(content, str):
        return False
    lines = (line.strip() for line in content.splitlines())
    first = next((line for line in lines if line and not _TAG.fullmatch(line)), "")
    return _DECIMALS.match(first) is not None


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    offset = 0.0
    lines: Speech = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if tag := _TAG.fullmatch(line):
            offset = _offset(tag["value"], number) if tag["name"].lower() == "offset" else offset
        elif line:
            lines += _segments(line, number, offset)
    return with_ends(sorted(lines, key=lambda line: float(line["start"])))


def _offset(value: str, number: int) -> float:
    """Seconds by which the words come earlier."""
    if not re.fullmatch(r"[+-]?\d{1,7}", value.strip(), re.ASCII):
        raise BadInput("line {}'s offset must be milliseconds, not {}", number, short(value))
    return int(value) / 1000


def _segments(line: str, number: int, offset: float) -> list[JsonObject]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadInput("line {} must begin with a time such as [01:02.50], not {}", number, short(line))
    words = _WORD_TIME.sub("", match[2])
    times = [seconds_of_minutes(stamp, f"line {number}") for stamp in _STAMPS.findall(match[1])]
    starts = [max(0.0, round(time - offset, 3)) for time in times]
    return [{"start": start, "end": None, "text": words, "speaker": None} for start in starts]
