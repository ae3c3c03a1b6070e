"""Who did what through the service. Rows are added, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.service_tables import AuditRow


@dataclass(frozen=True, slots=True)
class AuditEntry:
    name: str
    """Empty for who has shown no key."""
    role: str
    act: str
    """A route, as `POST /v1/corrections`, or a command, as `keys add`."""
    subject: str = ""
    """What it was done to."""
    status: int = 0
    """HTTP's of the answer; 0 for a command."""
    address: str = ""
    """Where from; empty for a command."""
    at: datetime | None = None
    """None before it is written."""


class AuditLog:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, entry: AuditEntry) -> None:
        self._session.add(
            AuditRow(
                at=entry.at or datetime.now(UTC),
                name=entry.name,
                role=entry.role,
                act=entry.act,
                subject=entry.subject,
                status=entry.status,
                address=entry.address,
            )
        )
        self._session.flush()

    def newest(self, count: int, name: str | None = None) -> Sequence[AuditEntry]:
        """The last `count` of everybody, or of one, the newest first."""
        query = sa.select(AuditRow).order_by(AuditRow.number.desc()).limit(count)
        if name is not None:
            query = query.where(AuditRow.name == name)
        return [
            AuditEntry(row.name, row.role, row.act, row.subject, row.status, row.address, row.at)
            for row in self._session.scalars(query)
        ]
