"""Where reviewers differ: found out for a transcript whenever somebody says something of it, and kept in an index.

The index only says where to look. Whether there is a conflict, the events themselves say, each time they are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from errata.database.groups import Groups
from errata.database.standing import disputed, rejects
from errata.database.tables import CorrectionRow, DisputeRow, PredictionRow
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import said
from errata.domain.prediction import Prediction

AT_ONCE = 500
"""Values in one IN: databases bound how many a statement may have."""


class Disputes(Groups):
    def enter_dispute(self, transcript: int) -> bool:
        """Brings the index in line with what has been said of a transcript so far; says whether that changed it."""
        history = self._history(transcript)
        if len({row.reviewer for row in history}) < 2:
            return False  # nobody differs with themselves, so it never was entered
        entered, differ = self._session.get(DisputeRow, transcript), self._differ(history)
        if differ and entered is None:
            self._session.add(DisputeRow(transcript=transcript))
        elif entered is not None and not differ:
            self._session.delete(entered)
        self._session.flush()
        return differ is (entered is None)

    def _history(self, transcript: int) -> list[CorrectionRow]:
        """All events of a transcript in their order."""
        return list(
            self._session.scalars(
                sa.select(CorrectionRow).where(CorrectionRow.transcript == transcript).order_by(CorrectionRow.seq)
            )
        )

    def _differ(self, history: Sequence[CorrectionRow]) -> bool:
        answers = self._answers(row.prediction for row in rejects(history))
        return disputed(history, {seq: said_by(prediction) for seq, prediction in answers.items()})

    def _answers(self, seqs: Iterable[int | None]) -> dict[int, Prediction]:
        """Predictions by their `seq`."""
        wanted = sorted({seq for seq in seqs if seq is not None})
        found: dict[int, Prediction] = {}
        for begin in range(0, len(wanted), AT_ONCE):
            part = sa.select(PredictionRow).where(PredictionRow.seq.in_(wanted[begin : begin + AT_ONCE]))
            found |= {row.seq: as_prediction(row) for row in self._session.scalars(part)}
        return found


def said_by(prediction: Prediction) -> str:
    return said([chapter.as_json() for chapter in prediction.chapters])


def as_prediction(row: PredictionRow) -> Prediction:
    return Prediction(
        transcript=row.transcript,
        model=row.model,
        template=row.template,
        chapters=as_chapters(row.chapters),
        problems=tuple(row.problems),
        foreign=row.foreign,
    )


def as_chapters(rows: list[dict[str, Any]]) -> Chapters:
    return tuple(Chapter(float(row["start"]), str(row["title"])) for row in rows)
