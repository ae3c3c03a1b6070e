"""What a night took: attempts add up, those that failed as well, and processes that were waited for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from errata.documents.file_names import NIGHT_TIMING
from errata.loop.night_timing import night_timer

BUSY = "import time\nwhile time.process_time() < 0.5: pass"


def test_attempts_add_up_with_the_processes_that_they_started(tmp_path: Path) -> None:
    folder = tmp_path / "nights" / "one"
    with pytest.raises(KeyError), night_timer(folder):
        raise KeyError("stopped")
    first = json.loads((folder / NIGHT_TIMING).read_text())
    with night_timer(folder):
        subprocess.run([sys.executable, "-c", BUSY], check=True)
    found = json.loads((folder / NIGHT_TIMING).read_text())
    assert (first["attempts"], found["attempts"]) == (1, 2)
    for name in ("seconds", "cpu_seconds"):
        assert found[name] - first[name] > 0.3
