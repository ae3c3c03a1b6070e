"""The logic of the review page's scripts, in node's own test runner."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here; install Node.js to test the page's scripts")
def test_the_pages_scripts_do_what_their_tests_say() -> None:
    command = ["node", "--test", *map(str, sorted(SCRIPTS.glob("*.test.mjs")))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"# suites 0\n# pass {done.stdout.count('ok ')}" in done.stdout
