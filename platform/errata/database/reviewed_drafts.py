"""Reviews of drafts that stand, each with the draft that was shown: how much of a model's answers do people leave?"""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from errata.database.reviewers import NOT_REVIEWS
from errata.database.tables import CorrectionRow, EventRow, PredictionRow, TranscriptRow
from errata.domain.chapter import chapters_from_json
from errata.domain.correction import NO_DRAFT, Kind
from errata.domain.draft_review import DraftReview


class ReviewedDrafts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def newest(self, most: int) -> list[DraftReview]:
        """The `most` newest, the newest first. Blind ones, those that a later event of the same reviewer supersedes or
        a retract names, and those of forgotten transcripts are not among them; what an adjudication decided changes
        nothing."""
        later = aliased(CorrectionRow)
        superseded = sa.exists().where(later.supersedes == CorrectionRow.seq, later.kind != "adjudicate")
        query = (
            sa.select(CorrectionRow, PredictionRow, EventRow.at)
            .join(PredictionRow, PredictionRow.seq == CorrectionRow.prediction)
            .join(EventRow, EventRow.seq == CorrectionRow.seq)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.kind.not_in(NOT_REVIEWS), TranscriptRow.forgotten.is_(None), ~superseded)
            .where(CorrectionRow.draft_by.is_(None) | (CorrectionRow.draft_by != NO_DRAFT))
            .order_by(CorrectionRow.seq.desc())
            .limit(most)
        )
        return [
            DraftReview(
                transcript=correction.transcript,
                reviewer=correction.reviewer,
                kind=cast(Kind, correction.kind),
                at=at,
                model=correction.draft_by or _answerer(prediction),
                guessed=correction.draft_by is None,
                draft=chapters_from_json(prediction.chapters),
                right=chapters_from_json(correction.chapters),
            )
            for correction, prediction, at in self._session.execute(query)
        ]


def _answerer(prediction: PredictionRow) -> str:
    """Of another system's draft its identity names the draft too, and nobody noted the system."""
    return "another system" if prediction.foreign else prediction.model
