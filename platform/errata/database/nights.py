"""The nights as the record keeps them: their watermarks, and what came of each."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import NightRow
from errata.documents.outcome import Outcome


class NightLog:
    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, label: str, training_watermark: int, gate_watermark: int) -> NightRow:
        row = NightRow(label=label, training_watermark=training_watermark, gate_watermark=gate_watermark)
        self._session.add(row)
        self._session.flush()
        return row

    def finish(self, outcome: Outcome) -> None:
        """Of the night that it names, which was begun."""
        row = self._session.scalars(sa.select(NightRow).where(NightRow.label == outcome.night)).one()
        row.finished, row.verdict, row.outcome = True, outcome.verdict, outcome
        self._session.flush()

    def find(self, label: str) -> NightRow | None:
        return self._session.scalar(sa.select(NightRow).where(NightRow.label == label))

    def all(self) -> Sequence[NightRow]:
        return self._session.scalars(sa.select(NightRow).order_by(NightRow.number)).all()

    def last(self, before: int | None = None) -> NightRow | None:
        """The newest night that was not skipped, before the given number."""
        query = sa.select(NightRow).where(NightRow.finished, NightRow.verdict != "skipped")
        if before is not None:
            query = query.where(NightRow.number < before)
        return self._session.scalar(query.order_by(NightRow.number.desc()).limit(1))
