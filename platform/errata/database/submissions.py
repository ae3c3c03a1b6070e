"""What reviewers did on the review page, and how much work it was. Rows are added, none is ever changed."""

from __future__ import annotations

from typing import NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.review_tables import SubmissionRow
from errata.database.tables import TranscriptRow
from errata.domain.review_work import Action, Effort, MeanEffort, Submission


class FinishedWork(NamedTuple):
    """What was done, before it has a number."""

    identity: str
    """Sent again, it changes nothing."""
    transcript: int
    reviewer: str
    action: Action
    why: str
    correction: int | None
    effort: Effort
    draft_shown: bool


class Submissions:
    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, identity: str) -> Submission | None:
        row = self._session.scalar(sa.select(SubmissionRow).where(SubmissionRow.hash == identity))
        return None if row is None else _as_submission(row)

    def add(self, work: FinishedWork) -> Submission:
        row = SubmissionRow(
            hash=work.identity,
            transcript=work.transcript,
            reviewer=work.reviewer,
            action=work.action,
            why=work.why,
            correction=work.correction,
            seconds=work.effort.seconds,
            plays=work.effort.plays,
            commands=work.effort.commands,
            draft_shown=work.draft_shown,
        )
        self._session.add(row)
        self._session.flush()
        return _as_submission(row)

    def newest_by(self, reviewer: str, most: int) -> list[Submission]:
        """The last items that a reviewer was done with, each once, the latest first; a flag ends none."""
        latest = (
            sa.select(sa.func.max(SubmissionRow.number))
            .join(TranscriptRow, TranscriptRow.seq == SubmissionRow.transcript)
            .where(SubmissionRow.reviewer == reviewer, SubmissionRow.action != "flag")
            .where(TranscriptRow.forgotten.is_(None))
            .group_by(SubmissionRow.transcript)
            .order_by(sa.func.max(SubmissionRow.number).desc())
            .limit(most)
        )
        rows = self._session.scalars(
            sa.select(SubmissionRow).where(SubmissionRow.number.in_(latest)).order_by(SubmissionRow.number.desc())
        )
        return [_as_submission(row) for row in rows]

    def skipped_by(self, reviewer: str) -> set[int]:
        """Transcripts that a reviewer declined: they are offered to others."""
        query = sa.select(SubmissionRow.transcript).where(
            SubmissionRow.reviewer == reviewer, SubmissionRow.action == "skip"
        )
        return set(self._session.scalars(query))

    def flags(self, transcript: int) -> list[Submission]:
        """What colleagues should know of a transcript, the oldest first."""
        rows = self._session.scalars(
            sa.select(SubmissionRow)
            .where(SubmissionRow.transcript == transcript, SubmissionRow.action == "flag")
            .order_by(SubmissionRow.number)
        )
        return [_as_submission(row) for row in rows]

    def newest_flags(self, most: int) -> list[Submission]:
        """What colleagues should know of transcripts, the newest first; of forgotten ones nothing."""
        rows = self._session.scalars(
            sa.select(SubmissionRow)
            .join(TranscriptRow, TranscriptRow.seq == SubmissionRow.transcript)
            .where(SubmissionRow.action == "flag", TranscriptRow.forgotten.is_(None))
            .order_by(SubmissionRow.number.desc())
            .limit(most)
        )
        return [_as_submission(row) for row in rows]

    def effort(self) -> dict[str, MeanEffort]:
        """Of each reviewer's reviews on the page, by name: what was skipped or only flagged is none."""
        rows = self._session.execute(
            sa.select(SubmissionRow.reviewer, sa.func.count(), sa.func.avg(SubmissionRow.seconds))
            .where(SubmissionRow.action.not_in(("skip", "flag")))
            .group_by(SubmissionRow.reviewer)
        )
        return {row[0]: MeanEffort(row[1], float(row[2])) for row in rows}


def _as_submission(row: SubmissionRow) -> Submission:
    return Submission(
        number=row.number,
        transcript=row.transcript,
        reviewer=row.reviewer,
        action=cast(Action, row.action),
        why=row.why,
        correction=row.correction,
        at=row.at,
        effort=Effort(row.seconds, row.plays, row.commands),
        draft_shown=row.draft_shown,
    )
