"""SQLite's write-ahead log, for a service that writes all day: moved into the database's file beside the writer.

By itself SQLite moves it within a commit, each 1,000 pages, and whoever waits for that commit waits for two more syncs.
A service's writer leaves it alone (`Record(…, moves_log=False)`), and a thread calls `WriteAheadLog.move` instead.
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
TRIES, BETWEEN = 50, 0.001
"""How often it is tried to begin anew, and the seconds between two tries."""


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
            with closing(sqlite3.connect(self._database, timeout=0)) as connection:
                log = _move(connection, "PASSIVE")
                if log.pages > LONG:  # now that little is left to move: writers wait for it
                    log = _begin_anew(connection, cut=size > TOO_LONG)
        except sqlite3.DatabaseError:  # somebody reads or writes, or the disk is full: later, then
            return False
        if log.moved == log.pages:
            self._moved = written
        return True

    def _size_and_time(self) -> tuple[int, int]:
        try:
            found = self._log.stat()
            return found.st_size, found.st_mtime_ns
        except FileNotFoundError:
            return 0, 0


class _Log(NamedTuple):
    is_busy: bool
    """Somebody read or wrote, and it could not be begun anew."""
    pages: int
    moved: int
    """Of the pages, those that are in the database."""


def _begin_anew(connection: sqlite3.Connection, cut: bool) -> _Log:
    """Tries between others' transactions: SQLite's own way would hold writers up while it waits for a reader to end."""
    for _ in range(TRIES):
        log = _move(connection, "TRUNCATE" if cut else "RESTART")
        if not log.is_busy:
            break
        sleep(BETWEEN)
    return log


def _move(connection: sqlite3.Connection, way: str) -> _Log:
    is_busy, pages, moved = connection.execute(f"PRAGMA wal_checkpoint({way})").fetchone()
    return _Log(bool(is_busy), pages, moved)
