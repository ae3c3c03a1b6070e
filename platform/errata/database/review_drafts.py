"""What reviewers have not submitted yet, of a transcript or of a stream that runs: nothing that a page saved is written
over by another page.

Each page has a row of its own, and says from which revision it goes on. One that goes on from the newest revision is
the newest from then on; one that does not is kept beside it as late, until its reviewer has seen both.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.review_tables import AnyDraftRow, ReviewDraftRow
from errata.domain.chapter import chapters_from_json, chapters_to_json
from errata.domain.review_work import DraftContent, Effort, ReviewDraft


class ReviewDrafts:
    def __init__(self, session: Session, table: type[AnyDraftRow] = ReviewDraftRow) -> None:
        self._session, self._table = session, table

    def of(self, item: int, reviewer: str) -> list[ReviewDraft]:
        """The newest first, and after it those that came late, the newest of them first."""
        rows = self._session.scalars(self._of(item, reviewer)).all()
        drafts = sorted(map(_as_draft, rows), key=lambda draft: (draft.late, -draft.revision))
        newest = [draft for draft in drafts if not draft.late][:1]
        return newest + [draft for draft in drafts if draft.late]

    def save(self, item: int, reviewer: str, page: str, goes_on_from: int, content: DraftContent) -> ReviewDraft:
        rows = self._session.scalars(self._of(item, reviewer)).all()
        newest = max((row for row in rows if not row.late), key=lambda row: row.revision, default=None)
        row = next((row for row in rows if row.page == page), None)
        if row is None:
            row = self._table(item=item, reviewer=reviewer, page=page)
            self._session.add(row)
        # a page may go on from an older revision of its own: the answer to its last save was lost
        row.late = newest is not None and newest.page != page and goes_on_from < newest.revision
        row.revision = max((row.revision for row in rows), default=0) + 1
        row.content = {
            "chapters": chapters_to_json(content.chapters),
            "line": content.line,
            "seconds": content.effort.seconds,
            "plays": content.effort.plays,
            "commands": content.effort.commands,
            "told": None if content.told is None else chapters_to_json(content.told),
        }
        self._session.flush()
        self._session.refresh(row)
        return _as_draft(row)

    def begun_by(self, reviewer: str) -> list[int]:
        """Items of which a reviewer has something unsubmitted, the latest saved first."""
        query = (
            sa.select(self._table.item)
            .where(self._table.reviewer == reviewer)
            .group_by(self._table.item)
            .order_by(sa.func.max(self._table.at).desc(), self._table.item)
        )
        return list(self._session.scalars(query))

    def remove(self, item: int, reviewer: str, page: str, goes_on_from: int) -> None:
        """What a page saved, and what it went on from: it was submitted. What another page made of the same meanwhile
        stays."""
        self._session.execute(
            sa.delete(self._table).where(
                self._table.item == item,
                self._table.reviewer == reviewer,
                sa.or_(
                    self._table.page == page,
                    sa.and_(self._table.late.is_(False), self._table.revision <= goes_on_from),
                ),
            )
        )

    def remove_page(self, item: int, reviewer: str, page: str) -> None:
        """What one page saved: its reviewer has seen it beside the newer one, and wants that."""
        self._session.execute(
            sa.delete(self._table).where(
                self._table.item == item,
                self._table.reviewer == reviewer,
                self._table.page == page,
            )
        )

    def _of(self, item: int, reviewer: str) -> sa.Select[AnyDraftRow]:
        return sa.select(self._table).where(self._table.item == item, self._table.reviewer == reviewer)


def _as_draft(row: AnyDraftRow) -> ReviewDraft:
    content = row.content
    told = content.get("told")
    return ReviewDraft(
        page=row.page,
        revision=row.revision,
        late=row.late,
        chapters=chapters_from_json(content["chapters"]),
        line=content["line"],
        effort=Effort(content["seconds"], content["plays"], content["commands"]),
        at=row.at,
        told=None if told is None else chapters_from_json(told),
    )
