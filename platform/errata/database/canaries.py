"""Models on trial as canaries: one at a time, with who began it, who ended it, when and why."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.reviewers import NOT_REVIEWS
from errata.database.sequence import highest_seq
from errata.database.service_tables import CanaryRow, ChapterRequestRow
from errata.database.tables import CorrectionRow, PredictionRow, TranscriptRow
from errata.domain.canary import (
    ERROR,
    Canary,
    CanaryEnd,
    CanaryEnding,
    CanaryReview,
    ReviewCounts,
)
from errata.domain.chapter import chapters_from_json
from errata.domain.correction import NO_DRAFT
from errata.domain.draft_review import DraftChanges
from errata.errors import Refused


class Canaries:
    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, model: str, champion: str, share: float, by: str, why: str) -> Canary:
        """Raises Refused while another runs."""
        running = self.running()
        if running is not None:
            raise Refused(f"{running.model[:16]} is the canary already; end it first: errata canary stop")
        row = CanaryRow(
            model=model,
            champion=champion,
            share=share,
            error=ERROR,
            since=highest_seq(self._session),
            by=by,
            why=why,
        )
        self._session.add(row)
        self._session.flush()
        return _as_canary(row)

    def running(self) -> Canary | None:
        newest = self.newest()
        return newest if newest is not None and newest.is_running else None

    def newest(self) -> Canary | None:
        """The one that runs, or else the one that ended last."""
        row = self._session.scalar(sa.select(CanaryRow).order_by(CanaryRow.number.desc()).limit(1))
        return None if row is None else _as_canary(row)

    def all(self) -> list[Canary]:
        """The newest first."""
        return [
            _as_canary(row) for row in self._session.scalars(sa.select(CanaryRow).order_by(CanaryRow.number.desc()))
        ]

    def finish(
        self, number: int, how: CanaryEnding, by: str, why: str, counts: ReviewCounts, evidence: float
    ) -> Canary:
        """Of one that is at its end already, nothing changes: two services may find out at once."""
        row = self._session.get_one(CanaryRow, number)
        if row.ended is None:
            row.ended, row.ended_at, row.ended_by, row.ended_why = how, datetime.now(UTC), by, why
            row.reviews, row.evidence = list(astuple(counts)), evidence
            self._session.flush()
        return _as_canary(row)

    def reviews(self, canary: Canary) -> list[CanaryReview]:
        """The first review of each talk that came since it began and that the service answered, in the reviews' order.
        Who was shown no draft, or not the one that was answered, says nothing of it."""
        answered = sa.exists().where(ChapterRequestRow.prediction == CorrectionRow.prediction)
        query = (
            sa.select(
                CorrectionRow.transcript,
                TranscriptRow.hash,
                CorrectionRow.kind,
                CorrectionRow.chapters,
                PredictionRow.chapters,
            )
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .join(PredictionRow, PredictionRow.seq == CorrectionRow.prediction)
            .where(CorrectionRow.seq > canary.since, CorrectionRow.transcript > canary.since)
            .where(CorrectionRow.kind.not_in(NOT_REVIEWS), CorrectionRow.draft_by != NO_DRAFT, answered)
            .order_by(CorrectionRow.seq)
        )
        first: dict[int, CanaryReview] = {}
        for transcript, name, kind, right, draft in self._session.execute(query):
            if transcript not in first:
                changes = DraftChanges.between(chapters_from_json(draft), chapters_from_json(right))
                first[transcript] = CanaryReview(canary.takes(name), kind == "reject" or changes.changes > 0)
        return list(first.values())


def _as_canary(row: CanaryRow) -> Canary:
    return Canary(
        number=row.number,
        model=row.model,
        champion=row.champion,
        share=row.share,
        error=row.error,
        since=row.since,
        at=row.at,
        by=row.by,
        why=row.why,
        end=_end(row),
    )


def _end(row: CanaryRow) -> CanaryEnd | None:
    if row.ended is None or row.ended_at is None:
        return None
    how = cast(CanaryEnding, row.ended)
    return CanaryEnd(how, row.ended_at, row.ended_by, row.ended_why, ReviewCounts(*row.reviews), row.evidence)
