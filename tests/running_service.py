"""The service as people start it: a process of its own, on a port that is free, over real HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx


@dataclass(frozen=True)
class RunningService:
    address: str
    first_key: str
    """Of the admin; empty where there was one before."""
    process: subprocess.Popen[str]
    out: list[str]
    """What it has printed so far, by lines."""

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60, trust_env=False)


@contextmanager
def running(workspace: Path, *options: str) -> Iterator[RunningService]:
    """`errata serve`, which is stopped as a service manager stops it."""
    command = [sys.executable, "-c", "from errata.cli import main; main()"]
    command += ["serve", "-w", str(workspace), "--port", "0", *options]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    out: list[str] = []
    try:
        yield _when_ready(process, out)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()


def _when_ready(process: subprocess.Popen[str], out: list[str]) -> RunningService:
    assert process.stdout is not None
    for line in process.stdout:
        out.append(line)
        if found := re.search(r"answers at (http://\S+);", line):
            key = re.search(r"errata_[\w-]{43}", "".join(out))
            Thread(target=_keep_reading, args=(process, out), daemon=True).start()
            return RunningService(found[1], key[0] if key else "", process, out)
    raise AssertionError(f"the service ended with {process.wait()}:\n{''.join(out)}")


def _keep_reading(process: subprocess.Popen[str], out: list[str]) -> None:
    """Else a service that says much would wait for a reader."""
    assert process.stdout is not None
    try:
        out.extend(process.stdout)
    except ValueError:  # closed
        return
