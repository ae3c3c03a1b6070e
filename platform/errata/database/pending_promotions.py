"""Promotions that wait for people, as rows: what the gate found, who approved or rejected, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.approval_tables import ApprovalRow, PendingPromotionRow
from errata.domain.pending_promotion import Approval, ApprovalDoor, PendingPromotion, PromotionState
from errata.errors import Refused


class PendingPromotions:
    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, night: str, model: str, champion: str, evidence: str, needed: int) -> PendingPromotion:
        """The same evidence waits once: what waits already comes back."""
        waiting = self.waiting_for(evidence)
        if waiting is not None:
            return waiting
        row = PendingPromotionRow(night=night, model=model, champion=champion, evidence=evidence, needed=needed)
        self._session.add(row)
        self._session.flush()
        return self._read(row)

    def waiting(self) -> Sequence[PendingPromotion]:
        """The oldest first."""
        rows = sa.select(PendingPromotionRow).where(PendingPromotionRow.state == "waiting")
        return [self._read(row) for row in self._session.scalars(rows.order_by(PendingPromotionRow.number))]

    def waiting_for(self, evidence: str) -> PendingPromotion | None:
        """The one that waits on that evidence record, by its SHA-256."""
        newest = self.newest_of(evidence)
        return newest if newest is not None and newest.state == "waiting" else None

    def newest_of(self, evidence: str) -> PendingPromotion | None:
        """One that was rejected may have been opened again."""
        rows = sa.select(PendingPromotionRow).where(PendingPromotionRow.evidence == evidence)
        row = self._session.scalar(rows.order_by(PendingPromotionRow.number.desc()).limit(1))
        return None if row is None else self._read(row)

    def all(self) -> Sequence[PendingPromotion]:
        """The oldest first."""
        rows = self._session.scalars(sa.select(PendingPromotionRow).order_by(PendingPromotionRow.number)).all()
        return [self._read(row) for row in rows]

    def untold(self) -> Sequence[PendingPromotion]:
        """Those that MLflow has not been told of as they are, the oldest first."""
        rows = sa.select(PendingPromotionRow).where(PendingPromotionRow.told.is_(False))
        return [self._read(row) for row in self._session.scalars(rows.order_by(PendingPromotionRow.number))]

    def mark_told(self, promotion: PendingPromotion) -> None:
        """MLflow has been told of it as it is there; who said something meanwhile is still to be told of."""
        row = self._session.get_one(PendingPromotionRow, promotion.number)
        row.told = self._read(row) == promotion
        self._session.flush()

    def add(self, promotion: PendingPromotion, approval: Approval) -> PendingPromotion:
        """What one person says of it, for ever; a rejection settles it, and an approval is counted.

        Raises Refused where it waits no more, and for a second approval of the same person.
        """
        row = self._session.get_one(PendingPromotionRow, promotion.number)
        now = self._read(row)
        check_waiting(now)
        if approval.approves and now.is_approved_by(approval.by):
            raise Refused(
                f"{approval.by} has approved of {now.model[:16]} already, and counts once; somebody else must"
            )
        self._session.add(ApprovalRow(promotion=row.number, **asdict(approval)))
        row.told = False
        self._session.flush()
        return self._read(row) if approval.approves else self.settle(now, "rejected")

    def settle(self, promotion: PendingPromotion, state: PromotionState, why: str = "") -> PendingPromotion:
        """In the transaction that did what it says. Raises Refused for one that waits no more."""
        row = self._session.get_one(PendingPromotionRow, promotion.number)
        check_waiting(self._read(row))
        row.state, row.settled, row.why, row.told = state, datetime.now(UTC), why, False
        self._session.flush()
        return self._read(row)

    def _read(self, row: PendingPromotionRow) -> PendingPromotion:
        said = sa.select(ApprovalRow).where(ApprovalRow.promotion == row.number).order_by(ApprovalRow.number)
        return PendingPromotion(
            number=row.number,
            opened=row.opened,
            night=row.night,
            model=row.model,
            champion=row.champion,
            evidence=row.evidence,
            needed=row.needed,
            state=cast(PromotionState, row.state),
            settled=row.settled,
            why=row.why,
            approvals=tuple(
                Approval(each.by, each.comment, cast(ApprovalDoor, each.via), each.approves, each.at)
                for each in self._session.scalars(said)
            ),
        )


def check_waiting(promotion: PendingPromotion) -> None:
    """Raises Refused for one that is decided."""
    if promotion.state != "waiting":
        because = f": {promotion.why}" if promotion.why else ""
        raise Refused(
            f"the promotion of {promotion.model[:16]}, which the night {promotion.night} proposed, waits no more; it "
            f"is {promotion.state}{because}"
        )
