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

_Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite hands out numbers for INTEGER keys alone."""


def _now() -> datetime:
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

    seq: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)


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
    forgotten: Mapped[int | None] = mapped_column(_Number)
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
    since: Mapped[int] = mapped_column(_Number, server_default="0")
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


class DisputeRow(Base):
    """An index of the corrections: every transcript on which reviewers differ now is in it, and few others."""

    __tablename__ = "disputes"

    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False)


class ClaimRow(Base):
    """Who works on a transcript's review now; a row whose heartbeat stopped counts no longer."""

    __tablename__ = "claims"

    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False)
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(64))
    """A number that the page drew when it was opened: two tabs of one reviewer are two pages."""
    since: Mapped[datetime] = mapped_column(UtcTime)
    seen: Mapped[datetime] = mapped_column(UtcTime)
    """Its newest heartbeat."""


class ReviewDraftRow(Base):
    """What a reviewer has not submitted yet: each page's newest state, removed when it is submitted."""

    __tablename__ = "review_drafts"

    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"), primary_key=True, autoincrement=False)
    reviewer: Mapped[str] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int]
    """Rises with every save of the reviewer's on the transcript."""
    late: Mapped[bool]
    """It went on from a revision that another page had gone on from already: kept beside that one."""
    content: Mapped[JsonObject] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)


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
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    seconds: Mapped[float]
    """Time spent, without that in which the page lay idle or hidden."""
    plays: Mapped[int]
    commands: Mapped[int]
    draft_shown: Mapped[bool]


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


class ChapterRequestRow(Base):
    """What was asked of the service: what is answered has its prediction, and what is neither answered nor has failed
    is still to be answered."""

    __tablename__ = "chapter_requests"
    __table_args__ = (
        UniqueConstraint("by", "idempotency_key", name="uq_chapter_requests_key"),
        Index("ix_chapter_requests_prediction", "prediction", "by"),
        Index("ix_chapter_requests_open", "is_open", "number"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    """By which it is asked after."""
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    by: Mapped[str]
    """Whose key asked."""
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the key that came with it."""
    body: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked: under the same key, something else is refused."""
    transcript: Mapped[int] = mapped_column(ForeignKey("transcripts.seq"))
    prediction: Mapped[int | None] = mapped_column(ForeignKey("predictions.seq"))
    failure: Mapped[str | None] = mapped_column(String(16))
    is_open: Mapped[bool]


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
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)
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


class AccessKeyRow(Base):
    """A key of the service. What opens the door is shown once, to who made it: here is only its digest."""

    __tablename__ = "access_keys"
    __table_args__ = (Index("ix_access_keys_name", "name"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    name: Mapped[str]
    """Of the person or program; a person may have several keys, one after the other."""
    role: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    revoked: Mapped[datetime | None] = mapped_column(UtcTime)
    last_use: Mapped[datetime | None] = mapped_column(UtcTime)
    """To within a minute."""


class WebSessionRow(Base):
    """A browser that somebody signed in with a key; it ends with that key."""

    __tablename__ = "web_sessions"
    __table_args__ = (Index("ix_web_sessions_key", "key"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[int] = mapped_column(ForeignKey("access_keys.number"))
    made: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    seen: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    """To within a minute."""


class AuditRow(Base):
    """Who did what through the service, and what came of it. Append-only."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_name", "name", "number"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    name: Mapped[str]
    """Empty for who has shown no key."""
    role: Mapped[str] = mapped_column(String(16))
    act: Mapped[str]
    """A route, as `POST /v1/corrections`, or a command, as `keys add`."""
    subject: Mapped[str]
    """What it was done to."""
    status: Mapped[int] = mapped_column(SmallInteger)
    """HTTP's of the answer; 0 for a command."""
    address: Mapped[str]
    """Where from; empty for a command."""


class RegistryRequestRow(Base):
    """What a release owner asked the registry's side for; settled once, by the command that carries it out."""

    __tablename__ = "registry_requests"
    __table_args__ = (Index("ix_registry_requests_state", "state", "number"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=_now)
    kind: Mapped[str] = mapped_column(String(16))
    """`rollback` or `promotion`."""
    champion: Mapped[str] = mapped_column(String(64))
    """Who was champion when it was asked for."""
    model: Mapped[str] = mapped_column(String(64))
    """Who is to be champion."""
    night: Mapped[str | None]
    evidence: Mapped[str | None] = mapped_column(String(64))
    by: Mapped[str]
    why: Mapped[str]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    """`waiting`, `done` or `refused`."""
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    moved: Mapped[JsonObject] = mapped_column(JSON, default=dict)
    """Of one that is done, each alias that moved with its model."""
    problem: Mapped[str] = mapped_column(default="")
    """Why it was refused."""
