"""How much is written in a chat, minute by minute, and when nobody writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from errata.domain.chat_messages import ChatMessage

MINUTE = 60.0
GAP = 300.0
"""Seconds without a message from which on a silence is named: a log that was cut, or a stream that was."""


@dataclass(frozen=True, slots=True)
class ChatGap:
    start: float
    """Seconds."""
    end: float


@dataclass(frozen=True, slots=True)
class ChatPace:
    messages: int
    """From the stream's beginning on,"""
    early: int
    """and those from before it."""
    authors: int
    per_minute: float
    """Of the whole stream, silences too."""
    busiest: int
    """Messages in the busiest minute,"""
    busiest_at: float
    """and where it begins, in seconds."""
    gaps: tuple[ChatGap, ...]
    """Of `GAP` seconds and more, the stream's beginning and end too, in order."""


def chat_pace(messages: Sequence[ChatMessage], duration: float) -> ChatPace:
    """Of messages in the order of time; `duration` is the stream's, in seconds."""
    times = [message.at for message in messages if message.at >= 0]
    minutes = Counter(int(time // MINUTE) for time in times)
    minute, most = max(minutes.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
    ends = [0.0, *times, max([duration, *times])]
    return ChatPace(
        messages=len(times),
        early=len(messages) - len(times),
        authors=len({message.author for message in messages if message.author}),
        per_minute=len(times) * MINUTE / max(ends[-1], 1.0),
        busiest=most,
        busiest_at=minute * MINUTE,
        gaps=tuple(ChatGap(before, after) for before, after in pairwise(ends) if after - before >= GAP),
    )
