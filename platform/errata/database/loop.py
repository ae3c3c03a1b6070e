"""The loop's own state beside the record: the lease, the nights, and every move of an alias."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import LeaseRow, MoveRow, NightRow
from errata.errors import Unavailable


class Loop:
    def __init__(self, session: Session) -> None:
        self._session = session

    # the lease -------------------------------------------------------------------------------------------------------

    def take_lease(self, name: str, owner: str, seconds: float) -> int:
        """Takes or renews a lease; returns its fencing token. Raises Unavailable while another holds it."""
        row = self._session.get(LeaseRow, name)
        now = datetime.now(UTC)
        if row is None:
            row = LeaseRow(name=name, owner=owner, token=1, expires_at=now + timedelta(seconds=seconds))
            self._session.add(row)
        elif row.owner == owner:
            row.expires_at = now + timedelta(seconds=seconds)
        elif _utc(row.expires_at) > now:
            raise Unavailable(
                f"{row.owner} holds the loop until {_utc(row.expires_at):%H:%M:%S} UTC; wait for it, or stop it"
            )
        else:
            row.owner, row.token, row.expires_at = owner, row.token + 1, now + timedelta(seconds=seconds)
        self._session.flush()
        return row.token

    def lease_owner(self, name: str) -> str | None:
        return self._session.scalar(sa.select(LeaseRow.owner).where(LeaseRow.name == name))

    def drop_lease(self, name: str, owner: str) -> None:
        self._session.execute(sa.delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.owner == owner))

    # nights ----------------------------------------------------------------------------------------------------------

    def night(self, label: str) -> NightRow | None:
        return self._session.scalar(sa.select(NightRow).where(NightRow.label == label))

    def begin_night(self, label: str, training_watermark: int, gate_watermark: int) -> NightRow:
        row = NightRow(label=label, training_watermark=training_watermark, gate_watermark=gate_watermark)
        self._session.add(row)
        self._session.flush()
        return row

    def finish_night(self, label: str, verdict: str, outcome: dict[str, Any]) -> None:
        row = self._session.scalars(sa.select(NightRow).where(NightRow.label == label)).one()
        row.finished, row.verdict, row.outcome = True, verdict, outcome
        self._session.flush()

    def nights(self) -> Sequence[NightRow]:
        return self._session.scalars(sa.select(NightRow).order_by(NightRow.number)).all()

    def last_night(self, before: int | None = None) -> NightRow | None:
        """The newest night that was not skipped, before the given number."""
        query = sa.select(NightRow).where(NightRow.finished, NightRow.verdict != "skipped")
        if before is not None:
            query = query.where(NightRow.number < before)
        return self._session.scalar(query.order_by(NightRow.number.desc()).limit(1))

    # aliases ---------------------------------------------------------------------------------------------------------

    def move(self, alias: str, model: str, reason: str, by: str, night: str | None, evidence: str | None) -> MoveRow:
        """Decides that `alias` is `model` from now on; MLflow is told afterwards, from this row."""
        row = MoveRow(
            alias=alias,
            model=model,
            previous=self.holder(alias),
            reason=reason,
            night=night,
            evidence=evidence,
            by=by,
        )
        self._session.add(row)
        self._session.flush()
        return row

    def holder(self, alias: str) -> str | None:
        """The model that an alias means now; None where it means nothing (an empty name retires one)."""
        newest = sa.select(MoveRow.model).where(MoveRow.alias == alias).order_by(MoveRow.number.desc()).limit(1)
        return self._session.scalar(newest) or None

    def moves(self, alias: str | None = None) -> Sequence[MoveRow]:
        query = sa.select(MoveRow).order_by(MoveRow.number)
        return self._session.scalars(query if alias is None else query.where(MoveRow.alias == alias)).all()

    def unapplied_moves(self) -> Sequence[MoveRow]:
        return self._session.scalars(
            sa.select(MoveRow).where(MoveRow.applied.is_(False)).order_by(MoveRow.number)
        ).all()

    def mark_applied(self, number: int) -> None:
        """MLflow has been told of this move."""
        self._session.execute(sa.update(MoveRow).where(MoveRow.number == number).values(applied=True))


def _utc(moment: datetime) -> datetime:
    """SQLite gives times back without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
