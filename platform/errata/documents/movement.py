"""How far a candidate's words have moved from other models'."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Movement:
    """Mean KL in nats a label, over right answers."""

    windows: int
    """Of dev, that it was measured on."""
    from_champion: float
    from_day0: float
