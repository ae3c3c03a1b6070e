"""How long after a promotion the new model gives its first answer, over `errata serve`.

    python -m benchmarks.change_over [--rounds 5]

A promotion is the commit by which the record's `champion` means another model: errata-tiny's weights again, sealed with
another card, so that all is read, checked and loaded as for any other. From then on talk after talk is sent, each a new
one, until the new model has answered. Before each the service is left alone until it rests, as it is on most days.
Prints seconds on the wall and of the processor (the service's and all models' processes'), the load of the machine, how
many answers the old model gave meanwhile (none may fail), and the memory of all processes at rest and at most.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import httpx
import psutil

from benchmarks.workspaces import errata
from errata.inference.artefact import MADE_ANEW, Card, move_model
from errata.operations.service_keys import add_key
from errata.project_files import embedded_model
from errata.service.followed_model import SPARE_AFTER
from errata.workspace import Workspace

WORDS = "Welcome back. Today we fire the kiln. Nine hours to cool, as I said last week. Now to your questions."

RESTS_S = 4.0
"""Seconds of the quiet after which a service rests."""


@dataclass(frozen=True, slots=True)
class ChangeOver:
    seconds: float
    cpu_seconds: float
    answers: int
    """By the old model, meanwhile."""
    rest: int
    """Bytes of all processes before, what they share counted once,"""
    most: int
    """and at most meanwhile."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory() as place:
        for line in report(measure(Path(place) / "workspace", options.rounds)):
            sys.stdout.write(f"{line}\n")


def measure(root: Path, rounds: int) -> list[ChangeOver]:
    """In a new workspace at `root`."""
    errata("init", root)
    workspace = Workspace.find(root)
    models = [_another(workspace, number) for number in range(rounds + 1)]
    key = add_key(workspace, "benchmark", "predictor", "benchmark").key
    _promote(workspace, models[0])
    with _service(root) as (process, address), _client(address, key) as client:
        _answer_by(client, models[0])
        return [_round(workspace, psutil.Process(process.pid), client, model) for model in models[1:]]


def report(rounds: list[ChangeOver]) -> list[str]:
    walls, cpus = [each.seconds for each in rounds], [each.cpu_seconds for each in rounds]
    wall = f"{median(walls):.2f} s on the wall (median; {min(walls):.2f} to {max(walls):.2f})"
    cpu = f"{median(cpus):.2f} s of the processor ({min(cpus):.2f} to {max(cpus):.2f})"
    rest, most = median(each.rest for each in rounds), max(each.most for each in rounds)
    return [
        f"{len(rounds)} promotions; the load of the machine is {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors",
        f"to the first answer by the new model: {wall}, {cpu}",
        f"{sum(each.answers for each in rounds)} answers by the old model meanwhile, none failed",
        f"memory: {rest / 1e6:.0f} MB at rest, {most / 1e6:.0f} MB at most",
    ]


def _another(workspace: Workspace, number: int) -> str:
    """The embedded model under another identity."""
    with workspace.scratch() as room:
        folder = room / f"model-{number}"
        shutil.copytree(embedded_model(), folder, ignore=shutil.ignore_patterns(*MADE_ANEW))
        Card.read(folder).write(folder, made_for=f"change-over {number}")
        return move_model(folder, workspace.models)


def _promote(workspace: Workspace, model: str) -> None:
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", model, "benchmark", "benchmark", None, None)


@contextmanager
def _service(root: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`errata serve`, and its address."""
    command = [str(Path(sys.executable).with_name("errata")), "serve", "-w", str(root), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process, _address(process)
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if found := re.search(r"answers at (http://\S+);", line):
            return found[1]
    raise RuntimeError("errata serve ended before it answered")


def _client(address: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=120, trust_env=False)


def _round(workspace: Workspace, service: psutil.Process, client: httpx.Client, model: str) -> ChangeOver:
    _wait_for_rest(service)
    before, rest = _cpu_seconds(service), _memory(service)
    _promote(workspace, model)
    promoted = monotonic()
    with _watched(service) as memory:
        answers = _answer_by(client, model)
        seconds = monotonic() - promoted
    return ChangeOver(seconds, _cpu_seconds(service) - before, answers, rest, max(memory))


def _wait_for_rest(service: psutil.Process) -> None:
    """Until it takes next to nothing of the processor any more, a process for the next model being ready."""
    sleep(SPARE_AFTER)
    used = _cpu_seconds(service)
    while True:
        sleep(RESTS_S)
        before, used = used, _cpu_seconds(service)
        if used - before < RESTS_S / 50:
            return


@contextmanager
def _watched(service: psutil.Process) -> Iterator[list[int]]:
    """The memory of all its processes, twice a second."""
    found, ended = [_memory(service)], threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            found.append(_memory(service))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def _memory(service: psutil.Process) -> int:
    """Bytes of the service and its processes (PSS)."""
    total = 0
    for process in (service, *service.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total


def _answer_by(client: httpx.Client, model: str) -> int:
    """Asks until `model` answers; returns how many answers others gave before."""
    others = 0
    while True:
        body = {"segments": [{"start": 0, "end": 20, "text": f"{WORDS} {model[:8]} {others}"}]}
        answer = client.post("/v1/chapters", json=body)
        if answer.status_code == httpx.codes.OK and answer.json()["model"] == model:
            return others
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or others:  # only before the first model is loaded
            answer.raise_for_status()
            others += 1


def _cpu_seconds(service: psutil.Process) -> float:
    """Of the service and all its processes, those that ended too."""
    own = service.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in service.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return float(total)


if __name__ == "__main__":
    main()
