"""SQLite's write-ahead log, for a service that writes all day: moved into the database's file beside the writer.

By itself SQLite moves it within a commit, each 1,000 pages, and whoever waits for that commit waits for two more syncs.
A service's writer leaves it alone (`Record(…, moves_log=False)`), and a thread calls `WriteAheadLog.move` instead.

Before 3.51.3 SQLite itself loses pages where a log that is all moved is begun anew while somebody is about to move it
again: the new one is taken for moved (https://sqlite.org/wal.html#the_wal_reset_bug). A reader that is open meanwhile
rules it out: where the log isn't all moved, it holds a place in it, and nobody begins it anew; where it is, it holds
the lock without which nothing is moved. So does whoever holds the writers' lock meanwhile: nobody writes then.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import NamedTuple

ENOUGH = 1000 * 4096
"""Bytes of a log that is worth moving."""
LONG = 8000
"""Pages after which it is written from its beginning again: under steady writes there is always one that isn't moved
yet, and it would grow for ever."""
TOO_LONG = 256 * 1024 * 1024
"""Bytes beyond which the file is cut as well: a reader that was long at it made it grow. To cut it takes many times as
long as to begin anew, and writers wait for both."""
TURN = 200
"""Milliseconds until it has the writers' lock, at most."""
TRIES, BETWEEN = 50, 0.001
"""How often it is tried to cut it, and the seconds between two tries."""


class WriteAheadLog:
    def __init__(self, database: Path) -> None:
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._moved = 0
        """When what has all been moved was written, in nanoseconds."""

    @property
    def size(self) -> int:
        """Bytes; 0 where there is none."""
        return self._size_and_time()[0]

    def move(self) -> bool:
        """Moves what may be moved, if that is enough and something is new; whether it was."""
        size, written = self._size_and_time()
        if size < ENOUGH or written == self._moved:
            return False
        try:
            with closing(self._open()) as mover, closing(self._open()) as other:
                log = _move(mover, other, "PASSIVE")
                if log.pages > LONG:  # now that little is left to move: writers wait for it
                    log = _move_rest(mover, other)
                if size > TOO_LONG:
                    log = _cut(mover, other)
        except sqlite3.DatabaseError:  # somebody reads or writes, or the disk is full: later, then
            return False
        if log.moved == log.pages:
            self._moved = written
        return True

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._database, timeout=0, isolation_level=None)

    def _size_and_time(self) -> tuple[int, int]:
        try:
            found = self._log.stat()
            return found.st_size, found.st_mtime_ns
        except FileNotFoundError:
            return 0, 0


class _Log(NamedTuple):
    is_busy: bool
    """Somebody read or wrote, and it could not be cut."""
    pages: int
    moved: int
    """Of the pages, those that are in the database."""


def _move_rest(mover: sqlite3.Connection, holder: sqlite3.Connection) -> _Log:
    """While no writer is at work, so that all is moved, and whoever writes next begins the log anew."""
    holder.execute(f"PRAGMA busy_timeout={TURN}")
    holder.execute("BEGIN IMMEDIATE")
    try:
        return _checkpoint(mover, "PASSIVE")
    finally:
        holder.execute("ROLLBACK")


def _cut(mover: sqlite3.Connection, reader: sqlite3.Connection) -> _Log:
    """Tries between others' transactions: SQLite's own way would hold writers up while it waits for a reader to end."""
    for _ in range(TRIES):
        log = _move(mover, reader, "TRUNCATE")
        if not log.is_busy:
            break
        sleep(BETWEEN)
    return log


def _move(mover: sqlite3.Connection, reader: sqlite3.Connection, way: str) -> _Log:
    reader.execute("BEGIN")
    try:
        reader.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()  # from now on it reads
        return _checkpoint(mover, way)
    finally:
        reader.execute("ROLLBACK")


def _checkpoint(mover: sqlite3.Connection, way: str) -> _Log:
    is_busy, pages, moved = mover.execute(f"PRAGMA wal_checkpoint({way})").fetchone()
    return _Log(bool(is_busy), pages, moved)
