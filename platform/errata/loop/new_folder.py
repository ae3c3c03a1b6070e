"""Where a workspace may be made, and that nothing is left where it couldn't."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errata.errors import BadInput, Refused
from errata.workspace import Workspace, check_pipeline, foreign_files

_NAMED = 3
"""How many files a refusal names."""


def check_folder(root: Path, here: bool) -> None:
    """Raises Refused for a folder with files of somebody else's, unless the workspace is wanted `here`, among them."""
    if not root.exists():
        return
    if not root.is_dir():
        raise BadInput(f"{root} is a file; name a folder")
    foreign = foreign_files(root)
    if foreign and not here:
        names = ", ".join(foreign[:_NAMED]) + (f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else "")
        command = shlex.join(["errata", "init", str(root), "--here"])
        raise Refused(f"{root} has files of its own ({names}); name a new folder, or make it among them: {command}")
    check_pipeline(root)


@contextmanager
def nothing_left_behind(root: Path) -> Iterator[None]:
    """Where the block fails, the folder is as it was, and so is a database that had no record yet."""
    made = _topmost_missing(root)
    kept = set() if made else set(root.iterdir())
    ignored = root / ".gitignore"
    ignored_before = ignored.read_bytes() if ignored in kept else b""
    record = Workspace(root.resolve()).record
    record_is_new = record.is_new()
    try:
        yield
    except BaseException:
        if record_is_new:
            record.remove()
        for path in [made] if made else set(root.iterdir()) - kept:
            _remove(path)
        if ignored in kept:
            ignored.write_bytes(ignored_before)
        raise
    finally:
        record.close()


def _topmost_missing(folder: Path) -> Path | None:
    """What `mkdir -p` would make first; None where all is there."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    return missing[-1] if missing else None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
