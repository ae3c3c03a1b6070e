"""The service as a process of its own with a stub for its model, over real HTTP."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from benchmarks.kill_serve import free_port
from benchmarks.stub_service import name_stub
from errata.workspace import Workspace
from tests.conftest import ROOT

PATIENCE = 120.0
"""Seconds in which it answers that it is ready."""


@contextmanager
def stub_serving(workspace: Workspace, *options: str) -> Iterator[str]:
    """Its address."""
    name_stub(workspace)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.stub_service", str(workspace.root), str(port), *options]
    process = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        until_ready(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, f"the service ended with {process.returncode}"
        try:
            if httpx.get(f"{address}/readyz", trust_env=False, timeout=30).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the service did not come up")
