"""The record's tables of the review page: who is at work on what, and what they handed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.column_types import UtcTime
from errata.database.tables import Base, now
from errata.files import JsonObject


class AnyClaimRow(Base):
    """Who works on an item's review now; a row whose heartbeat stopped counts no longer."""

    __abstract__ = True

    item: Mapped[int]
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(64))
    """A number that the page drew when it was opened: two tabs of one reviewer are two pages."""
    since: Mapped[datetime] = mapped_column(UtcTime)
    seen: Mapped[datetime] = mapped_column(UtcTime)
    """Its newest heartbeat."""


class ClaimRow(AnyClaimRow):
    """Of a transcript."""

    __tablename__ = "claims"

    item: Mapped[int] = mapped_column(
        "transcript", ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False, sort_order=-1
    )


class AnyDraftRow(Base):
    """What a reviewer has not submitted yet: each page's newest state, removed when it is submitted."""

    __abstract__ = True

    item: Mapped[int]
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int]
    """Rises with every save of the reviewer's on the item."""
    late: Mapped[bool]
    """It went on from a revision that another page had gone on from already: kept beside that one."""
    content: Mapped[JsonObject] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ReviewDraftRow(AnyDraftRow):
    """Of a transcript."""

    __tablename__ = "review_drafts"

    item: Mapped[int] = mapped_column(
        "transcript", ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False, sort_order=-1
    )


class SubmissionRow(Base):
    """What a reviewer did with an item on the review page, and how much work it was."""

    __tablename__ = "submissions"
    __table_args__ = (
        Index("ix_submissions_reviewer", "reviewer", "number"),
        Index("ix_submissions_transcript", "transcript", "action"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Of what makes it one submission: sent again, it changes nothing."""
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"))
    reviewer: Mapped[str]
    action: Mapped[str] = mapped_column(String(8))
    """`edit`, `accept`, `reject`, `skip` or `flag`."""
    why: Mapped[str]
    correction: Mapped[int | None] = mapped_column(ForeignKey("corrections.seq"))
    """NULL for what says nothing of the chapters: a skip, a flag."""
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    seconds: Mapped[float]
    """Time spent, without that in which the page lay idle or hidden."""
    plays: Mapped[int]
    commands: Mapped[int]
    draft_shown: Mapped[bool]
