"""What reviewers have not submitted yet: nothing that a page saved is written over by another page.

Each page has a row of its own, and says from which revision it goes on. One that goes on from the newest revision is
the newest from then on; one that does not is kept beside it as late, until its reviewer has seen both.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.review_tables import ReviewDraftRow
from errata.domain.chapter import Chapters, chapters_from_json, chapters_to_json
from errata.domain.review_work import Effort, ReviewDraft


class ReviewDrafts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, transcript: int, reviewer: str) -> list[ReviewDraft]:
        """The newest first, and after it those that came late, the newest of them first."""
        rows = self._session.scalars(_of(transcript, reviewer)).all()
        drafts = sorted(map(_as_draft, rows), key=lambda draft: (draft.late, -draft.revision))
        newest = [draft for draft in drafts if not draft.late][:1]
        return newest + [draft for draft in drafts if draft.late]

    def save(
        self, transcript: int, reviewer: str, page: str, goes_on_from: int, content: tuple[Chapters, int, Effort]
    ) -> ReviewDraft:
        """Keeps a page's `content`: its chapters, the line that the reviewer is at, and the effort so far."""
        rows = self._session.scalars(_of(transcript, reviewer)).all()
        newest = max((row for row in rows if not row.late), key=lambda row: row.revision, default=None)
        row = next((row for row in rows if row.page == page), None)
        if row is None:
            row = ReviewDraftRow(transcript=transcript, reviewer=reviewer, page=page)
            self._session.add(row)
        # a page may go on from an older revision of its own: the answer to its last save was lost
        row.late = newest is not None and newest.page != page and goes_on_from < newest.revision
        row.revision = max((row.revision for row in rows), default=0) + 1
        chapters, line, effort = content
        row.content = {
            "chapters": chapters_to_json(chapters),
            "line": line,
            "seconds": effort.seconds,
            "plays": effort.plays,
            "commands": effort.commands,
        }
        self._session.flush()
        self._session.refresh(row)
        return _as_draft(row)

    def begun_by(self, reviewer: str) -> list[int]:
        """Transcripts of which a reviewer has something unsubmitted, the latest saved first."""
        query = (
            sa.select(ReviewDraftRow.transcript)
            .where(ReviewDraftRow.reviewer == reviewer)
            .group_by(ReviewDraftRow.transcript)
            .order_by(sa.func.max(ReviewDraftRow.at).desc(), ReviewDraftRow.transcript)
        )
        return list(self._session.scalars(query))

    def remove(self, transcript: int, reviewer: str, page: str, goes_on_from: int) -> None:
        """What a page saved, and what it went on from: it was submitted. What another page made of the same meanwhile
        stays."""
        self._session.execute(
            sa.delete(ReviewDraftRow).where(
                ReviewDraftRow.transcript == transcript,
                ReviewDraftRow.reviewer == reviewer,
                sa.or_(
                    ReviewDraftRow.page == page,
                    sa.and_(ReviewDraftRow.late.is_(False), ReviewDraftRow.revision <= goes_on_from),
                ),
            )
        )

    def remove_page(self, transcript: int, reviewer: str, page: str) -> None:
        """What one page saved: its reviewer has seen it beside the newer one, and wants that."""
        self._session.execute(
            sa.delete(ReviewDraftRow).where(
                ReviewDraftRow.transcript == transcript,
                ReviewDraftRow.reviewer == reviewer,
                ReviewDraftRow.page == page,
            )
        )


def _of(transcript: int, reviewer: str) -> sa.Select[ReviewDraftRow]:
    return sa.select(ReviewDraftRow).where(ReviewDraftRow.transcript == transcript, ReviewDraftRow.reviewer == reviewer)


def _as_draft(row: ReviewDraftRow) -> ReviewDraft:
    content = row.content
    return ReviewDraft(
        page=row.page,
        revision=row.revision,
        late=row.late,
        chapters=chapters_from_json(content["chapters"]),
        line=content["line"],
        effort=Effort(content["seconds"], content["plays"], content["commands"]),
        at=row.at,
    )
