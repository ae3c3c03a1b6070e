"""`calibration.json`: how often a model's borders are right, by how sure it was; `evaluation.calibration` fits it.

A map turns what a model holds probable into what turned out so, and never turns the order of two borders round.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import ClassVar, Literal

from errata.documents.document import Document

FEWEST_BORDERS, FEWEST_ITEMS = 50, 20
"""Below either, a model's confidence isn't evaluable: ten borders a bin leave ±0.15 to chance."""
LEAST = 1e-6
"""A model's probability isn't taken for nearer to 0 or 1 than this: it is rounded about there."""


@dataclass(frozen=True, slots=True)
class PlattMap:
    """Platt 1999: a line through the log-odds, which a few dozen borders can tell."""

    kind: Literal["platt"]
    slope: float
    """At least 0."""
    intercept: float

    def apply(self, probability: float) -> float:
        held = min(max(probability, LEAST), 1 - LEAST)
        return sigmoid(self.slope * math.log(held / (1 - held)) + self.intercept)


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    held: float
    """What a model holds probable,"""
    right: float
    """and what turned out so."""


@dataclass(frozen=True, slots=True)
class IsotonicMap:
    """The rising steps that fit best (Zadrozny & Elkan 2002), for many borders; in between them, straight lines."""

    kind: Literal["isotonic"]
    points: tuple[CalibrationPoint, ...]
    """`held` ascends, `right` never falls."""

    def apply(self, probability: float) -> float:
        place = bisect_left(self.points, probability, key=lambda point: point.held)
        if place == 0:
            return self.points[0].right
        if place == len(self.points):
            return self.points[-1].right
        below, above = self.points[place - 1], self.points[place]
        share = (probability - below.held) / (above.held - below.held)
        return min(above.right, below.right + (above.right - below.right) * share)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Borders of which a model was about equally sure."""

    borders: int
    confidence: float
    """Their mean,"""
    right: float
    """and the share of them that were right."""
    low: float | None
    high: float | None
    """Ends of the share's two-sided 90 % interval; None where all are of one cluster."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far confidences are from what turned out so."""

    ece: float
    """Expected calibration error: the mean distance of a bin's share from its mean confidence, by its borders."""
    low: float | None
    high: float | None
    """Ends of its two-sided 90 % interval; None where all borders are of one cluster."""
    chance: float
    """What it would come to, on average, on so many borders if every confidence were exactly right."""
    bins: tuple[ReliabilityBin, ...]
    """From the least sure to the surest, each of about as many borders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Of one model, on borders that it set in transcripts which nothing of it was trained on."""

    model: str
    borders: int
    right: int
    """Those of them that the reviewer kept, or moved by less than `domain.near_borders.NEAR`."""
    items: int
    """Transcripts that they are of,"""
    clusters: int
    """from so many channels."""
    blind: int
    """Of the borders, those of transcripts whose reviewers saw no draft. Of the others, some stand that nobody would
    have set: what is drafted is kept more readily."""
    map: PlattMap | IsotonicMap | None
    """None where too few borders were reviewed to tell."""
    as_given: Reliability | None
    """Of what the model held probable,"""
    calibrated: Reliability | None
    """and of what is made of it by maps that were fitted without the cluster they are applied to; None without a map.
    """

    def apply(self, confidences: tuple[float | None, ...]) -> tuple[float | None, ...]:
        """What has no confidence keeps none; without a map, all stay as they are."""
        if self.map is None:
            return confidences
        return tuple(None if each is None else round(self.map.apply(each), 4) for each in confidences)


@dataclass(frozen=True, slots=True)
class Calibrations(Document):
    """Of those who were scored on a night."""

    VERSION: ClassVar[int] = 1

    night: str
    models: tuple[Calibration, ...]

    def of(self, model: str) -> Calibration | None:
        """By identity."""
        return next((calibration for calibration in self.models if calibration.model == model), None)


def sigmoid(log_odds: float) -> float:
    """The probability that has these log-odds."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))
