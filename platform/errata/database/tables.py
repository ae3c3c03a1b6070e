"""The record's tables.

`transcripts`, `predictions` and `corrections` are append-only: a change is a new row that supersedes. Each has a
content hash (UNIQUE, so that importing twice changes nothing) and the number `seq` that `events` handed out, one
sequence for all of them: the order of the record, and what a watermark is measured in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from errata.database.column_types import OutcomeColumn, UtcTime
from errata.documents.outcome import NO_OUTCOME, Outcome
from errata.files import JsonObject

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite hands out numbers for INTEGER keys alone."""


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    pass


def core(table: type[Base]) -> Table:
    """Its table, for statements that are written once and sent for each row: SQLAlchemy takes five times as long to
    build one as SQLite to answer it."""
    return cast(Table, table.__table__)


class EventRow(Base):
    __tablename__ = "events"
    __table_args__ = ({"sqlite_autoincrement": True},)

    seq: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class TranscriptRow(Base):
    __tablename__ = "transcripts"
    __table_args__ = (
        Index("ix_transcripts_external", "external_id", "seq"),
        Index("ix_transcripts_text", "text_hash"),
        Index("ix_transcripts_role", "role"),
    )

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Also the name of the blob that holds the text."""
    external_id: Mapped[str]
    title: Mapped[str]
    channel: Mapped[str]
    source: Mapped[str] = mapped_column(default="", server_default="")
    """The name that its import gave; empty where it gave none."""
    unit: Mapped[str] = mapped_column(String(8))
    duration: Mapped[float]
    role: Mapped[str] = mapped_column(String(8))
    """What its own hash drew, or what its import declared; its leak group may be stricter."""
    text_hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    line_form: Mapped[int | None] = mapped_column(SmallInteger)
    """`domain.lines.FORM` of its derived lines; 0 where its lines are its segments, NULL where nobody has looked."""
    media: Mapped[str] = mapped_column(default="", server_default="")
    """Where its recording can be played: an address of http or https; empty where nobody gave one."""
    forgotten: Mapped[int | None] = mapped_column(NUMBER)
    """`seq` of the tombstone; the row then keeps its hashes and its role, and nothing that anybody said."""


class BandRow(Base):
    """The near-duplicate index: which transcripts have which MinHash band."""

    __tablename__ = "leak_bands"
    __table_args__ = ({"sqlite_with_rowid": False},)

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True)


class LinkRow(Base):
    """Two transcripts found to be of one leak group."""

    __tablename__ = "leak_links"
    __table_args__ = (Index("ix_leak_links_older", "older", "newer"), Index("ix_leak_links_since", "since"))

    newer: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True)
    older: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(8))
    """`id`, `text` or `near`."""
    since: Mapped[int] = mapped_column(NUMBER, server_default="0")
    """As of which event it is known: the later one's arrival, or a repair."""


class PredictionRow(Base):
    __tablename__ = "predictions"
    __table_args__ = (
        UniqueConstraint("transcript", "model", "template", name="uq_predictions_asked"),
        Index("ix_predictions_model", "model", "template"),
    )

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"))
    model: Mapped[str]
    template: Mapped[str]
    chapters: Mapped[list[JsonObject]] = mapped_column(JSON)
    problems: Mapped[list[str]] = mapped_column(JSON)
    foreign: Mapped[bool]
    confidences: Mapped[list[float | None] | None] = mapped_column(JSON(none_as_null=True))
    """Of each chapter's border, as the model had it; NULL where that isn't known. No part of `hash`."""


class CorrectionRow(Base):
    __tablename__ = "corrections"
    __table_args__ = (
        Index("ix_corrections_transcript", "transcript", "seq"),
        Index("ix_corrections_kind", "kind", "transcript"),
        Index("ix_corrections_reviewer", "reviewer", "kind", "seq"),
    )

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"))
    kind: Mapped[str] = mapped_column(String(12))
    chapters: Mapped[list[JsonObject]] = mapped_column(JSON)
    reviewer: Mapped[str]
    origin: Mapped[str]
    reviewed_on: Mapped[str]
    prediction: Mapped[int | None] = mapped_column(ForeignKey("predictions.seq"))
    supersedes: Mapped[int | None] = mapped_column(ForeignKey("corrections.seq"), index=True)
    why: Mapped[str] = mapped_column(default="", server_default="")
    draft_by: Mapped[str | None]
    """Whose draft the reviewer was shown; empty for nobody's, NULL where it is not known."""


class DisputeRow(Base):
    """An index of the corrections: every transcript on which reviewers differ now is in it, and few others."""

    __tablename__ = "disputes"

    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False)


class AppointmentRow(Base):
    """Who was given which role, by whom; a reviewer's newest one holds."""

    __tablename__ = "appointments"
    __table_args__ = (Index("ix_appointments_reviewer", "reviewer", "seq"),)

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    reviewer: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    by: Mapped[str]


class TombstoneRow(Base):
    """A transcript that was forgotten on request; when, its event says."""

    __tablename__ = "tombstones"
    __table_args__ = (Index("ix_tombstones_external", "external_hash"),)

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    external_hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the id that the outside world knew it by."""
    by: Mapped[str]
    why: Mapped[str]
    removed: Mapped[JsonObject] = mapped_column(JSON)
    """How much was removed, by kind of place."""
    finished: Mapped[bool] = mapped_column(default=False)


class RepairRow(Base):
    """What a repair of the record did; when, its event says."""

    __tablename__ = "repairs"

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    by: Mapped[str]
    done: Mapped[JsonObject] = mapped_column(JSON)


class HoldoutAccessRow(Base):
    """Items that are held out from training were scored against: by whom and why; when, its event says."""

    __tablename__ = "holdout_accesses"
    __table_args__ = (Index("ix_holdout_accesses_role", "role", "seq"),)

    seq: Mapped[int] = mapped_column(ForeignKey("events.seq"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Of what makes it one access: a night that is resumed has the same one."""
    role: Mapped[str] = mapped_column(String(8))
    by: Mapped[str]
    why: Mapped[str]
    models: Mapped[list[str]] = mapped_column(JSON)
    """Identities of the models that were scored."""
    items: Mapped[int]
    watermark: Mapped[int] = mapped_column(BigInteger)
    """As of which the items were labelled."""


class LeaseRow(Base):
    """Who may write the loop's state; `token` rises with every take-over, so that a stale holder is found out."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    token: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


class OwnerRow(Base):
    """Which workspace the record belongs to: one row."""

    __tablename__ = "owners"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    workspace: Mapped[str]
    """Its id, as its settings have it."""
    host: Mapped[str]
    path: Mapped[str]
    inode: Mapped[int] = mapped_column(BigInteger)
    """Of a folder in it, by which a copy is told from it."""


class NightRow(Base):
    """One turn of the loop, by its label. `number` is their order."""

    __tablename__ = "nights"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    label: Mapped[str] = mapped_column(unique=True)
    training_watermark: Mapped[int] = mapped_column(BigInteger)
    """Corrections up to here may be trained on."""
    gate_watermark: Mapped[int] = mapped_column(BigInteger)
    """Corrections after the training watermark, up to here, are tonight's fresh items."""
    finished: Mapped[bool] = mapped_column(default=False)
    verdict: Mapped[str | None]
    """The gate's verdict, or `bootstrap`, or `skipped`."""
    outcome: Mapped[Outcome] = mapped_column(OutcomeColumn, default=NO_OUTCOME)


class MoveRow(Base):
    """Every move of an alias, with why: the history, and the outbox that MLflow is brought in line with."""

    __tablename__ = "promotions"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    alias: Mapped[str]
    model: Mapped[str] = mapped_column(String(64))
    """The sha256 of the model's manifest."""
    previous: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str]
    """`day0`, `promote`, `challenger`, `rollback`, `manual`, …"""
    night: Mapped[str | None]
    evidence: Mapped[str | None]
    """The sha256 of the evidence record that allowed the move."""
    by: Mapped[str]
    applied: Mapped[bool] = mapped_column(default=False)
    """Whether MLflow has been told."""
