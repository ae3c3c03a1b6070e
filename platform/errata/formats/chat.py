"""Chat logs as tcd writes them in its `irc` format: one file is one stream, and a message is a line of it.

    [0:02:08] <ecenti> isn't it macrophone?
    [0:02:10] <~Tsoding> a badge, or several, may stand before the name
    [0:02:12] *Tsoding waves]
    [0:02:13] <Tsoding> /me waves, as some log it

A message is at one time: it ends where it begins. One from before the stream has a minus (`[-0:00:42]`).
"""

from __future__ import annotations

import re
from reprlib import repr as short
from typing import Any

from errata.domain.chat_messages import ChatMessage
from errata.errors import BadInput
from errata.formats.chat_log import ChatLog, as_line, message
from errata.formats.cues import seconds
from errata.formats.talk import Speech

BADGES = {
    "~": "broadcaster",
    "@": "moderator",
    "%": "subscriber",
    "+": "premium",
    "$": "bits",
    "&": "staff",
    "*": "global_mod",
    "!": "admin",
}
"""What stands before a name by tcd's own settings; `+` is Turbo's too."""
_MESSAGE = re.compile(r"\[(-?)([\d:.]+)\] (?:<([~@%+$&*!]*)([^<>]+)>|\*(\S+))(?: (.*))?", re.ASCII)


def fits(content: Any) -> bool:
    return isinstance(content, str) and _MESSAGE.match(content.lstrip()) is not None


def log(content: str) -> ChatLog:
    """Raises BadInput, with the line that can't be read."""
    lines = enumerate(content.split("\n"), start=1)
    read = [_message(line.rstrip("\r"), number) for number, line in lines if line.strip()]
    return ChatLog(tuple(written for written in read if written is not None))


def speech(content: str) -> Speech:
    return [as_line(written) for written in log(content).messages]


def _message(line: str, number: int) -> ChatMessage | None:
    match = _MESSAGE.fullmatch(line)
    if match is None:
        raise BadInput(
            f"line {number} must be like [0:02:08] <name> message, not {short(line)}; mend it or take it out"
        )
    sign, stamp, badges, name, actor, words = match.groups()
    at = seconds(stamp, f"line {number}") * (-1 if sign else 1)
    said = (words or "").removesuffix("]") if actor else words or ""
    return message(at, name or actor, said, [BADGES[badge] for badge in badges or ""], action=bool(actor))
