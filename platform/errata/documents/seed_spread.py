"""`seeds.json`: a night's candidate made again with other seeds, to see how much of its effect is luck."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.comparison import Comparison
from errata.documents.document import Document


@dataclass(frozen=True, slots=True)
class SeedRun:
    seed: int
    model: str
    """Its identity; of all but the candidate itself nothing else is kept."""
    against_champion: Comparison
    """F1, on the night's fresh items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSpread(Document):
    night: str
    runs: tuple[SeedRun, ...]
    """On the same rows, by the same recipe; the candidate first."""
    mean: float | None
    """Of the runs' effects, in points of F1."""
    deviation: float | None
    """Between them; None of fewer than two."""
