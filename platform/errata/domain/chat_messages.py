"""What viewers wrote beside a stream: messages, each at one time, and what moderators took out of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from errata.domain.hashing import content_hash

KEY_LENGTH = 12
"""Letters of a message's key: of a hash, enough to tell a stream's messages apart."""


@dataclass(frozen=True)
class ChatMessage:
    at: float
    """Seconds from the stream's beginning; below 0 for one from before it."""
    author: str
    """Empty where nobody is named."""
    text: str
    """On one line; never empty."""
    badges: tuple[str, ...] = ()
    """What its author was in the channel: `broadcaster`, `moderator`, `subscriber`, …, as the service calls it."""
    action: bool = False
    """Whether it says what its author does (`/me`)."""
    id: str = ""
    """The service's own; empty where the log has none."""

    @cached_property
    def key(self) -> str:
        """By which it is named: equal messages at the same time have one key, and go together."""
        return content_hash([self.id] if self.id else [self.at, self.author, self.text])[:KEY_LENGTH]

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "author": self.author,
            "text": self.text,
            "badges": list(self.badges),
            "action": self.action,
            "id": self.id,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ChatMessage:
        return cls(**{**value, "badges": tuple(value["badges"])})


Chat = tuple[ChatMessage, ...]
"""In the order of time."""


def chat_hash(messages: Iterable[ChatMessage]) -> str:
    """By which a log is known again, whatever the order of its messages."""
    return content_hash(sorted(message.key for message in messages))


def without_deleted(messages: Iterable[ChatMessage], deleted: Collection[str]) -> Chat:
    """Those whose key is not among `deleted`."""
    return tuple(message for message in messages if message.key not in deleted)
