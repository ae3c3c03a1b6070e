"""What each alias means, and every move of one: the history, and the outbox that MLflow is brought in line with."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import MoveRow
from errata.errors import Refused

ROLLBACK = "rollback: "
"""How the reason of a rollback's moves begins."""


class Aliases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def assign_alias(
        self, alias: str, model: str, reason: str, by: str, night: str | None, evidence: str | None
    ) -> MoveRow:
        """Decides that `alias` is `model` from now on; MLflow is told afterwards, from this row.

        Raises Refused for a Day-0 that is another already: what all is measured against stays for ever.
        """
        previous = self.model_of(alias)
        if alias == "day0" and previous not in (None, model):
            raise Refused(
                f"Day-0 is {previous[:16]}… and stays it for ever; begin another workspace for {model[:16] or 'none'}"
            )
        row = MoveRow(
            alias=alias,
            model=model,
            previous=previous,
            reason=reason,
            night=night,
            evidence=evidence,
            by=by,
        )
        self._session.add(row)
        self._session.flush()
        return row

    def model_of(self, alias: str) -> str | None:
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
