"""The record's tables of streams that the service hears: their lines and what was told of them, and who watches one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.column_types import UtcTime
from errata.database.review_tables import AnyClaimRow, AnyDraftRow
from errata.database.tables import Base, now


class StreamRow(Base):
    """A stream: while it runs its lines stand in `stream_lines`, and once it has ended in its transcript."""

    __tablename__ = "streams"
    __table_args__ = (
        UniqueConstraint("by", "idempotency_key", name="uq_streams_key"),
        Index("ix_streams_state", "state", "external_id"),
        Index("ix_streams_transcript", "transcript"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    """By which it is asked after; of the request for its chapters too."""
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    by: Mapped[str]
    """Whose key opened it."""
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the key that came with the request to open it."""
    body: Mapped[str] = mapped_column(String(64))
    """SHA-256 of that request."""
    external_id: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    channel: Mapped[str]
    media: Mapped[str]
    state: Mapped[str] = mapped_column(String(8), default="open")
    """`open`, `ending` (its lines are a transcript, which is being answered) or `ended`."""
    lines: Mapped[int] = mapped_column(default=0)
    """How many came."""
    heard: Mapped[float] = mapped_column(Double, default=0.0)
    """The end of the last of them to end, in seconds."""
    seen: Mapped[datetime] = mapped_column(UtcTime, default=now)
    """When its client was last heard of."""
    transcript: Mapped[int | None] = mapped_column(ForeignKey("transcripts.seq"))
    prediction: Mapped[int | None] = mapped_column(ForeignKey("predictions.seq"))
    failure: Mapped[str | None] = mapped_column(String(16))


class StreamLineRow(Base):
    """A line of a stream that runs."""

    __tablename__ = "stream_lines"

    stream: Mapped[int] = mapped_column(ForeignKey("streams.number"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 0."""
    start: Mapped[float] = mapped_column(Double)
    end: Mapped[float] = mapped_column(Double)
    text: Mapped[str]
    speaker: Mapped[str | None]


class StreamEventRow(Base):
    """What was told of a stream. Append-only."""

    __tablename__ = "stream_events"

    stream: Mapped[int] = mapped_column(ForeignKey("streams.number"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    kind: Mapped[str] = mapped_column(String(16))
    start: Mapped[float] = mapped_column(Double)
    title: Mapped[str]
    heard: Mapped[float] = mapped_column(Double)
    model: Mapped[str] = mapped_column(String(64))
    """Whose look it was."""


class StreamWatcherRow(AnyClaimRow):
    """Who has had a stream open on the review page while it ran: they have seen what was told of it, for ever."""

    __tablename__ = "stream_watchers"

    item: Mapped[int] = mapped_column(
        "stream", ForeignKey("streams.number"), primary_key=True, autoincrement=False, sort_order=-1
    )


class StreamDraftRow(AnyDraftRow):
    """What a reviewer has made of a stream so far; it goes to the transcript when the stream ends."""

    __tablename__ = "stream_drafts"

    item: Mapped[int] = mapped_column(
        "stream", ForeignKey("streams.number"), primary_key=True, autoincrement=False, sort_order=-1
    )
