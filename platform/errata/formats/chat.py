"""Chat logs as tcd writes them in its `irc` format: one file is one stream, and a message is a line of it.

    [0:02:08] <ecenti> isn't it macrophone?
    [0:02:10] <~Tsoding> a badge (one of ~ @ % + $ & * !) may stand before the name; it is left out
    [0:02:12] *Tsoding waves]

A message is at one time: it ends where it begins. One from before the stream has a minus (`[-0:00:42]`).
"""

from __future__ import annotations

import re
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.cues import seconds
from errata.formats.talk import Speech

_MESSAGE = re.compile(r"\[(-?)([\d:.]+)\] (?:<[~@%+$&*!]?([^<>]+)>|\*(\S+))(?: (.*))?", re.ASCII)


def fits(content: Any) -> bool:
    return isinstance(content, str) and _MESSAGE.match(content.lstrip()) is not None


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    return [_line(line.rstrip("\r"), at) for at, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _line(line: str, number: int) -> JsonObject:
    match = _MESSAGE.fullmatch(line)
    if match is None:
        raise BadInput(
            f"line {number} must be like [0:02:08] <name> message, not {short(line)}; mend it or take it out"
        )
    sign, stamp, name, actor, words = match.groups()
    at = seconds(stamp, f"line {number}") * (-1 if sign else 1)
    message = words or ""
    return {
        "start": at,
        "end": at,
        "text": message.removesuffix("]") if actor else message,
        "speaker": name or actor,
    }
