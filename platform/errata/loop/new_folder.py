"""Where a workspace may be made, by one at a time, and that nothing is left where it couldn't."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errata.documents.file_names import PIPELINE
from errata.errors import BadInput, Refused, Unavailable
from errata.project_files import project_file
from errata.workspace import Workspace, foreign_files

_NAMED = 3
"""How many files a refusal names."""


def check_folder(root: Path, here: bool) -> None:
    """Raises Refused for a folder with files of somebody else's, unless the workspace is wanted `here`, among them."""
    foreign = foreign_files(root)
    if foreign and not here:
        names = ", ".join(foreign[:_NAMED]) + (f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else "")
        command = shlex.join(["errata", "init", str(root), "--here"])
        raise Refused(f"{root} has files of its own ({names}); name a new folder, or make it among them: {command}")
    _check_pipeline(root)


def _check_pipeline(root: Path) -> None:
    """Raises Refused where the folder has a pipeline of somebody else's."""
    path = root / PIPELINE
    if path.exists() and path.read_bytes() != project_file(PIPELINE).read_bytes():
        raise Refused(f"{path} is another project's pipeline; a workspace has its own: name a folder without one")


@contextmanager
def sole_maker(root: Path) -> Iterator[None]:
    """Makes the folder and keeps every other `errata init` out of it for the block. Where that fails, what had to be
    made goes again.

    Raises BadInput for a file, Refused while another is at work there, and Unavailable where it can't be made.
    """
    topmost = _topmost_missing(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = os.open(root, os.O_RDONLY)
    except OSError as error:
        if root.is_file():
            raise BadInput(f"{root} is a file; name a folder") from error
        raise Unavailable(f"{root} can't be made ({error.strerror}); name another folder") from error
    try:
        _lock(folder, root)
        try:
            yield
        except BaseException:
            if topmost:
                shutil.rmtree(topmost)
            raise
    finally:
        os.close(folder)  # the lock goes with it, and with a process that is killed


def _lock(folder: int, root: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # another that made it has failed since, and taken it away
        busy = not (root.exists() and os.path.samestat(os.fstat(folder), root.stat()))
    except BlockingIOError:
        busy = True
    except OSError:  # a disk that has no locks
        return
    if busy:
        raise Refused(f"another `errata init` is at work in {root}; wait for it, and try again")


@contextmanager
def nothing_left_behind(root: Path) -> Iterator[None]:
    """Where the block fails, the folder is as it was, and so is a database that had no record yet."""
    contents = set(root.iterdir())
    ignored = root / ".gitignore"
    ignored_before = ignored.read_bytes() if ignored in contents else b""
    record = Workspace(root.resolve()).record
    record_is_new = record.is_new()
    try:
        yield
    except BaseException:
        if record_is_new:
            record.remove()
        for path in set(root.iterdir()) - contents:
            _remove(path)
        if ignored in contents:
            ignored.write_bytes(ignored_before)
        raise
    finally:
        record.close()


def _topmost_missing(folder: Path) -> Path | None:
    """What `mkdir -p` would make first; None where all is there, be it as a link to nowhere, or below a file."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    return missing[-1] if missing else None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
