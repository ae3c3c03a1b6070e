"""What has been said of transcripts: their events in the order of `seq`, and whether people differ in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import History, people_differ, rejections
from errata.database.predictions import Predictions
from errata.database.sequence import batches
from errata.database.tables import CorrectionRow, TranscriptRow
from errata.domain.chapter import chapters_to_json
from errata.domain.correction import chapters_hash


@dataclass(frozen=True, slots=True)
class TranscriptEvents:
    """A transcript with what was said of it up to some watermark; never without any event."""

    transcript: TranscriptRow
    events: Sequence[CorrectionRow]
    people_differ: bool


class EventHistory:
    def __init__(self, session: Session, predictions: Predictions) -> None:
        self._session = session
        self._predictions = predictions

    def of(self, transcript: int) -> Sequence[CorrectionRow]:
        """All events of a transcript, those of a forgotten one too."""
        return self._session.scalars(
            sa.select(CorrectionRow).where(CorrectionRow.transcript == transcript).order_by(CorrectionRow.seq)
        ).all()

    def people_differ(self, history: History) -> bool:
        """Whether people differ in these events of one transcript."""
        predictions = self._predictions.read_all(row.prediction for row in rejections(history))
        answers = {seq: chapters_hash(chapters_to_json(prediction.chapters)) for seq, prediction in predictions.items()}
        return people_differ(history, answers)

    def upto(self, transcripts: sa.Select[int] | Sequence[int], upto: int) -> Iterator[TranscriptEvents]:
        """Each transcript with its events up to `upto`, in the order of their newest ones; forgotten ones left out."""
        query = (
            sa.select(CorrectionRow, TranscriptRow)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.seq <= upto, TranscriptRow.forgotten.is_(None))
            .order_by(CorrectionRow.seq)
        )
        events: dict[int, list[CorrectionRow]] = defaultdict(list)
        rows: dict[int, TranscriptRow] = {}
        for part in [transcripts] if isinstance(transcripts, sa.Select) else batches(transcripts):
            for correction, transcript in self._session.execute(query.where(CorrectionRow.transcript.in_(part))):
                events[transcript.seq].append(correction)
                rows[transcript.seq] = transcript
        for seq, history in sorted(events.items(), key=lambda item: item[1][-1].seq):
            yield TranscriptEvents(rows[seq], history, self.people_differ(history))
