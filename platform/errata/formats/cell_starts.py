"""A chapter's start as it stands in a spreadsheet's cell.

    93, 93.5, 93,5, 9e1        a number in the transcript's unit, with a point or a comma before its fraction
    0:21, 1:02:03, 1:33.5      M:SS or H:MM:SS

A spreadsheet takes 75:30 for hours and makes 75:30:00 of it: no transcript lasts a day, so that minutes and seconds are
meant. What may be two numbers (1,234) is refused, and so is a time of day (01:33 AM).
"""

from __future__ import annotations

import re
from reprlib import repr as short

from errata.domain.clock import read_clock
from errata.domain.transcript import LONGEST_SECONDS
from errata.errors import BadInput

_NUMBER = re.compile(r"-?\d+([.,]\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}", re.ASCII)


def cell_start(cell: str) -> float:
    """Raises BadInput where it is no start; whether it lies within a transcript is for others to say."""
    if _THOUSANDS.fullmatch(cell):
        whole, fraction = cell.split(",")
        number, decimal = whole + fraction, f"{whole}.{fraction}"
        raise BadInput("the start {} may be {} or {}; write the one meant", short(cell), number, decimal)
    pointed = cell.replace(",", ".")
    if _NUMBER.fullmatch(cell):
        return float(pointed)
    seconds = read_clock(pointed)
    if seconds is None:
        raise BadInput(
            "a start must be a number or a time such as 0:21 or 1:02:03, not {}; write 93 or 0:01:33", short(cell)
        )
    return _minutes_and_seconds(seconds) if seconds >= LONGEST_SECONDS else seconds


def _minutes_and_seconds(hours_and_minutes: float) -> float:
    """What was typed where a spreadsheet made H:MM:00 of it; a fraction of a minute can't be, and stays what it is."""
    return hours_and_minutes if hours_and_minutes % 60 else hours_and_minutes / 60
