"""Who reviews: their roles as they were appointed, and their record on adjudicated items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import agreement_counts
from errata.database.sequence import AT_ONCE, batches, next_seq
from errata.database.tables import AppointmentRow, CorrectionRow, EventRow, TranscriptRow
from errata.domain.reviewer import AgreementCount, Reviewer, ReviewerRole, ReviewWork, may, on_probation
from errata.errors import BadInput, Refused

NOT_REVIEWS = ("retract", "adjudicate", "reference")
"""Kinds of events, which whoever wants the newest reviews leaves out: asked for the other kinds, SQLite finds all of
those by the index of kinds, and sorts them."""


class Reviewers:
    """As of a watermark `upto` wherever one is given: what came later changes nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def appoint(self, name: str, role: ReviewerRole, by: str) -> None:
        """Gives `name` a role from now on.

        Raises BadInput for an empty name, which would hold the role for ever, and Refused unless `by` may: a release
        owner, once there is one.
        """
        if not name.strip():
            raise BadInput("the name of whom to appoint is empty; give it")
        self.check(by, "release owner", f"appoint {name}")
        if self.roles().get(name, "reviewer") == role:
            return
        seq = next_seq(self._session, "appointment")
        self._session.add(AppointmentRow(seq=seq, reviewer=name, role=role, by=by))
        self._session.flush()

    def check(self, by: str, least: ReviewerRole, act: str) -> None:
        """Raises Refused unless `by` holds the role `least` or a higher one; anybody may while nobody does."""
        roles = self.roles()
        if not may(by, least, roles):
            raise Refused(
                f"{by} is {_a(roles.get(by, 'reviewer'))} and may not {act}; ask {_a(least)}, or have a release owner "
                f"appoint {by}: errata reviewers --appoint {by} --role {least.replace(' ', '-')} --by NAME"
            )

    def roles(self, upto: int | None = None) -> dict[str, ReviewerRole]:
        """Of everybody who was appointed."""
        query = sa.select(AppointmentRow.reviewer, AppointmentRow.role).order_by(AppointmentRow.seq)
        if upto is not None:
            query = query.where(AppointmentRow.seq <= upto)
        return {name: cast(ReviewerRole, role) for name, role in self._session.execute(query)}

    def agreement(self, upto: int) -> dict[str, AgreementCount]:
        """What the adjudications say of everybody who had a say in an adjudicated item."""
        adjudicated = sa.select(CorrectionRow.transcript).where(CorrectionRow.kind == "adjudicate")
        rows = self._session.scalars(
            sa.select(CorrectionRow)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.transcript.in_(adjudicated), CorrectionRow.seq <= upto)
            .where(TranscriptRow.forgotten.is_(None))
            .order_by(CorrectionRow.seq)
        )
        histories: dict[int, list[CorrectionRow]] = defaultdict(list)
        for row in rows:
            histories[row.transcript].append(row)
        totals: dict[str, AgreementCount] = defaultdict(AgreementCount)
        for history in histories.values():
            for name, count in agreement_counts(history).items():
                totals[name] += count
        return dict(totals)

    def all(self, upto: int) -> list[Reviewer]:
        """Everybody who gave a correction or holds a role, by name."""
        rows = self._session.execute(
            sa.select(CorrectionRow.reviewer, sa.func.count())
            .where(CorrectionRow.seq <= upto, CorrectionRow.kind.in_(("edit", "accept", "reject")))
            .group_by(CorrectionRow.reviewer)
        )
        corrections = {row[0]: row[1] for row in rows}
        roles, agreement = self.roles(upto), self.agreement(upto)
        tested = any(role != "reviewer" for role in roles.values())
        reviewers = []
        for name in sorted(corrections.keys() | roles.keys()):
            role, agreed = roles.get(name, "reviewer"), agreement.get(name, AgreementCount())
            probation = on_probation(agreed, role, tested)
            reviewers.append(Reviewer(name, role, corrections.get(name, 0), agreed, probation))
        return reviewers

    def work(self) -> dict[str, ReviewWork]:
        """What everybody who reviewed has given so far, by name."""
        rows = self._session.execute(
            sa.select(CorrectionRow.reviewer, CorrectionRow.kind, sa.func.count(), sa.func.max(CorrectionRow.seq))
            .where(CorrectionRow.kind.in_(("edit", "accept", "reject", "adjudicate")))
            .group_by(CorrectionRow.reviewer, CorrectionRow.kind)
        ).all()
        newest: dict[str, int] = defaultdict(int)
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        for reviewer, kind, count, seq in rows:
            counts[reviewer][kind] = count
            newest[reviewer] = max(newest[reviewer], seq)
        times = dict(self._times(newest.values()))
        return {
            name: ReviewWork(
                edits=of.get("edit", 0),
                accepts=of.get("accept", 0),
                rejects=of.get("reject", 0),
                adjudications=of.get("adjudicate", 0),
                newest=times[newest[name]],
            )
            for name, of in counts.items()
        }

    def _times(self, seqs: Iterable[int]) -> Iterator[tuple[int, datetime]]:
        for batch in batches(sorted(seqs)):
            for row in self._session.execute(sa.select(EventRow.seq, EventRow.at).where(EventRow.seq.in_(batch))):
                yield row[0], row[1]

    def review_times(self, since: datetime) -> list[datetime]:
        """When each edit, accept and reject came since then, the newest first: of UTC. Older rows are not read."""
        query = (
            sa.select(EventRow.at)
            .join(CorrectionRow, CorrectionRow.seq == EventRow.seq)
            .where(CorrectionRow.kind.not_in(NOT_REVIEWS))
            .order_by(CorrectionRow.seq.desc())
            .execution_options(yield_per=AT_ONCE)
        )
        rows = self._session.scalars(query)
        times = list(takewhile(lambda at: at >= since, rows))
        rows.close()
        return times

    def on_probation(self, upto: int) -> frozenset[str]:
        """Whose word alone neither gates nor fills a night."""
        if not self.roles(upto) and not self.agreement(upto):
            return frozenset()  # most records: nobody was appointed or tested, and counting all corrections is saved
        return frozenset(reviewer.name for reviewer in self.all(upto) if reviewer.probation)


def _a(role: ReviewerRole) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
