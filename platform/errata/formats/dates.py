"""Dates as people, tools and spreadsheets write them.

2024-05-02, 2024-05-02T14:30:00Z      ISO 8601, with or without a time
2024/05/02, 2024.05.02                the year first
02.05.2024                            dots: the day first
13/5/2024, 5/13/2024, 5-5-2024        only where no other date can be meant
"""

from __future__ import annotations

import re
from datetime import date, datetime
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput

_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:,?\s+(\d{1,2}:[0-5]\d(?::[0-5]\d)?))?", re.ASCII)


def iso_date(value: Any, what: str) -> str:
    """As an ISO date, or date and time. Raises BadInput, also where two dates can be meant."""
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            continue
    return _local_date(value.strip(), what) if isinstance(value, str) else _refuse(value, what)


def _local_date(text: str, what: str) -> str:
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return _refuse(text, what)
    first, separator, second, third, clock = match.groups()
    days = _days(first, separator, second, third)
    if len(days) > 1:
        raise BadInput(what + " {} may be {}; write the one that is meant", short(text), " or ".join(days))
    if not days:
        return _refuse(text, what)
    if clock is None:
        return days[0]
    try:
        return datetime.fromisoformat(f"{days[0]} {clock.zfill(len('00:00'))}").isoformat()
    except ValueError:
        return _refuse(text, what)


def _days(first: str, separator: str, second: str, third: str) -> list[str]:
    """The dates that the three numbers can mean, the earliest first; years have four digits."""
    if len(first) == 4:
        orders = [(first, second, third)]
    elif len(third) != 4:
        return []
    elif separator == ".":
        orders = [(third, second, first)]
    else:
        orders = [(third, second, first), (third, first, second)]
    days = set()
    for year, month, day in orders:
        try:
            days.add(date(int(year), int(month), int(day)).isoformat())
        except ValueError:
            continue
    return sorted(days)


def _refuse(value: Any, what: str) -> str:
    raise BadInput(what + " must be an ISO date such as 2024-02-15, not {}", short(value))
