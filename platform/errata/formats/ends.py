"""Where a line of speech ends, for formats that say only where it starts."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from errata.files import JsonObject
from errata.formats.talk import Speech

SECONDS_A_WORD = 0.4
"""How long a word lasts where nothing else tells."""


def with_ends(lines: Speech) -> Speech:
    """The lines; one whose end is None ends where the next later one starts.

    What follows the last start is reckoned: its words at the pace of all those before.
    """
    timed = [line for line in lines if _is_time(line["start"])]
    starts = sorted({line["start"] for line in timed})
    for line in timed:
        if line["end"] is None:
            following = bisect_right(starts, line["start"])
            line["end"] = starts[following] if following < len(starts) else _last_end(timed, starts)
    return lines


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _last_end(lines: Speech, starts: list[float]) -> float:
    last = starts[-1]
    before = sum(_count_words(line) for line in lines if line["start"] < last)
    pace = (last - starts[0]) / before if before else SECONDS_A_WORD
    words = sum(_count_words(line) for line in lines if line["start"] == last)
    return float(round(last + pace * max(words, 1), 3))


def _count_words(line: JsonObject) -> int:
    return len(str(line["text"]).split())
