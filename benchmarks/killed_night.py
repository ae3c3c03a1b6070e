"""`errata nightly` in a process of its own, seen from outside: where it is, and how it is killed."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Literal, TypeVar, get_args

import psutil

from errata.cli import main

Place = Literal["start", "DVC", "snapshot", "curate", "augment", "train", "evaluate", "gate", "publish"]
"""Before the pipeline; DVC between two stages; a stage; after the pipeline, before the night is decided; after that."""
PLACES: tuple[Place, ...] = get_args(Place)
Blow = Literal["night alone", "night and pipeline", "one process"]
"""What is killed; the last is one that works for the night."""
BLOWS: tuple[Blow, ...] = get_args(Blow)
_STAGES: dict[str, Place] = {
    "dvc": "DVC",
    "retrain.snapshot": "snapshot",
    "retrain.curate": "curate",
    "retrain.augment": "augment",
    "retrain": "train",
    "registry": "evaluate",
}
"""By what `python -m` runs."""
_POLL = 0.1
_PATIENCE = 3_600.0
_UNKNOWN_PACE = 3.0
"""Seconds, of a place that no night was seen to leave."""
_SUBREAPER = 36
"""prctl(2)'s number for: whoever my descendants leave behind is mine."""
Result = TypeVar("Result")
Pace = dict[Place, float]
"""Seconds that each place took last."""


class KillableNight:
    """Forked, so that what the command imports is imported once; nothing may be open that it would share."""

    def __init__(self, root: Path, label: str, pace: Pace) -> None:
        self.label = label
        self._root, self._pace = root, pace
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the night
        self._code: int | None = None
        self._had_pipeline = False
        self._place: Place = "start"
        self._since = time.monotonic()
        self.pid = self._fork()

    def _fork(self) -> int:
        child = os.fork()
        if child:
            return child
        code: object = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(self._said.fileno(), 2)
            sys.argv = ["errata", "nightly", "--date", self.label, "-w", str(self._root)]
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        finally:
            if code == 1:
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)

    def come_to(self, target: Place, share: float) -> bool:
        """Waits until the night is at `target`, or beyond, and then for that `share` of the time that this place took
        last; whether the night is still there."""
        end = time.monotonic() + _PATIENCE
        while self._lives() and PLACES.index(self.place()) < PLACES.index(target):
            if time.monotonic() > end:
                raise RuntimeError(f"{self.label} doesn't come to its {target}")
            time.sleep(_POLL)
        place, end = self.place(), time.monotonic() + share * self._pace.get(self.place(), _UNKNOWN_PACE)
        while self._lives() and self.place() == place and time.monotonic() < end:
            time.sleep(_POLL)
        return self._lives()

    def place(self) -> Place:
        """Where it is, or was when it was looked at before it ended."""
        place = self._look() if self._lives() else self._place
        if place != self._place:
            self._pace[self._place] = time.monotonic() - self._since
            self._place, self._since = place, time.monotonic()
        return place

    def _lives(self) -> bool:
        if self._code is None:
            child, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if child else None
        return self._code is None

    def _look(self) -> Place:
        places = {_STAGES[module] for module in map(_module, self._family()) if module in _STAGES}
        if places:
            self._had_pipeline = True
            return max(places, key=PLACES.index)
        if self._is_decided():
            return "publish"
        return "gate" if self._had_pipeline else "start"

    def _is_decided(self) -> bool:
        with closing(sqlite3.connect(self._root / "errata.db", timeout=_PATIENCE)) as record:
            return bool(record.execute("SELECT finished FROM nights WHERE label = ?", (self.label,)).fetchone() == (1,))

    def race(self, other: KillableNight) -> tuple[KillableNight, KillableNight]:
        """Waits until one of the two has ended; it comes first."""
        while True:
            for one, two in ((self, other), (other, self)):
                if not one._lives():
                    return one, two
            time.sleep(_POLL)

    def strike(self, blow: Blow, orphans: Sequence[psutil.Process], random: Random) -> bool:
        """Kills; whether the night itself is dead. `orphans` work for it too."""
        night, family = psutil.Process(self.pid), [*self._family(), *orphans]
        if blow == "one process" and family:
            victims = [random.choice(family)]
        else:
            victims = [night, *family] if blow == "night and pipeline" else [night]
        for victim in victims:  # whoever starts others comes before them
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        if night not in victims:
            return False
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped: whom it leaves are orphans now
        return True

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        while self._lives():
            self.place()
            time.sleep(_POLL)
        return self._code or 0

    def problems(self, expected: Sequence[int]) -> list[str]:
        """What is wrong with how it ended, of one that wasn't killed: its exit code, or more than a sentence said."""
        code = self.wait()
        self._said.seek(0)
        said = self._said.read().decode(errors="replace")
        problems = [f"it ended with {code}: {said[-400:]!r}"] if code not in expected else []
        return problems + ([f"it said {said[-1500:]!r}"] if "Traceback" in said else [])

    def _family(self) -> list[psutil.Process]:
        """Who works for it, whoever started others before these."""
        try:
            family: list[psutil.Process] = psutil.Process(self.pid).children(recursive=True)
            return family
        except psutil.NoSuchProcess:
            return []


def in_child(act: Callable[[], Result]) -> Result:
    """What it returns, of a fork: what it opens is gone with that, and no later fork shares it."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(act()))
    process.start()
    sender.close()
    try:
        result: Result = receiver.recv()
    except EOFError as nothing:
        raise RuntimeError("a look ended without a result, for the reason above") from nothing
    finally:
        process.join()
    return result


def adopt_orphans() -> None:
    """Makes whom a killed night leaves behind this process's own, to be reaped when it wants to."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def orphans(root: Path) -> list[psutil.Process]:
    """Who still works in `root` for a night that is dead, whoever started others before these."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it has ended just now, or long since, and nobody has reaped it
            if child.cwd() == str(root) and _module(child) in _STAGES:
                found += [child, *child.children(recursive=True)]
    return found


def bury(dead: Iterable[KillableNight], living: KillableNight | None = None) -> None:
    """Reaps them, and whom they left behind and has died."""
    for night in dead:
        night.wait()
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, ChildProcessError):
            if child.status() == psutil.STATUS_ZOMBIE and (living is None or child.pid != living.pid):
                os.waitpid(child.pid, 0)


def end_all() -> None:
    """Kills and reaps whatever this process has begun, and whom that left behind."""
    while children := psutil.Process().children(recursive=True):
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _module(process: psutil.Process) -> str:
    """What `python -m` runs; empty for anything else, and for whoever is gone."""
    with suppress(psutil.Error, ValueError, IndexError):
        command: list[str] = process.cmdline()
        return command[command.index("-m") + 1]
    return ""
