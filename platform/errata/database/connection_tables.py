"""The record's tables of other tools: their traces, and projects that are kept in step."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.tables import Base


class TraceRow(Base):
    """A call of a foreign model that somebody else's traces hold, and the prediction that it became."""

    __tablename__ = "traces"
    __table_args__ = (Index("ix_traces_prediction", "prediction"),)

    trace: Mapped[str] = mapped_column(primary_key=True)
    span: Mapped[str] = mapped_column(primary_key=True)
    prediction: Mapped[int] = mapped_column(ForeignKey("predictions.seq"))
    answered_at: Mapped[str] = mapped_column(String(40))
    """The outside world's time, ISO 8601; empty where it isn't known."""


class ConnectionRow(Base):
    """A project of another tool that is kept in step with the record."""

    __tablename__ = "connections"
    __table_args__ = (Index("ix_connections_project", "url", "project"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    tool: Mapped[str] = mapped_column(String(16))
    url: Mapped[str]
    """Of the tool's server, without a password."""
    mark: Mapped[str] = mapped_column(String(32), unique=True)
    """Stands in the description of a project that we make, by which one is found again whose number we never heard."""
    project: Mapped[int | None] = mapped_column(BigInteger)
    """The tool's own number; NULL until it has told us."""
    cursor: Mapped[str] = mapped_column(String(40), default="")
    """The tool's time of the newest change that was seen to its end; empty before the first."""


class SentTaskRow(Base):
    """A transcript that went out as a task, once for each project."""

    __tablename__ = "sent_tasks"
    __table_args__ = (Index("ix_sent_tasks_task", "connection", "task"),)

    connection: Mapped[int] = mapped_column(ForeignKey("connections.number"), primary_key=True)
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    """Of the prediction that it was made of."""
    task: Mapped[int | None] = mapped_column(BigInteger)
    """The tool's own number; NULL where it was to be sent, and nobody has heard yet that it is there."""
    removed: Mapped[bool] = mapped_column(default=False)
    """Whether it was taken out of the tool again, since its transcript was forgotten."""


class FetchedReviewRow(Base):
    """An annotation of the tool's, as it was when we last looked."""

    __tablename__ = "fetched_reviews"
    __table_args__ = (Index("ix_fetched_reviews_task", "connection", "task"),)

    connection: Mapped[int] = mapped_column(ForeignKey("connections.number"), primary_key=True)
    annotation: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    task: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[str] = mapped_column(String(64))
    """Hash of what it said."""
    correction: Mapped[int | None] = mapped_column(ForeignKey("corrections.seq"))
    """What it became; NULL where it was skipped or refused, and once it was deleted."""
