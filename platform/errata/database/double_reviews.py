"""Transcripts that two people or more have reviewed, each on their own: how far do reviewers agree?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from statistics import fmean
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import active_events, last_words
from errata.database.event_history import EventHistory, TranscriptEvents
from errata.database.leak_groups import LeakGroups
from errata.database.predictions import Predictions
from errata.database.sequence import batches
from errata.database.tables import CorrectionRow, TranscriptRow
from errata.domain.audit_draw import AuditDraw
from errata.domain.chapter import chapters_from_json
from errata.domain.correction import DoubleReview, Opinion
from errata.domain.near_borders import shared_borders
from errata.domain.reviewer import AuditRecord
from errata.domain.transcript import Unit

GIVEN = ("edit", "accept", "adjudicate")
RECENT = 2000
"""Reviews that are looked through for audits, the newest: a page that lists them shouldn't grow with the record."""


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

    def awaiting_second(self, reviewer: str, draw: AuditDraw, most: int) -> list[int]:
        """Audits that one person has reviewed, and not `reviewer`, among the newest `RECENT` reviews: the `most` that
        were reviewed last, by `seq`."""
        reviews = sa.select(CorrectionRow.transcript, CorrectionRow.seq).where(CorrectionRow.kind.in_(GIVEN))
        newest = reviews.order_by(CorrectionRow.seq.desc()).limit(RECENT).subquery()
        recent = self._session.execute(
            sa.select(newest.c.transcript, TranscriptRow.hash)
            .join(TranscriptRow, TranscriptRow.seq == newest.c.transcript)
            .where(TranscriptRow.forgotten.is_(None))
            .order_by(newest.c.seq.desc())
        )
        audits = list(dict.fromkeys(transcript for transcript, name in recent if draw.is_audit(name)))
        names: dict[int, set[str]] = defaultdict(set)
        for batch in batches(audits):
            given = sa.select(CorrectionRow.transcript, CorrectionRow.reviewer).where(CorrectionRow.kind.in_(GIVEN))
            for transcript, name in self._session.execute(given.where(CorrectionRow.transcript.in_(batch))):
                names[transcript].add(name)
        alone = (
            transcript for transcript in audits if len(names[transcript]) == 1 and reviewer not in names[transcript]
        )
        return sorted(islice(alone, most))

    def audit_records(self, upto: int, draw: AuditDraw) -> dict[str, AuditRecord]:
        """Of everybody who reviewed an audit that somebody else reviewed too, as of `upto`: how far they are at one
        with its adjudication, or else with the others, on its borders."""
        reviewed = (
            sa.select(CorrectionRow.transcript, TranscriptRow.hash)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.seq <= upto, CorrectionRow.kind.in_(("edit", "accept")))
            .group_by(CorrectionRow.transcript, TranscriptRow.hash)
            .having(sa.func.count(CorrectionRow.reviewer.distinct()) > 1)
        )
        audits = [transcript for transcript, name in self._session.execute(reviewed) if draw.is_audit(name)]
        records: dict[str, AuditRecord] = defaultdict(AuditRecord)
        for history in self._event_history.upto(audits, upto):
            for name, share in _audit(history).items():
                records[name] += AuditRecord(1, share)
        return dict(records)

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


def _audit(history: TranscriptEvents) -> dict[str, float]:
    """By reviewer, of a talk that several have reviewed: the share of borders on which each is at one with the
    adjudication, or where there is none, the mean of those with each of the others."""
    words, unit = last_words(history.events), cast(Unit, history.transcript.unit)
    if len(words) < 2:
        return {}
    said = {row.reviewer: chapters_from_json(row.chapters) for row in words}
    decisions = [row for row in active_events(history.events) if row.kind == "adjudicate"]
    if decisions:
        right = chapters_from_json(decisions[-1].chapters)
        return {name: shared_borders(right, chapters, unit) for name, chapters in said.items()}
    return {
        name: fmean(shared_borders(other, chapters, unit) for rival, other in said.items() if rival != name)
        for name, chapters in said.items()
    }
