"""How long a disk takes to keep what it is told: what every durable answer waits for."""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from tempfile import TemporaryFile
from time import perf_counter

TIMES = 7
_PAGE = 4096


def sync_milliseconds(folder: Path) -> float:
    """The median of a few syncs of a page of a file in `folder`."""
    times = []
    with TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(TIMES):
            file.write(b"\0" * _PAGE)
            began = perf_counter()
            os.fsync(file.fileno())
            times.append(perf_counter() - began)
    return 1000 * statistics.median(times)
