"""A folder that somebody asked for by name: it is there when it is whole and on disk, or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.errors import BadInput, Unavailable
from errata.files import sync, sync_all
from errata.inference.artefact import PARTIAL


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Where the block makes what becomes `out` after it; where it fails, nothing is left.

    Raises BadInput if `out` exists, and Unavailable where it can't be made.
    """
    _check_new(out)
    with partial_folder(out) as place:
        folder = place / out.name
        yield folder
        sync_all(folder)
        _check_new(out)  # another process may have been quicker
        folder.rename(out)
        sync(out.parent)


def _check_new(out: Path) -> None:
    if os.path.lexists(out):  # a link to nowhere too
        raise BadInput(f"{out} is there already; name a new folder")


@contextmanager
def partial_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` for what becomes it, gone after the block. Those that killed processes left go too.

    Raises Unavailable where there can't be one.
    """
    with _made_beside(out) as name, _opened(name) as folder:
        with suppress(OSError):  # a disk that has no locks: there, what is left stays
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Path(name)


def _made_beside(out: Path) -> TemporaryDirectory[str]:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for left in out.parent.glob(f".{escape(out.name)}-*{PARTIAL}"):
            with suppress(OSError), _opened(left) as folder:  # where another process is at work in it, it stays
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
        return TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-", suffix=PARTIAL)
    except OSError as error:
        raise Unavailable(f"{out} can't be made ({error.strerror}); name another folder") from error


@contextmanager
def _opened(folder: str | Path) -> Iterator[int]:
    """A lock on it goes with the descriptor, and with a process that is killed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
