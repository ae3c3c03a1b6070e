"""What a chat's log holds, whichever format it is in: its messages, what moderators took out of them, and what it says
of the stream that it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from errata.domain.chat_messages import ChatMessage
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import text

_ACTION = "/me "


@dataclass(frozen=True, slots=True)
class LoggedDeletion:
    """A message that the log has, and that a moderator, or its author, took out."""

    key: str
    """Of the message."""
    why: str
    """What the log says of it; may be empty."""


@dataclass(frozen=True, slots=True)
class LoggedStream:
    """What a log says of the stream that it is of; empty, or 0, where it says nothing."""

    id: str = ""
    title: str = ""
    channel: str = ""
    duration: float = 0.0
    """Seconds."""


UNNAMED = LoggedStream()


class NoMessages(BadInput):
    """Nobody wrote anything."""


def _no_messages() -> NoMessages:
    return NoMessages("no message with words is in it; leave it out")


@dataclass(frozen=True, slots=True)
class ChatLog:
    messages: tuple[ChatMessage, ...]
    """In the file's order."""
    deletions: tuple[LoggedDeletion, ...] = ()
    stream: LoggedStream = UNNAMED
    written_at: tuple[float | None, ...] = ()
    """When each message was written by the service's own clock, in seconds since 1970; empty where no log says so."""


def message(
    at: float,
    author: str,
    words: str,
    badges: Sequence[str] = (),
    action: bool = False,
    name: str = "",
) -> ChatMessage | None:
    """One on one line, where `/me` is no word of it; None where it has no words."""
    line = " ".join(words.split())
    if f"{line} ".startswith(_ACTION):
        line, action = line.removeprefix(_ACTION.strip()).strip(), True
    return ChatMessage(at, " ".join(author.split()), line, tuple(badges), action, name) if line else None


def as_line(written: ChatMessage) -> JsonObject:
    """As a line of a transcript, which ends where it begins."""
    return {"start": written.at, "end": written.at, "text": written.text, "speaker": written.author or None}


def as_talk(log: ChatLog, name: str) -> JsonObject:
    """As the row of a transcript called `name`. Raises NoMessages."""
    lines = [as_line(written) for written in log.messages]
    if not lines:
        raise _no_messages()
    stream = log.stream
    metadata = {"title": stream.title, "channel_id": stream.channel, "duration": stream.duration}
    return {"video_id": name, "metadata": {key: value for key, value in metadata.items() if value}, "asr": lines}


def moment(value: Any) -> float | None:
    """Seconds since 1970 of a time as ISO 8601 has it; None of what is no time: nobody needs it."""
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def checked(log: ChatLog) -> ChatLog:
    """Raises BadInput for what no database takes, with the message that holds it, and NoMessages."""
    if not log.messages:
        raise _no_messages()
    for number, written in enumerate(log.messages, start=1):
        badges = (("badge", badge) for badge in written.badges)
        for what, value in (("text", written.text), ("author", written.author), ("id", written.id), *badges):
            text(value, f"message {number}'s {what}")
    for deletion in log.deletions:
        text(deletion.why, "what the log says of a message that is gone")
    return log
