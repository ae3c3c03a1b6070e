"""What a night took: attempts add up, those that failed as well, and processes that were waited for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from errata.documents.file_names import NIGHT_TIMING
from errata.loop import night
from errata.loop.night_timing import night_timer
from errata.workspace import Workspace

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


STEPS = (
    "begin_night",
    "plan_night",
    "choose_candidate",
    "run_stages",
    "collect_results",
    "read_document",
    "judge_contenders",
    "run_gates",
    "store_candidate",
    "write_certificates",
    "write_night_papers",
    "night_outcome",
)


def test_a_night_that_is_decided_has_its_time_whenever_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night is finished by one transaction, and whoever comes after a kill only publishes it."""
    workspace, told = Workspace(tmp_path), list[bool]()
    for step in STEPS:
        monkeypatch.setattr(night, step, MagicMock(**{"return_value.finished": False}))
    for step in ("conclude", "publish"):
        monkeypatch.setattr(night, step, lambda *_: told.append((workspace.nights / "one" / NIGHT_TIMING).exists()))
    night._run(workspace, "one")
    assert told == [True, True]
