"""The leak groups of the record, as of a watermark: transcripts that must not be on both sides of a split."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import LinkRow, TranscriptRow
from errata.domain.joined_talks import NONE_JOINED, JoinedTalks
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

    def joined(self, upto: int | None = None, among: Collection[int] | None = None) -> JoinedTalks:
        """As of `upto`, or of now; `among`, transcripts that came last, leaves out the groups that none is of."""
        if among is not None and not self._are_linked(among):
            return NONE_JOINED
        links = sa.select(LinkRow.older, LinkRow.newer)
        if upto is not None:
            links = links.where(LinkRow.since <= upto)
        linked = sa.union(sa.select(LinkRow.older), sa.select(LinkRow.newer))
        drew = sa.select(TranscriptRow.seq, TranscriptRow.role).where(TranscriptRow.seq.in_(linked))
        pairs = [(row.older, row.newer) for row in self._session.execute(links)]
        return JoinedTalks.of(pairs, {row.seq: row.role for row in self._session.execute(drew)}, among)

    def _are_linked(self, transcripts: Collection[int]) -> bool:
        """Whether any may be: what links a transcript with an older one is found by its own number."""
        if not transcripts:
            return False
        found = sa.select(LinkRow.newer).where(LinkRow.newer >= min(transcripts)).limit(1)
        return self._session.scalar(found) is not None
