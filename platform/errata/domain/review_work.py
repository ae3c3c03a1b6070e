"""Work on a review before and when it is handed in: who holds the item, what isn't submitted yet, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from errata.domain.chapter import Chapters

Action = Literal["edit", "accept", "reject", "skip", "flag"]
ACTIONS: tuple[Action, ...] = ("edit", "accept", "reject", "skip", "flag")


@dataclass(frozen=True, slots=True)
class Claim:
    """A reviewer's hold on an item, kept by a heartbeat."""

    reviewer: str
    page: str
    """Which of the reviewer's pages gave the newest sign of life."""
    since: datetime
    seen: datetime


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work an item was."""

    seconds: float = 0.0
    """Spent on it, without the time in which the page was idle or hidden."""
    plays: int = 0
    commands: int = 0
    """Gestures that changed the chapters; an undo is one too."""


@dataclass(frozen=True, slots=True)
class MeanEffort:
    """How much work a reviewer's items were on the page, on average."""

    reviews: int
    seconds: float
    """For one; see `Effort`."""


@dataclass(frozen=True, slots=True)
class DraftContent:
    """How far a page is with an item."""

    chapters: Chapters
    line: int
    """Of the transcript's, where the reviewer is."""
    effort: Effort
    told: Chapters | None = None
    """Of a stream, what had been told of it: `chapters` are what the reviewer made of these. None of a transcript."""


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What a page has not submitted yet, as it last saved it."""

    page: str
    revision: int
    late: bool
    """Another page had gone on from the same revision before: both are kept."""
    chapters: Chapters
    line: int
    effort: Effort
    at: datetime
    told: Chapters | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a reviewer did with an item."""

    number: int
    transcript: int
    reviewer: str
    action: Action
    why: str
    correction: int | None
    """`seq` of the event that it became; None for a skip and a flag, which say nothing of the chapters."""
    at: datetime
    effort: Effort
    draft_shown: bool
