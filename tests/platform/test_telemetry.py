"""What runs here is nobody else's business: libraries that would tell their makers are told not to before they load."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from errata.telemetry import no_telemetry

SWITCH = "ORT_DISABLE_TELEMETRY"
ENVIRONMENT = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
SPY = """
import builtins, os
load = builtins.__import__
def spy(name, *others):
    if name.partition(".")[0] in ("onnxruntime", "onnxruntime_genai", "mlflow"):
        assert os.environ.get("ORT_DISABLE_TELEMETRY") == "1", f"{name} is loaded, and was told nothing"
    return load(name, *others)
builtins.__import__ = spy
"""


@pytest.mark.parametrize("what", ["import errata.inference.onnx", "from errata.cli import main; main()"])
def test_it_is_off_before_anything_is_loaded(what: str) -> None:
    """By the command line, and by who imports no more than the engine."""
    command = [sys.executable, "-c", f"{SPY}\n{what}\nassert os.environ['{SWITCH}'] == '1'", "--version"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_whoever_wants_it_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    no_telemetry()
    assert os.environ[SWITCH] == "0"
