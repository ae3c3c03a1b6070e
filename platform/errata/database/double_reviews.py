"""Transcripts that two people or more have reviewed, each on their own: how far do reviewers agree?"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import last_words
from errata.database.event_history import EventHistory, TranscriptEvents
from errata.database.leak_groups import LeakGroups
from errata.database.predictions import Predictions
from errata.database.tables import CorrectionRow
from errata.domain.chapter import chapters_from_json
from errata.domain.correction import DoubleReview, Opinion


class DoubleReviews:
    def __init__(
        self, session: Session, leak_groups: LeakGroups, predictions: Predictions, event_history: EventHistory
    ) -> None:
        self._session = session
        self._leak_groups = leak_groups
        self._predictions = predictions
        self._event_history = event_history

    def newest(self, upto: int, most: int) -> list[DoubleReview]:
        """As of `upto`, the `most` transcripts with the newest reviews, in the order of these.

        What an adjudication decided changes nothing: each reviewer's own last word stands. Transcripts on which all but
        one took theirs back are not among them.
        """
        reviewed = (
            sa.select(CorrectionRow.transcript)
            .where(CorrectionRow.seq <= upto, CorrectionRow.kind.in_(("edit", "accept")))
            .group_by(CorrectionRow.transcript)
            .having(sa.func.count(CorrectionRow.reviewer.distinct()) > 1)
            .order_by(sa.func.max(CorrectionRow.seq).desc())
            .limit(most)
        )
        transcripts: Sequence[int] = self._session.scalars(reviewed).all()
        reviews = [self._review(history, upto) for history in self._event_history.upto(transcripts, upto)]
        return [review for review in reviews if len(review.opinions) > 1]

    def _review(self, history: TranscriptEvents, upto: int) -> DoubleReview:
        rows = last_words(history.events)
        predictions = self._predictions.read_all(row.prediction for row in rows)
        opinions = tuple(
            Opinion(
                reviewer=row.reviewer,
                chapters=chapters_from_json(row.chapters),
                predicted=None if row.prediction is None else predictions[row.prediction].chapters,
            )
            for row in rows
        )
        role = self._leak_groups.of(history.transcript.seq, upto).role
        return DoubleReview(history.transcript.seq, history.transcript.channel, role, opinions)
