"""A process that works for this one: an interruption reaches it once, and is over when it has ended too."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from errata.progress import note


def run_process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Runs a command to its end, its stdout unheard, and returns its exit code.

    An interruption is passed on to whatever works for the command and is waited for, since DVC that is killed leaves
    its locks behind; a second one kills it.
    """
    # a group of its own: a terminal interrupts this process alone, which passes it on
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, process_group=0
    ) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise


def _end(process: subprocess.Popen[bytes]) -> None:
    note("interrupted: the pipeline ends what it is at; a second time ends it at once")
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait()
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
