"""Nights that are killed wherever they are: what is left is the old state or the new one, and the next run mends it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_nights_that_are_killed_ten_times_end_as_others_do() -> None:
    """In a process of its own, which whoever a killed night leaves behind belongs to. 500 kills: `python -m
    benchmarks.kill_nights`."""
    command = [sys.executable, "-m", "benchmarks.kill_nights", "--kills", "10", "--seed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "10 kills" in done.stdout and "0 faults" in done.stdout


def test_who_is_interrupted_leaves_nobody_at_work() -> None:
    script = """
import subprocess, psutil
from benchmarks.killed_night import adopt_orphans, end_all
adopt_orphans()
subprocess.run(["sh", "-c", "sleep 300 & sleep 300 &"])  # whose children are this process's now
subprocess.Popen(["sh", "-c", "sleep 300; true"])
assert len(psutil.Process().children(recursive=True)) >= 3
end_all()
print(len(psutil.Process().children(recursive=True)), "are left")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "0 are left\n", done.stderr
