"""What the service costs beside its model: HTTP, key, validation, queue and the durable record, with a stub for it.

    python -m benchmarks.serving [--rate 200] [--seconds 60] [--durability full] [--beside import|night] [--lines 12]

Requests come at set times, whatever came of those before (open loop), from a process of its own; every talk is new. It
prints the latencies, the client's own part of them apart, the disk's sync time, the service's CPU time a request and
which of its threads took it, how soon /healthz answers meanwhile, and whether the record has a row for each answer. An
import is one of 10,000 talks, a night two of the sample's, by errata-tiny, in whose place the stub answers.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx
import psutil
import sqlalchemy as sa

from benchmarks.kill_serve import free_port
from benchmarks.process_cost import cpu_seconds
from benchmarks.stub_service import name_stub
from errata.database.tables import PredictionRow
from errata.loop.init import init
from errata.operations.service_keys import add_key
from errata.workspace import Workspace

IMPORTED = 10_000
"""Rows that are imported meanwhile."""
PATIENCE = 120.0


def bodies(count: int, lines: int, seed: int) -> bytes:
    random = Random(seed)
    rows = []
    for number in range(count):
        segments = [
            {
                "start": 5 * line,
                "end": 5 * line + 5,
                "text": " ".join(f"w{random.randrange(20_000)}" for _ in range(10)),
            }
            for line in range(lines)
        ]
        rows.append(json.dumps({"id": f"talk {seed} {number}", "segments": segments}))
    return "\n".join(rows).encode()


def sync_seconds(folder: Path) -> float:
    """What a sync of a small file takes there: the median of 20."""
    path, times = folder / "sync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(20):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(times)


class Health:
    """Asks /healthz ten times a second, in a thread."""

    def __init__(self, port: int) -> None:
        self.seconds: list[float] = []
        self._port, self._stop = port, threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def stop(self) -> list[float]:
        self._stop.set()
        self._thread.join()
        return self.seconds

    def _ask(self) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=60) as client:
            while not self._stop.wait(0.1):
                began = time.perf_counter()
                with suppress(httpx.TimeoutException):  # which is what it then took, at least
                    client.get("/healthz")
                self.seconds.append(time.perf_counter() - began)


def write_talks(path: Path, count: int = IMPORTED) -> None:
    """So many short ones."""
    random = Random(1)
    with path.open("w") as file:
        for number in range(count):
            text = " ".join(f"v{random.randrange(20_000)}" for _ in range(40))
            asr = [{"start": 0, "end": 20, "text": text}]
            file.write(json.dumps({"video_id": f"imported {number}", "metadata": {}, "asr": asr}) + "\n")


@contextmanager
def other_work(name: str, workspace: Workspace, folder: Path) -> Iterator[None]:
    """Goes on beside the block, at the end of which it is said whether it was done by then."""
    if name == "nothing":
        yield
        return
    command = [sys.executable, "-m", "benchmarks.two_nights", str(workspace.root)]
    if name == "import":
        write_talks(talks := folder / "talks.jsonl")
        errata = Path(sys.executable).with_name("errata")
        command = [str(errata), "import", "transcripts", str(talks), "-w", str(workspace.root)]
    work = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
        print(f"the {name} was {'still running' if work.poll() is None else f'done ({work.returncode})'} at the end")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(work.pid, signal.SIGINT)  # by which a night ends its stages, which are no children of this group
        work.wait()


def percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    at = {name: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in _SHARES.items()}
    return "  ".join(f"{name} {1000 * value:.1f} ms" for name, value in at.items())


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def measure(workspace: Workspace, folder: Path, arguments: argparse.Namespace) -> None:
    key, port = add_key(workspace, "app", "predictor", "benchmark").key, free_port()
    command = [sys.executable, "-m", "benchmarks.stub_service", str(workspace.root), str(port)]
    service = subprocess.Popen([*command, "--durability", arguments.durability])
    try:
        _wait(port)
        _load(port, key, 50.0, bodies(100, arguments.lines, 1))  # what is done once is done by then
        with other_work(arguments.beside, workspace, folder):
            health, before, threads = Health(port), cpu_seconds(service.pid), thread_seconds(service.pid)
            count = int(arguments.rate * arguments.seconds)
            result = _load(port, key, arguments.rate, bodies(count, arguments.lines, 2))
            cpu, spent, healths = cpu_seconds(service.pid) - before, thread_seconds(service.pid), health.stop()
    finally:
        service.terminate()
        service.wait()
    print(f"{count} requests at {arguments.rate:g}/s, {arguments.lines} lines each, durability {arguments.durability}")
    print(f"statuses           {result['statuses']}")
    print(f"latency            {percentiles(result['latencies'])}")
    print(f"the client's part  {percentiles(result['lateness'])}")
    print(f"/healthz meanwhile {percentiles(healths)}")
    print(f"CPU a request      {1000 * cpu / count:.2f} ms, the stub's process included")
    for part, seconds in spent.items():
        print(f"  {part:16} {1000 * (seconds - threads.get(part, 0.0)) / count:.2f} ms")
    print(f"a sync of the disk {1000 * sync_seconds(folder):.2f} ms")
    with workspace.record.look() as (session, _):
        found = set(session.scalars(sa.select(PredictionRow.hash)))
    missing = set(result["predictions"]) - found
    print(f"row parity         {len(result['predictions'])} answers, {len(missing)} of them not in the record")


def _load(port: int, key: str, rate: float, sent: bytes) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "benchmarks.open_loop", str(port), key, "--rate", str(rate)]
    done = subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True)
    result: dict[str, list[float]] = json.loads(done.stdout)
    return result


def thread_seconds(pid: int) -> dict[str, float]:
    """Of the CPU, by what a process's threads do; nothing where there is no /proc."""
    parts: dict[str, float] = {}
    tasks = Path(f"/proc/{pid}/task")
    for thread in psutil.Process(pid).threads() if tasks.is_dir() else ():
        with suppress(FileNotFoundError):
            name = (tasks / str(thread.id) / "comm").read_text().strip()
            known = (part for begin, part in _PARTS.items() if name.startswith(begin))
            part = "event loop" if thread.id == pid else next(known, "other threads")
            parts[part] = parts.get(part, 0.0) + thread.user_time + thread.system_time
    return parts


_PARTS = {"record-writer": "writer", "asyncio": "look-ups"}
"""What a thread does, by how its name begins."""


def _wait(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the service did not come up")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--durability", choices=["full", "process"], default="full")
    parser.add_argument("--beside", choices=["nothing", "import", "night"], default="nothing")
    parser.add_argument("--lines", type=int, default=12, help="of a talk")
    arguments = parser.parse_args()
    with TemporaryDirectory(dir=Path.cwd()) as place:  # the disk that is measured, and no tmpfs
        if arguments.beside == "night":
            workspace = init(Path(place) / "ws")
        else:
            workspace = Workspace.create(Path(place) / "ws")
            name_stub(workspace)
        measure(workspace, Path(place), arguments)


if __name__ == "__main__":
    main()
