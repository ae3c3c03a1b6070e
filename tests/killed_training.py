"""A training in a process of its own, killed as a machine that loses its power kills it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path


def kill_when(training: Callable[[], object], there: Callable[[], bool], seconds: float = 120.0) -> None:
    """Runs `training` in a fork, which SIGKILL ends as soon as `there` is true."""
    process = multiprocessing.get_context("fork").Process(target=training)
    process.start()
    end = time.monotonic() + seconds
    try:
        while process.is_alive() and not there():
            assert time.monotonic() < end, "it never came so far"
            time.sleep(0.002)
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -9, f"it ended by itself before it was killed ({process.exitcode})"


def sealed(checkpoints: Path, step: int) -> Callable[[], bool]:
    """Whether the checkpoint of that step is whole."""
    return (checkpoints / f"checkpoint-{step}" / "errata_checkpoint.json").exists


def begun(checkpoints: Path, step: int) -> Callable[[], bool]:
    """Whether it is there, perhaps half written."""
    return (checkpoints / f"checkpoint-{step}").exists
