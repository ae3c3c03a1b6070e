"""Accesses to what is held out from training: rows are added, none is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.sequence import Added, next_seq
from errata.database.tables import EventRow, HoldoutAccessRow
from errata.domain.roles import Role
from errata.files import JsonObject


@dataclass(frozen=True, slots=True)
class HoldoutAccess:
    """Models were scored on the items of a held-out role."""

    role: Role
    by: str
    why: str
    """A night's label, or a command."""
    models: tuple[str, ...]
    """Their identities."""
    items: int
    watermark: int
    """As of which the items were labelled."""


@dataclass(frozen=True, slots=True)
class LoggedAccess:
    """An access as the record keeps it."""

    seq: int
    at: datetime
    """UTC."""
    access: HoldoutAccess

    def as_json(self) -> JsonObject:
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "role": self.access.role,
            "by": self.access.by,
            "why": self.access.why,
            "models": list(self.access.models),
            "items": self.access.items,
            "watermark": self.access.watermark,
        }


class HoldoutLog:
    def __init__(self, session: Session) -> None:
        self._session = session

    def log(self, access: HoldoutAccess, identity: str) -> Added:
        """Records an access, once under an `identity` (a sha256)."""
        known = sa.select(HoldoutAccessRow.seq).where(HoldoutAccessRow.hash == identity)
        seq = self._session.scalar(known)
        if seq is not None:
            return Added(seq, new=False)
        row = HoldoutAccessRow(
            seq=next_seq(self._session, "holdout"),
            hash=identity,
            role=access.role,
            by=access.by,
            why=access.why,
            models=list(access.models),
            items=access.items,
            watermark=access.watermark,
        )
        self._session.add(row)
        self._session.flush()
        return Added(row.seq, new=True)

    def accesses(self, role: Role | None = None) -> list[LoggedAccess]:
        """In their order; to one role, or to all."""
        query = sa.select(HoldoutAccessRow, EventRow.at).join(EventRow, EventRow.seq == HoldoutAccessRow.seq)
        if role is not None:
            query = query.where(HoldoutAccessRow.role == role)
        return [_read(row, at) for row, at in self._session.execute(query.order_by(HoldoutAccessRow.seq))]


def _read(row: HoldoutAccessRow, at: datetime) -> LoggedAccess:
    access = HoldoutAccess(cast(Role, row.role), row.by, row.why, tuple(row.models), row.items, row.watermark)
    return LoggedAccess(row.seq, at, access)
