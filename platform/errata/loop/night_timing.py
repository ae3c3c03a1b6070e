"""What a night takes of the machine, over all its attempts; its report shows it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errata.documents.document import read_document, write_document
from errata.documents.file_names import NIGHT_TIMING
from errata.documents.stage_reports import NightTiming


@contextmanager
def night_timer(folder: Path) -> Iterator[None]:
    """Adds the block to the timing in a night's `folder`: a further attempt, its seconds, and processor seconds.

    A block that raises counts as well; one whose process was killed doesn't.
    """
    started, before = time.perf_counter(), _processor_seconds()
    try:
        yield
    finally:
        path = folder / NIGHT_TIMING
        earlier = read_document(NightTiming, path, "delete it") if path.exists() else NightTiming()
        timing = NightTiming(
            attempts=earlier.attempts + 1,
            seconds=round(earlier.seconds + time.perf_counter() - started, 1),
            cpu_seconds=round(earlier.cpu_seconds + _processor_seconds() - before, 1),
        )
        write_document(path, timing)


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for, theirs included."""
    return sum(os.times()[:4])
