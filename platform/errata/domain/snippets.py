"""A stream in snippets, spans of equal length: the join of what is said, shown and written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from errata.domain.chat_messages import Chat, ChatMessage
from errata.domain.transcript import Segment

SNIPPET_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Snippet:
    start: float
    """Seconds; it ends where the next one starts."""
    end: float
    said: tuple[Segment, ...]
    """What ends in it: nothing of it is known earlier."""
    written: Chat


def snippets(
    segments: Sequence[Segment], messages: Sequence[ChatMessage], duration: float, length: float = SNIPPET_SECONDS
) -> list[Snippet]:
    """Those of a stream of `duration` seconds, in order, each `length` seconds long, the last one perhaps less. What is
    said or written at a border belongs to the snippet that begins there; what comes after the end, or before the
    beginning, to none.
    """
    count = max(1, math.ceil(duration / length))
    said: list[list[Segment]] = [[] for _ in range(count)]
    written: list[list[ChatMessage]] = [[] for _ in range(count)]
    for segment in segments:
        said[min(int(segment.end // length), count - 1)].append(segment)
    for message in messages:
        if 0 <= message.at <= duration:
            written[min(int(message.at // length), count - 1)].append(message)
    return [
        Snippet(place * length, min((place + 1) * length, duration), tuple(said[place]), tuple(written[place]))
        for place in range(count)
    ]
