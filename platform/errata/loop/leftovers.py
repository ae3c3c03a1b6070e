"""What a killed night has left: processes that still run its pipeline, lock files of DVC and git, and half a file.

Whoever holds the loop's lease knows that no other night works here. DVC's lock files name processes by number, and a
number is not enough: a container without an init keeps the dead ones' until it ends, and gives them out anew when it
starts again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

import psutil

from errata.errors import Unavailable
from errata.inference.artefact import PARTIAL
from errata.progress import note

ROOT = "DVC_ROOT"
"""The environment variable by which DVC tells a stage's processes which repository they work for; `run_stages` sets it
for DVC itself, too."""
LOCKS = ("lock", "rwlock", "rwlock.lock")
_POLL = 0.5


def clear_leftovers(root: Path) -> None:
    """Waits until nobody runs the pipeline in `root` any more, and then deletes the locks that DVC and git have left,
    and files and models that were half written.

    Raises Unavailable where one can't be deleted. Call it with the loop's lease alone.
    """
    pids: set[int] = set()
    while workers := list(_workers(root)):
        if pids.isdisjoint(worker.pid for worker in workers):  # else what is new was begun by one that is named
            _name(workers)
            pids = {worker.pid for worker in workers}
        time.sleep(_POLL)
    _delete(root / ".dvc" / "tmp" / name for name in LOCKS)
    _delete(_half_written(root))
    for folder in _half_made_models(root):
        shutil.rmtree(folder, ignore_errors=True)
    clear_git_locks(root)


def clear_git_locks(root: Path) -> None:
    """Deletes what git leaves when it is killed in a commit: the index's lock, and those of HEAD and the branch.

    Raises Unavailable where one can't be deleted. Call it with the loop's lease alone.
    """
    git = root / ".git"
    stale = [git / "index.lock", git / "HEAD.lock", *(git / "refs").rglob("*.lock")]
    if any(path.exists() for path in stale) and not any(_is_git_in(each, root) for each in psutil.process_iter()):
        _delete(stale)


def _half_written(root: Path) -> Iterator[Path]:
    """What `write_atomically` hadn't renamed when its process died; another command, which lives, may write its own."""
    for folder in (root, root / "work", *root.glob("nights/*")):
        for path in folder.glob("*.tmp"):
            if _is_of_a_dead_process(path):
                yield path


def _half_made_models(root: Path) -> Iterator[Path]:
    """See `unfinished`."""
    return filter(_is_of_a_dead_process, (root / "models").glob(f"*{PARTIAL}"))


def _is_of_a_dead_process(path: Path) -> bool:
    """By the number before its last suffix."""
    number = "".join(path.suffixes[-2:-1]).removeprefix(".")
    return number.isdigit() and not _lives(int(number))


def _lives(number: int) -> bool:
    try:
        return bool(psutil.Process(number).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _delete(stale: Iterable[Path]) -> None:
    for path in stale:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(
                f"{path} can't be deleted ({error.strerror}); delete it and run the night again"
            ) from error


def _workers(root: Path) -> Iterator[psutil.Process]:
    """Live processes of this machine that run the pipeline in `root`: DVC, its stages, and what those started."""
    own = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    for process in psutil.process_iter():
        if process.pid not in own and _works_for(process, root):
            yield process


def _works_for(process: psutil.Process, root: Path) -> bool:
    try:
        if process.environ().get(ROOT) == str(root):
            return True
        return _is_dvc(process.cmdline()) and Path(process.cwd()).is_relative_to(root)
    except (psutil.Error, OSError):  # it has ended, is a zombie, or somebody else's
        return False


def _is_git_in(process: psutil.Process, root: Path) -> bool:
    """Somebody's own git, which may wait in an editor for hours: its lock is left to it."""
    try:
        return process.name() == "git" and Path(process.cwd()).is_relative_to(root)
    except (psutil.Error, OSError):
        return False


def _is_dvc(command: list[str]) -> bool:
    """`dvc …`, `python …/bin/dvc …` or `python -m dvc …`."""
    return any(PurePath(word).name == "dvc" for word in command[:3])


def _name(workers: Sequence[psutil.Process]) -> None:
    numbers = " ".join(str(worker.pid) for worker in workers)
    note(
        f"the pipeline of a night that was killed still works here ({_command(workers[-1])}); waiting for it to end, "
        f"or end it: kill {numbers}"
    )


def _command(worker: psutil.Process) -> str:
    try:
        return " ".join(worker.cmdline())
    except psutil.Error:  # it has just ended
        return str(worker.pid)
