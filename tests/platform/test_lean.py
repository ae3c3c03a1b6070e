"""The lean import of transformers leaves the interpreter as it found it."""

from __future__ import annotations

import subprocess
import sys

import pytest

AFTERWARDS = """
import gc, sys
from errata.inference import torch
assert "sklearn" not in sys.modules and gc.isenabled()
import sklearn.metrics
"""
IMPORTED_BEFORE = """
import sklearn.metrics, sys
from errata.inference.lean import lean_import
with lean_import():
    import sklearn.metrics
assert sys.modules["sklearn"] is sklearn
"""
THAT_FAILS = """
import gc, sys
from errata.inference.lean import lean_import
try:
    with lean_import():
        import no_such_module
except ModuleNotFoundError:
    assert "sklearn" not in sys.modules and gc.isenabled()
else:
    sys.exit(1)
"""


@pytest.mark.parametrize("code", [AFTERWARDS, IMPORTED_BEFORE, THAT_FAILS])
def test_what_was_hidden_comes_back(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
