"""Who writes to SQLite next: the one who waits, and never the one who has just written.

SQLite has no queue: whoever happens to look while its lock is free has it, and that is nearly always who gave it back a
moment ago. So whoever wants it stands at the head of a line first, which has room for one, and leaves it once the lock
is theirs. The head is a file that is locked (`flock`): it ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

ENDING = "-line"
"""Of the file, after the database's name."""


class WritersLine:
    """One writer's wait: leaving the block leaves the line."""

    def __init__(self, database: Path) -> None:
        self._descriptor: int | None = None
        try:
            mode = database.stat().st_mode & 0o666  # whoever may write the one may lock the other
            self._descriptor = os.open(f"{database}{ENDING}", os.O_RDONLY | os.O_CREAT, mode)
        except OSError:  # who can't stand in line looks for the lock as often as the others
            pass

    def __enter__(self) -> WritersLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def is_head(self) -> bool:
        """Whether nobody who waits comes before this one; from then on nobody does."""
        if self._descriptor is None:
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk that has no locks
            return True
        return True
