"""Keys of the service and the sessions that were opened with them. Secrets never come here, only their digests."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.service_tables import AccessKeyRow, WebSessionRow
from errata.domain.access import AccessRole
from errata.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class AccessKey:
    number: int
    name: str
    role: AccessRole
    made: datetime
    revoked: datetime | None
    last_use: datetime | None


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a browser stays signed in."""

    idle: timedelta
    """Without a request."""
    whole: timedelta
    """With however many."""


class AccessKeys:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, name: str, role: AccessRole, digest: str) -> AccessKey:
        """Raises Refused where the name has a key that opens another role's doors: whose acts they are would be
        unclear."""
        for key in self.of(name):
            if key.revoked is None and key.role != role:
                raise Refused("{} has a key of role {} already; revoke it first: errata keys revoke", name, key.role)
        row = AccessKeyRow(name=name, role=role, digest=digest)
        self._session.add(row)
        self._session.flush()
        return _key(row)

    def all(self) -> Sequence[AccessKey]:
        """In the order in which they were made."""
        return [_key(row) for row in self._session.scalars(sa.select(AccessKeyRow).order_by(AccessKeyRow.number))]

    def of(self, name: str) -> Sequence[AccessKey]:
        rows = self._session.scalars(
            sa.select(AccessKeyRow).where(AccessKeyRow.name == name).order_by(AccessKeyRow.number)
        )
        return [_key(row) for row in rows]

    def has_admin(self) -> bool:
        """Whether any key can make others."""
        query = sa.select(AccessKeyRow.number).where(AccessKeyRow.role == "admin", AccessKeyRow.revoked.is_(None))
        return self._session.scalar(query.limit(1)) is not None

    def by_digest(self, digest: str) -> AccessKey | None:
        """The key that holds now; None for one that was revoked or never made."""
        row = self._session.scalar(
            sa.select(AccessKeyRow).where(AccessKeyRow.digest == digest, AccessKeyRow.revoked.is_(None))
        )
        # the database's own comparison may stop at the first letter that differs; what it finds is compared again
        return _key(row) if row is not None and hmac.compare_digest(row.digest, digest) else None

    def revoke(self, name: str) -> int:
        """Ends the keys of a name, and every session that was opened with them. How many there were.

        Raises NotFound where there is none that holds.
        """
        held = [key.number for key in self.of(name) if key.revoked is None]
        if not held:
            raise NotFound("{} has no key that holds; `errata keys list` shows them all", name)
        self._session.execute(
            sa.update(AccessKeyRow).where(AccessKeyRow.number.in_(held)).values(revoked=datetime.now(UTC))
        )
        self._session.execute(sa.delete(WebSessionRow).where(WebSessionRow.key.in_(held)))
        return len(held)

    def note_use(self, number: int, at: datetime) -> None:
        """Of the key with that number."""
        self._session.execute(sa.update(AccessKeyRow).where(AccessKeyRow.number == number).values(last_use=at))

    def open_session(self, key: AccessKey, digest: str) -> None:
        self._session.add(WebSessionRow(key=key.number, digest=digest))
        self._session.flush()

    def session_key(self, digest: str, limits: SessionLimits) -> AccessKey | None:
        """Whose session it is; None for one that ended, or never began."""
        now = datetime.now(UTC)
        row = self._session.execute(
            sa.select(AccessKeyRow, WebSessionRow)
            .join(WebSessionRow, WebSessionRow.key == AccessKeyRow.number)
            .where(WebSessionRow.digest == digest, AccessKeyRow.revoked.is_(None))
        ).first()
        if row is None or now - row[1].seen > limits.idle or now - row[1].made > limits.whole:
            return None
        return _key(row[0])

    def note_session(self, digest: str) -> None:
        """That it was used now."""
        self._session.execute(
            sa.update(WebSessionRow).where(WebSessionRow.digest == digest).values(seen=datetime.now(UTC))
        )

    def close_session(self, digest: str) -> None:
        self._session.execute(sa.delete(WebSessionRow).where(WebSessionRow.digest == digest))

    def close_ended_sessions(self, limits: SessionLimits) -> None:
        now = datetime.now(UTC)
        self._session.execute(
            sa.delete(WebSessionRow).where(
                (WebSessionRow.seen < now - limits.idle) | (WebSessionRow.made < now - limits.whole)
            )
        )


def _key(row: AccessKeyRow) -> AccessKey:
    return AccessKey(row.number, row.name, cast(AccessRole, row.role), row.made, row.revoked, row.last_use)
