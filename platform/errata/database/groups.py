"""The leak groups of the record, and the one sequence that all its rows share."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.blobs import Blobs
from errata.database.tables import EventRow, LinkRow, TranscriptRow
from errata.domain.roles import Role, strictest


@dataclass(frozen=True, slots=True)
class Added:
    seq: int
    new: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A leak group as of some watermark."""

    name: int
    hashes: tuple[str, ...]
    role: Role


class Groups:
    def __init__(self, session: Session, blobs: Blobs) -> None:
        self._session = session
        self._blobs = blobs

    def watermark(self) -> int:
        """The highest `seq`; with one writer at a time, no lower one is still in flight."""
        return self._session.scalar(sa.select(sa.func.max(EventRow.seq))) or 0

    def group(self, seq: int, upto: int) -> Group:
        """The leak group of a transcript as of `upto`, whatever order its members came in."""
        members = self.members(seq, upto)
        rows = self._session.execute(
            sa.select(TranscriptRow.hash, TranscriptRow.role).where(TranscriptRow.seq.in_(members))
        ).all()
        return Group(min(members), tuple(sorted(row.hash for row in rows)), strictest(row.role for row in rows))

    def members(self, seq: int, upto: int) -> set[int]:
        """The transcripts of the leak group, by `seq`."""
        members, frontier = {seq}, {seq}
        while frontier:
            linked = self._session.execute(
                sa.select(LinkRow.older, LinkRow.newer).where(
                    LinkRow.since <= upto, sa.or_(LinkRow.newer.in_(frontier), LinkRow.older.in_(frontier))
                )
            )
            frontier = {end for link in linked for end in link} - members
            members |= frontier
        return members


def next_seq(session: Session, kind: str) -> int:
    """The next number of the one sequence, for a row of `kind`."""
    return session.execute(sa.insert(EventRow).values(kind=kind).returning(EventRow.seq)).scalar_one()
