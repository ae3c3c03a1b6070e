"""The leak groups of the record, as of a watermark: transcripts that must not be on both sides of a split."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import LinkRow, TranscriptRow
from errata.domain.roles import Role, strictest


@dataclass(frozen=True, slots=True)
class LeakGroup:
    """A leak group as of some watermark."""

    name: int
    hashes: tuple[str, ...]
    role: Role


class LeakGroups:
    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, seq: int, upto: int) -> LeakGroup:
        """The leak group of a transcript as of `upto`, whatever order its members came in."""
        members = self.members(seq, upto)
        rows = self._session.execute(
            sa.select(TranscriptRow.hash, TranscriptRow.role).where(TranscriptRow.seq.in_(members))
        ).all()
        return LeakGroup(min(members), tuple(sorted(row.hash for row in rows)), strictest(row.role for row in rows))

    def members(self, seq: int, upto: int) -> set[int]:
        """The transcripts of the leak group, by `seq`."""
        members, frontier = {seq}, {seq}
        while frontier:
            links = self._session.execute(
                sa.select(LinkRow.older, LinkRow.newer).where(
                    LinkRow.since <= upto, sa.or_(LinkRow.newer.in_(frontier), LinkRow.older.in_(frontier))
                )
            )
            frontier = {end for link in links for end in link} - members
            members |= frontier
        return members
