"""Numbers, times, models and complaints as pages show them: a dash, never 0, for what isn't known."""

from __future__ import annotations

from datetime import datetime

DASH = "–"
SHOWN = 12
"""Characters of a model's identity: enough to tell it from others, and for every command to find it by."""


def decimal(value: float | None, signed: bool = False) -> str:
    """One decimal, and a true minus."""
    if value is None:
        return DASH
    return f"{value:{'+' if signed else ''}z.1f}".replace("-", "−")


def span(low: float | None, high: float | None, signed: bool = False) -> str:
    return DASH if low is None or high is None else f"{decimal(low, signed)} to {decimal(high, signed)}"


def model_name(identity: str | None) -> str:
    return identity[:SHOWN] if identity else DASH


def moment(at: datetime | None) -> str:
    """In UTC, which the column's head says."""
    return DASH if at is None else f"{at:%Y-%m-%d %H:%M}"


def sentence(words: str) -> str:
    """What an error says, as a page has it."""
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "!", "?")) else ".")


def origin(title: str, channel: str, external_id: str) -> str:
    """Where a talk is from, before what else is said of it: its channel, or its id where it has a title besides."""
    known = channel or (external_id if title else "")
    return f"{known} · " if known else ""


FILTERS = {"sentence": sentence, "decimal": decimal, "span": span, "model_name": model_name, "moment": moment}
