"""Who works on which review now, of a transcript or of a stream that runs. A claim is a courtesy: it keeps two people
from the same work, and bars nobody."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.review_tables import AnyClaimRow, ClaimRow
from errata.domain.review_work import Claim

LIFE = timedelta(seconds=90)
"""After a heartbeat; a page gives one every 20 s, so that three may be lost on the way."""


class Claims:
    def __init__(self, session: Session, table: type[AnyClaimRow] = ClaimRow) -> None:
        self._session, self._table = session, table

    def live(self, item: int) -> list[Claim]:
        """Of one item, the oldest first."""
        rows = self._session.scalars(
            sa.select(self._table)
            .where(self._table.item == item, self._table.seen > _oldest())
            .order_by(self._table.since, self._table.reviewer)
        )
        return [_as_claim(row) for row in rows]

    def all_live(self) -> dict[int, list[Claim]]:
        """By item."""
        claims: dict[int, list[Claim]] = defaultdict(list)
        for row in self._session.scalars(sa.select(self._table).where(self._table.seen > _oldest())):
            claims[row.item].append(_as_claim(row))
        return claims

    def keep(self, item: int, reviewer: str, page: str) -> None:
        """Takes a claim, or keeps it by a heartbeat. One whose heartbeat had stopped begins anew."""
        now = datetime.now(UTC)
        row = self._session.get(self._table, (item, reviewer))
        if row is None:
            row = self._table(item=item, reviewer=reviewer, page=page, since=now, seen=now)
            self._session.add(row)
        if row.seen <= _oldest():
            row.since = now
        row.page, row.seen = page, now
        self._session.flush()

    def drop(self, item: int, reviewer: str) -> None:
        of_theirs = (self._table.item == item, self._table.reviewer == reviewer)
        self._session.execute(sa.delete(self._table).where(*of_theirs))

    def drop_others(self, item: int, reviewer: str) -> None:
        """Takes the item over from whoever else holds it."""
        of_others = (self._table.item == item, self._table.reviewer != reviewer)
        self._session.execute(sa.delete(self._table).where(*of_others))


def _oldest() -> datetime:
    return datetime.now(UTC) - LIFE


def _as_claim(row: AnyClaimRow) -> Claim:
    return Claim(row.reviewer, row.page, row.since, row.seen)
