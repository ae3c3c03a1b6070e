"""Why a talk comes next in the review queue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditReason:
    """Drawn at random, whatever models made of it."""

    second: bool
    """Whether somebody has reviewed it already, and what they made of it isn't to be seen."""


@dataclass(frozen=True, slots=True)
class DifferenceReason:
    """The champion and the challenger differ."""

    borders: int
    """That only one of them has."""


@dataclass(frozen=True, slots=True)
class UnsureReason:
    """The model is unsure of its borders."""

    borders: int
    """That are rather wrong than right; at least one, the least sure."""
    least: float
    """The lowest confidence."""


@dataclass(frozen=True, slots=True)
class ArrivalReason:
    """Nothing is known of it but when it came."""


ReviewReason = AuditReason | DifferenceReason | UnsureReason | ArrivalReason
