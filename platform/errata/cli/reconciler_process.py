"""The registry's side beside the service: a process of its own, since the service itself may move nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

PAUSE = 5.0
"""Seconds after which one that has ended by itself is started again."""


@contextmanager
def reconciler_process(workspace: Path) -> Iterator[None]:
    """`errata reconcile --watch`, for the block. Killed with its parent it ends by itself, within a second."""
    command = [sys.executable, "-c", "from errata.cli import main; main()"]
    watch = _Watch([*command, "reconcile", "-w", str(workspace), "--watch"])
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class _Watch(Thread):
    def __init__(self, command: list[str]) -> None:
        super().__init__(daemon=True)
        self._command = command
        self._stopped = Event()
        # a session of its own: Ctrl-C is the service's to answer, and stops this one in its turn
        self._process = subprocess.Popen(command, start_new_session=True)

    def run(self) -> None:
        self._process.wait()
        while not self._stopped.wait(PAUSE):
            self._process = subprocess.Popen(self._command, start_new_session=True)
            self._process.wait()

    def stop(self) -> None:
        self._stopped.set()
        self._process.terminate()
        self.join()
