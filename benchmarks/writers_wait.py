"""How long who writes little waits for the record beside an import: what a service's answers wait for then.

python -m benchmarks.writers_wait [--rows 1000]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.serving import percentiles, write_talks
from errata.database.record import Record
from errata.workspace import Workspace

PAUSE = 0.04
"""Seconds between two writes."""


def measure(folder: Path, rows: int) -> list[float]:
    """Seconds that each write waited."""
    workspace, talks = Workspace.create(folder / "ws"), folder / "talks.jsonl"
    write_talks(talks, rows)
    errata = Path(sys.executable).with_name("errata")
    command = [str(errata), "import", "transcripts", str(talks), "-w", str(workspace.root)]
    importing = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while importing.poll() is None and not _has_begun(workspace):
        time.sleep(PAUSE)
    record, waits = Record(workspace.settings.database_url, workspace.root / "blobs", "process"), []
    while importing.poll() is None:
        began = time.perf_counter()
        with record.write():
            waits.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    return waits


def _has_begun(workspace: Workspace) -> bool:
    with workspace.record.read() as store:
        return store.counts()["transcripts"] > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1000)
    arguments = parser.parse_args()
    with TemporaryDirectory(dir=Path.cwd()) as place:  # the disk that is measured, and no tmpfs
        waits = measure(Path(place), arguments.rows)
    print(f"{len(waits)} writes beside an import of {arguments.rows} talks waited {percentiles(waits)}")


if __name__ == "__main__":
    main()
