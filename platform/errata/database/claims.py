"""Who works on which review now. A claim is a courtesy: it keeps two people from the same work, and bars nobody."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.review_tables import ClaimRow
from errata.domain.review_work import Claim

LIFE = timedelta(seconds=90)
"""After a heartbeat; a page gives one every 20 s, so that three may be lost on the way."""


class Claims:
    def __init__(self, session: Session) -> None:
        self._session = session

    def live(self, transcript: int) -> list[Claim]:
        """Of one transcript, the oldest first."""
        rows = self._session.scalars(
            sa.select(ClaimRow)
            .where(ClaimRow.transcript == transcript, ClaimRow.seen > _oldest())
            .order_by(ClaimRow.since, ClaimRow.reviewer)
        )
        return [_as_claim(row) for row in rows]

    def all_live(self) -> dict[int, list[Claim]]:
        """By transcript."""
        claims: dict[int, list[Claim]] = defaultdict(list)
        for row in self._session.scalars(sa.select(ClaimRow).where(ClaimRow.seen > _oldest())):
            claims[row.transcript].append(_as_claim(row))
        return claims

    def keep(self, transcript: int, reviewer: str, page: str) -> None:
        """Takes a claim, or keeps it by a heartbeat. One whose heartbeat had stopped begins anew."""
        now = datetime.now(UTC)
        row = self._session.get(ClaimRow, (transcript, reviewer))
        if row is None:
            row = ClaimRow(transcript=transcript, reviewer=reviewer, page=page, since=now, seen=now)
            self._session.add(row)
        if row.seen <= _oldest():
            row.since = now
        row.page, row.seen = page, now
        self._session.flush()

    def drop(self, transcript: int, reviewer: str) -> None:
        self._session.execute(
            sa.delete(ClaimRow).where(ClaimRow.transcript == transcript, ClaimRow.reviewer == reviewer)
        )

    def drop_others(self, transcript: int, reviewer: str) -> None:
        """Takes the item over from whoever else holds it."""
        self._session.execute(
            sa.delete(ClaimRow).where(ClaimRow.transcript == transcript, ClaimRow.reviewer != reviewer)
        )


def _oldest() -> datetime:
    return datetime.now(UTC) - LIFE


def _as_claim(row: ClaimRow) -> Claim:
    return Claim(row.reviewer, row.page, row.since, row.seen)
