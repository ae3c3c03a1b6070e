"""Numbers and text as they are read: one decimal, a true minus, and a dash, never 0, for what is missing."""

from __future__ import annotations

import math
import re
from typing import Any

from errata.domain.clock import clock
from errata.domain.transcript import Unit

DASH = "–"
_HYPHEN_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def known(value: float | None) -> float | None:
    """None for NaN and infinity as well, which JSON doesn't have."""
    return None if is_missing(value) else value


def number(value: float | None, signed: bool = False) -> str:
    """One decimal; `signed` puts a + before a gain."""
    if value is None or is_missing(value):
        return DASH
    text = typographic(f"{value:z.1f}")
    return f"+{text}" if signed and value > 0 and text != "0.0" else text


def two(value: float | None, signed: bool = False) -> str:
    """Two decimals: for shares and correlations."""
    if value is None or is_missing(value):
        return DASH
    return typographic(f"{value:{'+' if signed and round(value, 2) else ''}z.2f}")


def interval(low: float | None, high: float | None, signed: bool = False) -> str:
    if is_missing(low) or is_missing(high):
        return DASH
    return f"{number(low, signed)} to {number(high, signed)}"


def count(value: int | None) -> str:
    """Thousands apart by a narrow space."""
    return DASH if value is None else f"{value:,}".replace(",", "\u202f")


def share(part: int, whole: int) -> str:
    return f"{number(100 * part / whole)}\u202f%" if whole else DASH


def typographic(text: str) -> str:
    """The same sentence with true minus signs before its numbers; dates and names keep their hyphens."""
    return _HYPHEN_MINUS.sub("−", text)


def short(text: str, longest: int = 400) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def plural(value: int, one: str, many: str = "") -> str:
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def place(start: float, unit: Unit | None) -> str:
    """Where in a transcript: a time, or the number of a word; the bare number where the unit isn't known."""
    if unit == "seconds":
        return clock(start)
    return f"word {count(int(start))}" if unit == "words" else f"{start:g}"
