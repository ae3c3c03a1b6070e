"""The lease on the loop: one process at a time moves it on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import LeaseRow
from errata.errors import Unavailable


class LoopLease:
    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, owner: str, seconds: float) -> int:
        """Takes or renews a lease; returns its fencing token. Raises Unavailable while another holds it."""
        row = self._session.get(LeaseRow, name)
        now = datetime.now(UTC)
        if row is None:
            row = LeaseRow(name=name, owner=owner, token=1, expires_at=now + timedelta(seconds=seconds))
            self._session.add(row)
        elif row.owner == owner:
            row.expires_at = now + timedelta(seconds=seconds)
        elif row.expires_at > now:
            raise Unavailable(
                f"{_holder(row.owner)} holds the {name}, as one command at a time does; wait for it, or stop it"
            )
        else:
            row.owner, row.token, row.expires_at = owner, row.token + 1, now + timedelta(seconds=seconds)
        self._session.flush()
        return row.token

    def owner(self, name: str) -> str | None:
        return self._session.scalar(sa.select(LeaseRow.owner).where(LeaseRow.name == name))

    def drop(self, name: str, owner: str) -> None:
        self._session.execute(sa.delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.owner == owner))


def _holder(owner: str) -> str:
    """Of `host:number@start`, which tells processes apart, what a person can use."""
    host, _, process = owner.rpartition(":")
    return f"process {process.partition('@')[0]} on {host}" if host else owner
