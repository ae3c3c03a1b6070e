"""Where reviewers differ: found out for a transcript whenever somebody says something of it, and kept in an index.

The index only says where to look. Whether there is a conflict, the events themselves say, each time they are asked.
"""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import label_sources, rejections
from errata.database.event_history import EventHistory, TranscriptEvents
from errata.database.sequence import highest_seq
from errata.database.tables import CorrectionRow, DisputeRow, TranscriptRow
from errata.database.transcripts import Transcripts
from errata.domain.chapter import chapters_from_json
from errata.domain.correction import Conflict, Kind, Side


class Conflicts:
    def __init__(self, session: Session, transcripts: Transcripts, event_history: EventHistory) -> None:
        self._session = session
        self._transcripts = transcripts
        self._event_history = event_history

    def transcripts(self, upto: int | None = None) -> list[int]:
        """Transcripts whose reviewers disagree as of `upto`, or now: then they alone are read."""
        return [history.transcript.seq for history in self._histories(upto)]

    def all(self, upto: int | None = None) -> list[Conflict]:
        """The conflicts as of `upto`, or now, with what each side stands by, in the order of their newest events."""
        return [_conflict(history) for history in self._histories(upto)]

    def version_in_question(self, external_id: str) -> int:
        """`seq` of the version under an outside id that is in conflict, or else of the newest. Raises NotFound."""
        newest = self._transcripts.find(external_id)
        versions = sa.select(TranscriptRow.seq).where(TranscriptRow.external_id == external_id)
        histories = self._event_history.upto(self._session.scalars(versions).all(), highest_seq(self._session))
        disputed = [history.transcript.seq for history in histories if history.people_differ]
        return max(disputed, default=newest)

    def _histories(self, upto: int | None) -> list[TranscriptEvents]:
        if upto is None:
            indexed = self._session.scalars(sa.select(DisputeRow.transcript)).all()
            histories = self._event_history.upto(indexed, highest_seq(self._session))
        else:
            # the index knows only of now: an earlier conflict may have been decided since
            histories = self._event_history.upto(sa.select(CorrectionRow.transcript), upto)
        disputed = [history for history in histories if history.people_differ]
        return sorted(disputed, key=lambda history: history.events[-1].seq)

    def update_index(self, transcript: int) -> bool:
        """Brings the index in line with what has been said of a transcript so far; says whether that changed it."""
        events = self._event_history.of(transcript)
        if len({row.reviewer for row in events}) < 2:
            return False  # nobody differs with themselves, so it never was entered
        differ = self._event_history.people_differ(events)
        entered = self._session.get(DisputeRow, transcript)
        if differ and entered is None:
            self._session.add(DisputeRow(transcript=transcript))
        elif entered is not None and not differ:
            self._session.delete(entered)
        self._session.flush()
        return differ != (entered is not None)


def _conflict(history: TranscriptEvents) -> Conflict:
    rows = sorted((*label_sources(history.events), *rejections(history.events)), key=lambda row: row.seq)
    sides = (
        Side(row.seq, row.reviewer, cast(Kind, row.kind), chapters_from_json(row.chapters), row.reviewed_on)
        for row in rows
    )
    transcript = history.transcript
    return Conflict(transcript.seq, transcript.external_id, transcript.title, tuple(sides))
