"""How far what comes in now is from what the champion was trained on: `drift.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.documents.document import Document

DriftName = Literal["length", "language", "channels", "vocabulary", "correction rate", "edit distance"]
DriftDistance = Literal["KS", "JS", "PSI", "rise"]
"""Kolmogorov–Smirnov, Jensen–Shannon distance, population stability index, or by how many points a mean is higher."""
Compared = Literal["training data", "earlier talks"]


@dataclass(frozen=True, slots=True)
class DriftMeasure:
    name: DriftName
    by: DriftDistance
    talks: int
    """Or reviews, of the present."""
    reference: int
    """Talks or reviews that they are held against."""
    distance: float
    expected: float
    """What chance alone would make of it."""
    least: float
    """How far beyond that it must be to count."""
    p_value: float
    level: float
    """Below which the p value must be."""

    @property
    def alarms(self) -> bool:
        return self.p_value <= self.level and self.distance - self.expected >= self.least


@dataclass(frozen=True, slots=True)
class DriftReport(Document):
    champion: str
    at: str
    """ISO 8601, UTC."""
    against: Compared
    """What the champion was trained on; where too little of that is on record, as of Day-0, the talks before."""
    talks: int
    reference: int
    measures: tuple[DriftMeasure, ...]
    """Those for which there is enough on both sides."""

    @property
    def alarms(self) -> tuple[DriftMeasure, ...]:
        return tuple(measure for measure in self.measures if measure.alarms)
