"""Which workspace a record belongs to, and where that lies."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.tables import OwnerRow

_ONLY = 1
"""A record has one owner, and so one row."""
UNKNOWN = 0
"""No folder's inode."""


@dataclass(frozen=True, slots=True)
class WorkspacePlace:
    id: str
    """The workspace's own, which a copy of it has as well; empty where its settings lack it."""
    host: str
    path: str
    inode: int
    """Of a folder in it: the same wherever a disk is mounted and after a move on it, and never a copy's."""

    def is_same(self, other: WorkspacePlace) -> bool:
        """A host's name and a path alone may be another's, as a container's are; a restored backup has new inodes."""
        same_id = self.id == other.id or not (self.id and other.id)
        same_folder = self.inode == other.inode != UNKNOWN
        return same_id and (same_folder or (self.host, self.path) == (other.host, other.path))


class Owners:
    def __init__(self, session: Session) -> None:
        self._session = session

    def place(self) -> WorkspacePlace | None:
        """The owner's; None before anybody claimed the record, and in one that an older Errata made."""
        if not sa.inspect(self._session.connection()).has_table(OwnerRow.__tablename__):
            return None
        row = self._session.get(OwnerRow, _ONLY)
        return None if row is None else WorkspacePlace(row.workspace, row.host, row.path, row.inode)

    def claim(self, place: WorkspacePlace) -> None:
        """Makes the workspace there the owner, whoever was it before."""
        row = OwnerRow(number=_ONLY, workspace=place.id, host=place.host, path=place.path, inode=place.inode)
        self._session.merge(row)
        self._session.flush()
