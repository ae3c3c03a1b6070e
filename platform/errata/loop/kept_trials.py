"""Trials that are kept once they have come to their end: whoever asks again reads what was found, and one that was cut
short goes on in the folder that it had.

One process at a time works at a trial. Another that wants the same one waits, and reads.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from errata.documents.document import Document, read_document, write_document
from errata.progress import note

Found = TypeVar("Found", bound=Document)


def kept_trial(kind: type[Found], path: Path, run: Callable[[Path], Found]) -> Found:
    """What `path` has; else what `run` finds, given a folder for its checkpoints, which goes when it has ended."""
    if not path.exists():
        room = path.with_suffix("")
        with _alone_in(room):
            if not path.exists():  # another process may have ended it meanwhile
                write_document(path, run(room))
            shutil.rmtree(room, ignore_errors=True)
    return read_document(kind, path, "delete it")


@contextmanager
def _alone_in(room: Path) -> Iterator[None]:
    """The lock goes with the descriptor, and with a process that is killed."""
    room.mkdir(parents=True, exist_ok=True)
    folder = os.open(room, os.O_RDONLY)
    try:
        with suppress(OSError):  # a disk that has no locks
            _lock(folder, room)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, room: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note(f"another process works at the same trial, in {room}; waiting for what it finds")
        fcntl.flock(folder, fcntl.LOCK_EX)
