"""Seconds and `HH:MM:SS`."""

from __future__ import annotations

import re

# No digit may touch it, or "1:23456" and "2024:12:31" would hold a time.
_CLOCK = re.compile(r"(?<!\d)(\d{1,3})[:：∶]([0-5]\d)(?:[:：∶]([0-5]\d))?(?!\d)")
_DECIMALS = re.compile(r"(\.\d+)?")


def clock(seconds: float) -> str:
    """`HH:MM:SS` of the floored seconds; hours run on past 99."""
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def read_clock(text: str) -> float | None:
    """The seconds of a text that is nothing but `H:MM:SS` or `M:SS`, with or without decimals; None for any other."""
    clock_time = find_clock(text)
    if clock_time is None:
        return None
    seconds, (begin, end) = clock_time
    decimals = text[end:]
    return None if begin or not _DECIMALS.fullmatch(decimals) else seconds + float(f"0{decimals}")


def find_clock(text: str) -> tuple[int, tuple[int, int]] | None:
    """The first `H:MM:SS` or `M:SS` in `text`: its seconds, and where in `text` it stands; None without one."""
    match = _CLOCK.search(text)
    if match is None:
        return None
    first, second, third = match.groups()
    if third is None:
        return int(first) * 60 + int(second), match.span()
    return int(first) * 3600 + int(second) * 60 + int(third), match.span()
