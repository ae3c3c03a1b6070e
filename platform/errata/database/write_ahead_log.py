"""SQLite's write-ahead log, for a service that writes all day: moved into the database's file beside the writer.

By itself SQLite moves it within a commit, each 1,000 pages, and whoever waits for that commit waits for two more syncs.
A service's writer leaves it alone (`Record(…, moves_log=False)`), and a thread calls `WriteAheadLog.move` instead.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

ENOUGH = 1000 * 4096
"""Bytes of a log that is worth moving."""
TOO_LONG = 64 * 1024 * 1024
"""Bytes beyond which the file is cut as well: under steady reads nobody else would, and it grows."""


class WriteAheadLog:
    def __init__(self, database: Path) -> None:
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")

    @property
    def size(self) -> int:
        """Bytes; 0 where there is none."""
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def move(self) -> bool:
        """Moves what may be moved, if that is enough; whether it was."""
        size = self.size
        if size < ENOUGH:
            return False
        try:
            with closing(sqlite3.connect(self._database, timeout=0.1)) as connection:
                connection.execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if size > TOO_LONG else 'PASSIVE'})")
        except sqlite3.DatabaseError:  # somebody reads or writes, or the disk is full: later, then
            return False
        return True
