"""A hub of the tests' own on a real socket, and the real client in a process that knows no other."""

from __future__ import annotations

import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path


class HubHandler(BaseHTTPRequestHandler):
    """What every hub answers by; `answer` says what."""

    def answer(self, body: bool) -> None:
        raise NotImplementedError

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def send(self, status: int, headers: dict[str, str], data: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def with_hub(
    folder: Path, endpoint: str, *command: str, offline: bool = False, **settings: str
) -> subprocess.CompletedProcess[str]:
    """What `python -c` does with `command` in `folder`, where the hub is at `endpoint`."""
    settings |= {"HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": str(int(offline)), "HF_HOME": str(folder / "hub")}
    environment = {**os.environ, **settings, "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1,localhost"}
    return subprocess.run(
        [sys.executable, "-c", *command], env=environment, capture_output=True, text=True, check=False, cwd=folder
    )
