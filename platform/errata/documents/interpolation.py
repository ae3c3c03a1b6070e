"""How a candidate was drawn towards the champion: what each way between the two scored on dev, and which was taken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DevScore:
    alpha: float
    """Of the way from the champion (0) to what was trained (1)."""
    f1: float
    """Mean over the dev items."""
    energy: float | None = None
    """Share of the squared singular values that the adapter's rank keeps; None where nothing was cut."""


@dataclass(frozen=True, slots=True)
class Interpolation:
    alpha: float = 1.0
    """As taken; 1 is what was trained."""
    items: int = 0
    """Of dev, that it was chosen on."""
    scores: tuple[DevScore, ...] = ()
    obstacle: str = ""
    """Why nothing was chosen; empty where it was."""
