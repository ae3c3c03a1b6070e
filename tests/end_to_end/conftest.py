"""The command line as people run it: in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Errata = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def errata() -> Errata:
    def run(*words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from errata.cli import main; main()", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})
        if check and done.returncode:
            raise AssertionError(f"errata {' '.join(map(str, words))} ended with {done.returncode}:\n{done.stderr}")
        return done

    return run


@pytest.fixture(scope="session")
def as_json(errata: Errata) -> Callable[..., Any]:
    def run(*words: str | Path) -> Any:
        return json.loads(errata(*words, "--json").stdout)

    return run
