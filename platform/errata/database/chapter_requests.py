"""What was asked of the service, and what came of it: by this an answer is given once, and a job goes on after a crash.

A row holds no word of what was asked: the transcript does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.repeated_statement import RepeatedStatement
from errata.database.service_tables import ChapterRequestRow
from errata.database.tables import PredictionRow, core, now

Failure = Literal["too long", "engine", "forgotten", "refused"]
"""Why a request has no answer and gets none: the time limit passed; the model's process ended each time it read it; the
transcript was forgotten meanwhile; the model can't read it."""

_requests = core(ChapterRequestRow)
_ADD = RepeatedStatement(sa.insert(_requests))
_OF_KEY = RepeatedStatement(
    sa.select(
        _requests.c.name,
        _requests.c.by,
        _requests.c.body,
        _requests.c.transcript,
        _requests.c.idempotency_key,
        _requests.c.prediction,
        _requests.c.failure,
    ).where(_requests.c.by == sa.bindparam("by"), _requests.c.idempotency_key == sa.bindparam("idempotency_key"))
)


@dataclass(frozen=True, slots=True)
class ChapterRequest:
    name: str
    """32 hexadecimal digits, drawn at random: by it the request is asked after."""
    by: str
    """Whose key asked."""
    body: str
    """SHA-256 of what was asked."""
    transcript: int
    idempotency_key: str | None = None
    """SHA-256 of the key that came with it."""
    prediction: int | None = None
    failure: Failure | None = None

    @property
    def is_open(self) -> bool:
        return self.prediction is None and self.failure is None


class ChapterRequests:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, request: ChapterRequest) -> None:
        row = {
            "name": request.name,
            "at": now(),
            "by": request.by,
            "body": request.body,
            "transcript": request.transcript,
            "idempotency_key": request.idempotency_key,
            "prediction": request.prediction,
            "failure": request.failure,
            "is_open": request.is_open,
        }
        _ADD.rows(self._session, row)

    def finish(self, name: str, prediction: int | None = None, failure: Failure | None = None) -> None:
        """Says what came of an open request; of one that isn't open any more, nothing changes."""
        self._session.execute(
            sa.update(ChapterRequestRow)
            .where(ChapterRequestRow.name == name, ChapterRequestRow.is_open)
            .values(prediction=prediction, failure=failure, is_open=False)
        )

    def called(self, name: str) -> ChapterRequest | None:
        return self._first(ChapterRequestRow.name == name)

    def under_key(self, by: str, idempotency_key: str) -> ChapterRequest | None:
        """What `by` asked before under that key, as its SHA-256."""
        found = _OF_KEY.row(self._session, {"by": by, "idempotency_key": idempotency_key})
        return None if found is None else ChapterRequest(*found)

    def open(self) -> Sequence[ChapterRequest]:
        """Those that are still to be answered, in the order in which they came."""
        query = sa.select(ChapterRequestRow).where(ChapterRequestRow.is_open).order_by(ChapterRequestRow.number)
        return [_as_request(row) for row in self._session.scalars(query)]

    def answers(self) -> list[int]:
        """The newest prediction that each talk was answered with, by `seq`, in the order in which they were asked for;
        those of talks that were forgotten are gone."""
        newest = sa.func.max(ChapterRequestRow.number)
        last = (
            sa.select(newest)
            .join(PredictionRow, PredictionRow.seq == ChapterRequestRow.prediction)
            .group_by(ChapterRequestRow.transcript)
        )
        query = sa.select(ChapterRequestRow.prediction).where(ChapterRequestRow.number.in_(last))
        return [seq for seq in self._session.scalars(query.order_by(ChapterRequestRow.number)) if seq is not None]

    def was_told(self, by: str, prediction: int) -> bool:
        """Whether `by` was given that prediction as an answer."""
        return self._first(ChapterRequestRow.prediction == prediction, ChapterRequestRow.by == by) is not None

    def _first(self, *where: sa.ColumnElement[bool]) -> ChapterRequest | None:
        row = self._session.scalar(sa.select(ChapterRequestRow).where(*where).limit(1))
        return None if row is None else _as_request(row)


def _as_request(row: ChapterRequestRow) -> ChapterRequest:
    return ChapterRequest(
        name=row.name,
        by=row.by,
        body=row.body,
        transcript=row.transcript,
        idempotency_key=row.idempotency_key,
        prediction=row.prediction,
        failure=cast("Failure | None", row.failure),
    )
