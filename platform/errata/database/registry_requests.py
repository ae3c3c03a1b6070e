"""Requests to the registry's side, as rows: the service adds them, and whoever moves aliases settles each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.service_tables import RegistryRequestRow
from errata.domain.pending_promotion import same_person
from errata.domain.registry_request import RegistryRequest, ReleaseWish, RequestKind, RequestState
from errata.errors import Refused


class RegistryRequests:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, wish: ReleaseWish, by: str, why: str) -> RegistryRequest:
        """The same wish is not asked for twice while it waits: the request that waits comes back. Of a promotion each
        person's wish is one of its own, as each counts."""
        for waiting in self.waiting():
            if waiting.wish == wish and (wish.kind != "promotion" or same_person(waiting.by, by)):
                return waiting
        row = RegistryRequestRow(
            kind=wish.kind,
            champion=wish.champion,
            model=wish.model,
            night=wish.night,
            evidence=wish.evidence,
            by=by,
            why=why,
        )
        self._session.add(row)
        self._session.flush()
        return _as_request(row)

    def waiting(self) -> Sequence[RegistryRequest]:
        """In the order in which they were asked for."""
        rows = sa.select(RegistryRequestRow).where(RegistryRequestRow.state == "waiting")
        return [_as_request(row) for row in self._session.scalars(rows.order_by(RegistryRequestRow.number))]

    def newest(self, most: int) -> Sequence[RegistryRequest]:
        """The newest first."""
        rows = sa.select(RegistryRequestRow).order_by(RegistryRequestRow.number.desc()).limit(most)
        return [_as_request(row) for row in self._session.scalars(rows)]

    def settle(self, number: int, state: RequestState, moved: Mapping[str, str], problem: str = "") -> RegistryRequest:
        """In the transaction that did what was asked for, so that no crash can part them. Raises Refused for one that
        is settled: what it asked for must not be done again."""
        row = self._session.get_one(RegistryRequestRow, number)
        if row.state != "waiting":
            raise Refused(f"the request {number} is {row.state} already; ask anew")
        row.state, row.moved, row.problem, row.settled_at = state, dict(moved), problem, datetime.now(UTC)
        self._session.flush()
        return _as_request(row)


def _as_request(row: RegistryRequestRow) -> RegistryRequest:
    return RegistryRequest(
        number=row.number,
        at=row.at,
        wish=ReleaseWish(cast(RequestKind, row.kind), row.champion, row.model, row.night, row.evidence),
        by=row.by,
        why=row.why,
        state=cast(RequestState, row.state),
        settled_at=row.settled_at,
        moved=row.moved,
        problem=row.problem,
    )
