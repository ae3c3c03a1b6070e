"""Whether a chat's clock is the stream's own: viewers repeat what they hear, a few seconds later and not before.

Of words that both the speaker and viewers use, and that neither uses often, the distances in time are laid out: those
of words that have nothing to do with each other lie anywhere, and those of echoes in one place. Where that place is far
from 0, the clocks disagree by about so much.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from errata.domain.chat_messages import ChatMessage
from errata.domain.transcript import Segment

REACH = 3600.0
"""Seconds: a chat that is further off has no echo within reach."""
BIN = 15.0
"""Seconds within which echoes of one clock come: reading and typing take their time."""
LEAST_ECHOES = 6
SURPRISE = 6.0
"""Standard deviations by which the fullest place is above what chance puts there."""
HONEST = 60.0
"""Seconds off that a stream's delay explains."""
RARE = 8
"""Times that a word may come on either side: what everybody says all the time is nobody's echo."""
_WORD = re.compile(r"\w{4,}")


def clock_offset(segments: Sequence[Segment], messages: Sequence[ChatMessage]) -> float | None:
    """By how many seconds the chat's clock is ahead of the stream's (negative: behind); None where that can't be told,
    or is no more than a delay explains."""
    said = _places((segment.end, segment.text) for segment in segments)
    written = _places((message.at, message.text) for message in messages)
    distances = np.array(
        [
            time - heard
            for word in said.keys() & written.keys()
            for time in written[word]
            for heard in said[word]
            if abs(time - heard) <= REACH
        ]
    )
    if len(distances) < LEAST_ECHOES:
        return None
    counts, edges = np.histogram(distances, bins=np.arange(-REACH, REACH + BIN, BIN))
    fullest = int(np.argmax(counts))
    chance = (counts.sum() - counts[fullest]) / (len(counts) - 1)
    surprise = (counts[fullest] - chance) / max(chance, 0.1) ** 0.5
    at_home = counts[(edges[:-1] >= -HONEST) & (edges[:-1] < HONEST)].max()
    if counts[fullest] < LEAST_ECHOES or surprise < SURPRISE or 2 * at_home > counts[fullest]:
        return None
    offset = float(edges[fullest] + BIN / 2)
    return offset if abs(offset) > HONEST else None


def _places(lines: Iterable[tuple[float, str]]) -> dict[str, list[float]]:
    """Where each rare word comes."""
    places: dict[str, list[float]] = defaultdict(list)
    for time, line in lines:
        for word in set(_WORD.findall(line.casefold())):
            places[word].append(time)
    return {word: times for word, times in places.items() if len(times) <= RARE}
