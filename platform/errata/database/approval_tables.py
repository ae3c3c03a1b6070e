"""The record's tables of promotions that wait for people, and of what these said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from errata.database.column_types import UtcTime
from errata.database.tables import Base, now


class PendingPromotionRow(Base):
    """A model that the gate said `promote` of, and that people must approve first; settled once."""

    __tablename__ = "pending_promotions"
    __table_args__ = (
        Index("ix_pending_promotions_state", "state", "number"),
        Index("ix_pending_promotions_evidence", "evidence", "number"),
    )

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    opened: Mapped[datetime] = mapped_column(UtcTime, default=now)
    night: Mapped[str]
    """Whose gate said `promote`."""
    model: Mapped[str] = mapped_column(String(64))
    champion: Mapped[str] = mapped_column(String(64))
    """With which it was compared."""
    evidence: Mapped[str] = mapped_column(String(64))
    needed: Mapped[int] = mapped_column(SmallInteger)
    """People who must approve."""
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    """`waiting`, `promoted`, `rejected` or `superseded`."""
    settled: Mapped[datetime | None] = mapped_column(UtcTime)
    why: Mapped[str] = mapped_column(default="")
    """Of one that was superseded, by what."""
    told: Mapped[bool] = mapped_column(default=False)
    """Whether MLflow has been told of it as it is."""


class ApprovalRow(Base):
    """What one person said of a pending promotion. Append-only."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_promotion", "promotion", "number"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    promotion: Mapped[int] = mapped_column(ForeignKey("pending_promotions.number"))
    at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    by: Mapped[str]
    approves: Mapped[bool]
    """False for a rejection."""
    comment: Mapped[str]
    via: Mapped[str] = mapped_column(String(16))
    """`command line`, `dashboard` or `MLflow`."""
