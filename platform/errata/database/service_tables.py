"""The record's tables of the service: who may do what, what was asked of it, and what came of that."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.column_types import UtcTime
from errata.database.tables import NUMBER, Base, now
from errata.files import JsonObject


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
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
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


class AccessKeyRow(Base):
    """A key of the service. What opens the door is shown once, to who made it: here is only its digest."""

    __tablename__ = "access_keys"
    __table_args__ = (Index("ix_access_keys_name", "name"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    name: Mapped[str]
    """Of the person or program; a person may have several keys, one after the other."""
    role: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made: Mapped[datetime] = mapped_column(UtcTime, default=now)
    revoked: Mapped[datetime | None] = mapped_column(UtcTime)
    last_use: Mapped[datetime | None] = mapped_column(UtcTime)
    """To within a minute."""


class WebSessionRow(Base):
    """A browser that somebody signed in with a key; it ends with that key."""

    __tablename__ = "web_sessions"
    __table_args__ = (Index("ix_web_sessions_key", "key"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[int] = mapped_column(ForeignKey("access_keys.number"))
    made: Mapped[datetime] = mapped_column(UtcTime, default=now)
    seen: Mapped[datetime] = mapped_column(UtcTime, default=now)
    """To within a minute."""


class AuditRow(Base):
    """Who did what through the service, and what came of it. Append-only."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_name", "name", "number"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
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
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    kind: Mapped[str] = mapped_column(String(16))
    """`rollback`, `promotion` or `rejection`."""
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


class CanaryRow(Base):
    """A model that answered a share of the talks on trial; the newest one runs, unless it has ended."""

    __tablename__ = "canaries"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    model: Mapped[str] = mapped_column(String(64))
    champion: Mapped[str] = mapped_column(String(64))
    """Who was champion when it began."""
    share: Mapped[float]
    error: Mapped[float]
    """Of the test, see `domain.canary`."""
    since: Mapped[int] = mapped_column(BigInteger)
    """The record's watermark when it began."""
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    by: Mapped[str]
    why: Mapped[str]
    ended: Mapped[str | None] = mapped_column(String(16))
    """`returned`, `stopped` or `champion moved`."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_by: Mapped[str] = mapped_column(default="")
    ended_why: Mapped[str] = mapped_column(default="")
    reviews: Mapped[list[int]] = mapped_column(JSON, default=list)
    """By which it ended, in the order of `ReviewCounts`."""
    evidence: Mapped[float] = mapped_column(default=1.0)
    """The e-value of these."""
