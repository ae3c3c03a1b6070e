"""The lease on the loop: one process at a time moves it on.

A row stays when its lease is dropped, so that `token` only ever rises: a holder that slept while others came and went
is told from the present one by its number.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import LeaseRow
from errata.errors import Unavailable

NOBODY = ""
"""The owner of a lease that was dropped."""


class LoopLease:
    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, name: str, owner: str, seconds: float) -> int:
        """Takes a lease, or the owner's own again; returns its fencing token. Raises Unavailable while another holds
        it."""
        row = self._session.get(LeaseRow, name)
        now = datetime.now(UTC)
        if row is None:
            row = LeaseRow(name=name, owner=owner, token=1, expires_at=now + timedelta(seconds=seconds))
            self._session.add(row)
        elif row.owner == owner:
            row.expires_at = now + timedelta(seconds=seconds)
        elif row.owner != NOBODY and row.expires_at > now:
            raise Unavailable(
                f"{_holder(row.owner)} holds the {name}, as one command at a time does; wait for it, or stop it"
            )
        else:
            row.owner, row.token, row.expires_at = owner, row.token + 1, now + timedelta(seconds=seconds)
        self._session.flush()
        return row.token

    def renew(self, name: str, token: int, seconds: float) -> None:
        """Lets the lease last longer. Raises Unavailable as `check` does."""
        self.check(name, token).expires_at = datetime.now(UTC) + timedelta(seconds=seconds)

    def check(self, name: str, token: int) -> LeaseRow:
        """Raises Unavailable where the lease that was taken with `token` has been taken over since."""
        row = self._session.get(LeaseRow, name)
        if row is None or row.token != token:
            taker = f"{_holder(row.owner)} has" if row is not None and row.owner else "another process had"
            raise Unavailable(
                f"this process stood still for so long that {taker} taken over the {name}: it writes nothing more; "
                "run the command again"
            )
        return row

    def owner(self, name: str) -> str | None:
        return self._session.scalar(sa.select(LeaseRow.owner).where(LeaseRow.name == name)) or None

    def drop(self, name: str, owner: str) -> None:
        mine = sa.update(LeaseRow).where(LeaseRow.name == name, LeaseRow.owner == owner)
        self._session.execute(mine.values(owner=NOBODY, expires_at=datetime.now(UTC)))


def _holder(owner: str) -> str:
    """Of `host:number@start`, which tells processes apart, what a person can use."""
    host, _, process = owner.rpartition(":")
    return f"process {process.partition('@')[0]} on {host}" if host else owner
