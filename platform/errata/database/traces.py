"""Which calls in somebody else's traces became which predictions: a call is taken once, however often it comes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.connection_tables import TraceRow
from errata.database.tables import PredictionRow, TranscriptRow
from errata.domain.chapter import Chapters, chapters_from_json


class Traces:
    def __init__(self, session: Session) -> None:
        self._session = session

    def knows(self, trace: str, span: str) -> bool:
        return self._session.get(TraceRow, (trace, span)) is not None

    def add(self, trace: str, span: str, prediction: int, answered_at: str) -> None:
        """`prediction` is the `seq` of what the call became; `answered_at` as ISO 8601, or empty."""
        self._session.add(TraceRow(trace=trace, span=span, prediction=prediction, answered_at=answered_at))
        self._session.flush()

    def answered_at(self, predictions: list[int]) -> dict[int, str]:
        """When a foreign model gave each of these predictions, the first time that it did; without those unknown."""
        query = (
            sa.select(TraceRow.prediction, sa.func.min(TraceRow.answered_at).label("at"))
            .where(TraceRow.prediction.in_(predictions), TraceRow.answered_at != "")
            .group_by(TraceRow.prediction)
        )
        return {row.prediction: row.at for row in self._session.execute(query)}

    def models(self) -> list[str]:
        """As their predictions name them, with `foreign:` before and without what tells an answer from another."""
        query = sa.select(PredictionRow.model).distinct().where(PredictionRow.seq.in_(sa.select(TraceRow.prediction)))
        return sorted({model_name(model) for model in self._session.scalars(query)})

    def answers(self, model: str) -> dict[str, Chapters]:
        """The newest answers of one of `models`, by the talks' outside ids."""
        query = (
            sa.select(TranscriptRow.external_id, PredictionRow.model, PredictionRow.chapters)
            .join(TranscriptRow, TranscriptRow.seq == PredictionRow.transcript)
            .where(PredictionRow.model.startswith(f"{model}:", autoescape=True), TranscriptRow.forgotten.is_(None))
            .where(PredictionRow.seq.in_(sa.select(TraceRow.prediction)))
            .order_by(PredictionRow.seq)
        )
        rows = self._session.execute(query)
        return {row.external_id: chapters_from_json(row.chapters) for row in rows if model_name(row.model) == model}


def model_name(model: str) -> str:
    """`foreign:gpt-x` of `foreign:gpt-x:0f3a…`."""
    return model.rpartition(":")[0]
