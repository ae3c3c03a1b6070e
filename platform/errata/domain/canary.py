"""A model on trial: it answers a share of the talks, until reviewers correct it more than the champion.

Which talks those are is drawn by the transcript's hash. So the same talk always gets the same model, what is the
canary's for a share is so for every larger one, and nobody who looks at a talk has a say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from errata.domain.hashing import uniform

ERROR = 0.05
"""The probability with which a canary that is no worse than the champion is ever returned, at most."""
CanaryEnding = Literal["returned", "stopped", "champion moved"]
"""By the test; by somebody; or since what it is compared with is the champion no more."""


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """Of the talks that came since the canary began, and were answered by the service."""

    canary_corrected: int = 0
    """Those that were drawn for the canary, and whose first review rejected the draft or changed anything."""
    canary_kept: int = 0
    champion_corrected: int = 0
    champion_kept: int = 0

    @property
    def of_canary(self) -> int:
        return self.canary_corrected + self.canary_kept

    @property
    def of_champion(self) -> int:
        return self.champion_corrected + self.champion_kept


@dataclass(frozen=True, slots=True)
class CanaryEnd:
    how: CanaryEnding
    at: datetime
    by: str
    why: str
    """What somebody gave as the reason; empty where nobody was asked."""
    counts: ReviewCounts
    """Those by which it was decided,"""
    evidence: float
    """and the e-value that they gave, at its highest."""


@dataclass(frozen=True, slots=True)
class Canary:
    number: int
    model: str
    champion: str
    """Who is compared with it."""
    share: float
    """Of the talks, those that it answers."""
    error: float
    since: int
    """The record's watermark when it began: talks after it are compared."""
    at: datetime
    by: str
    why: str
    end: CanaryEnd | None = None

    @property
    def is_running(self) -> bool:
        return self.end is None

    @property
    def has_returned(self) -> bool:
        """Whether it was found to be corrected more than the champion."""
        return self.end is not None and self.end.how == "returned"

    def takes(self, transcript_hash: str) -> bool:
        return uniform("canary:" + transcript_hash) < self.share


@dataclass(frozen=True, slots=True)
class CanaryReview:
    """The first review of a talk that is compared."""

    of_canary: bool
    """Whether the talk was drawn for the canary, whoever answered it in the end: where the canary's process was away,
    the champion did."""
    corrected: bool


def counts_of(reviews: list[CanaryReview]) -> ReviewCounts:
    def count(of_canary: bool, corrected: bool) -> int:
        return sum(review == CanaryReview(of_canary, corrected) for review in reviews)

    return ReviewCounts(count(True, True), count(True, False), count(False, True), count(False, False))
