"""What a night took of the machine, over all its attempts; its report reads it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errata.files import write_json

TOOK = "took.json"


@contextmanager
def timed(folder: Path) -> Iterator[None]:
    """Adds the block to `took.json` in `folder`: attempts, seconds, and processor seconds with those of its processes.

    A block that raises counts as well; one whose process was killed doesn't.
    """
    started, before = time.perf_counter(), _processor()
    try:
        yield
    finally:
        earlier = json.loads((folder / TOOK).read_text()) if (folder / TOOK).exists() else {}
        folder.mkdir(parents=True, exist_ok=True)
        spent = {"attempts": 1, "seconds": time.perf_counter() - started, "cpu_seconds": _processor() - before}
        write_json(folder / TOOK, {name: round(earlier.get(name, 0) + value, 1) for name, value in spent.items()})


def _processor() -> float:
    """Seconds of this process and of those that it has waited for, theirs included."""
    return sum(os.times()[:4])
