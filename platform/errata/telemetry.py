"""No library tells its makers from here that it runs, on what machine, and on how much: each is told not to, before it
is loaded. Whoever wants one to sets its variable."""

from __future__ import annotations

import os

_OFF = {
    "ORT_DISABLE_TELEMETRY": "1",  # of ONNX Runtime from 1.29 on, and of its GenAI: once loaded, they read it no more
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "false",  # how long each recording is
    "UNSLOTH_DISABLE_STATISTICS": "1",
}


def no_telemetry() -> None:
    """For this process, and for those that it starts."""
    for name, value in _OFF.items():
        os.environ.setdefault(name, value)
