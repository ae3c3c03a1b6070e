"""Kills the service (-9) under load, again and again, and compares its record with what it answered.

    python -m benchmarks.kill_serve [--kills 200] [--clients 8] [--seed 0]

Each client sends talks, each under an idempotency key of its own, and sends one again until it is answered, as
`errata.client` does. One in four is a job. Now and then the model's process is killed instead. Afterwards every answer
must stand in the record, once, as it was given: the talk, the prediction and the request; and no request may be open.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import httpx
import sqlalchemy as sa

from benchmarks.stub_service import name_stub
from errata.database.fsck import fsck
from errata.database.service_tables import ChapterRequestRow
from errata.database.tables import PredictionRow, TranscriptRow
from errata.domain.hashing import sha256
from errata.operations.service_keys import add_key
from errata.progress import note
from errata.workspace import Workspace

KEY_OWNER = "app"
JOB_SHARE, MODEL_SHARE = 0.25, 0.2
"""Of the requests that are jobs, and of the kills that are the model's process's."""
STUB_SECONDS = 0.02
TOLD = 20
"""Kills after which it says on stderr how far it is."""
PATIENCE = 120.0
"""Seconds in which a service must be there again, and a job done."""


@dataclass
class Campaign:
    kills: int = 0
    sent: int = 0
    """Requests, those that were sent again included."""
    answered: dict[str, str] = field(default_factory=dict)
    """The prediction that was given, by idempotency key."""
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """What is wrong with the record, a sentence each."""
    slowest_start: float = 0.0
    """Seconds from a start to the first answer of /readyz."""


def run(workspace: Workspace, kills: int, clients: int = 8, seed: int = 0) -> Campaign:
    """Of a workspace that nobody else uses."""
    name_stub(workspace)
    key = add_key(workspace, KEY_OWNER, "predictor", "benchmark").key
    campaign, stop, port, random = Campaign(), threading.Event(), free_port(), Random(seed)
    senders = [threading.Thread(target=_send, args=(campaign, stop, port, key, number)) for number in range(clients)]
    for sender in senders:
        sender.start()
    try:
        for _ in range(kills):
            with _service(workspace, port, campaign) as process:
                time.sleep(random.uniform(0.05, 0.8))
                if random.random() < MODEL_SHARE:
                    _kill_model(process)
                    time.sleep(random.uniform(0.05, 0.3))
                process.kill()
                campaign.kills += 1
            if campaign.kills % TOLD == 0:
                note(f"{campaign.kills} kills, {len(campaign.answered)} answers, {len(campaign.faults)} faults")
        with _service(workspace, port, campaign):
            stop.set()
            for sender in senders:
                sender.join()
            _finish_jobs(workspace, campaign)
    finally:
        stop.set()
    campaign.faults += compare(workspace, campaign)
    return campaign


@contextmanager
def _service(workspace: Workspace, port: int, campaign: Campaign) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "benchmarks.stub_service", str(workspace.root), str(port)]
    began = time.monotonic()
    process = subprocess.Popen([*command, "--seconds", str(STUB_SECONDS)], stderr=subprocess.DEVNULL)
    try:
        while not _ready(port):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"the service did not come back (exit code {process.poll()})")
            time.sleep(0.05)
        campaign.slowest_start = max(campaign.slowest_start, time.monotonic() - began)
        yield process
    finally:
        process.kill()
        process.wait()


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _kill_model(service: subprocess.Popen[bytes]) -> None:
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)


def _send(campaign: Campaign, stop: threading.Event, port: int, key: str, number: int) -> None:
    """Talk after talk; one that was begun is sent until it is answered."""
    random = Random(number)
    count = 0
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
        while not stop.is_set():
            name = f"client {number} talk {count}"
            count += 1
            _send_until_answered(client, campaign, key, name, random)


def _send_until_answered(client: httpx.Client, campaign: Campaign, key: str, name: str, random: Random) -> None:
    words = " ".join(f"w{random.randrange(5000)}" for _ in range(30))
    segments = [{"start": 0, "end": 9, "text": words}]
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": name}
    job = random.random() < JOB_SHARE
    path = "/v1/chapters?wait=false" if job else "/v1/chapters"
    end = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < end:
        campaign.sent += 1
        try:
            answer = client.post(path, headers=headers, json={"id": name, "segments": segments})
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        campaign.statuses[answer.status_code] += 1
        if answer.is_success:
            campaign.answered[name] = "" if job else answer.json()["prediction"]
            return
        if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            campaign.faults.append(f"{name} was refused: {answer.text}")
            return
        time.sleep(0.05)
    campaign.faults.append(f"{name} was never answered")


def _finish_jobs(workspace: Workspace, campaign: Campaign) -> None:
    """Waits until no request is open."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with workspace.record.read() as store:
            if not store.chapter_requests.open():
                return
        time.sleep(0.2)
    campaign.faults.append("a job was never done")


def compare(workspace: Workspace, campaign: Campaign) -> list[str]:
    """What differs between the answers that were given and the rows that are there."""
    faults = []
    with workspace.record.look() as (session, _):
        query = sa.select(ChapterRequestRow.idempotency_key, PredictionRow.hash, TranscriptRow.external_id)
        query = query.join(PredictionRow, PredictionRow.seq == ChapterRequestRow.prediction)
        query = query.join(TranscriptRow, TranscriptRow.seq == ChapterRequestRow.transcript)
        rows = {row[0]: (row[1], row[2]) for row in session.execute(query)}
        counts = {
            table.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (ChapterRequestRow, PredictionRow, TranscriptRow)
        }
    for name, prediction in campaign.answered.items():
        found = rows.get(sha256(name))
        if found is None:
            faults.append(f"{name} was answered, and is not in the record")
        elif found[1] != name or prediction not in ("", found[0]):
            faults.append(f"{name} was answered {prediction}, and the record has {found}")
    # an answer that was recorded and never arrived is sent again under its key until it does, so nothing is left over
    for table, count in counts.items():
        if count != len(campaign.answered):
            faults.append(f"{len(campaign.answered)} requests were answered, and {table} has {count} rows")
    return [*faults, *fsck(workspace.record).problems]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with TemporaryDirectory() as place:
        campaign = run(Workspace.create(Path(place) / "ws"), arguments.kills, arguments.clients, arguments.seed)
    print(f"{campaign.kills} kills, {campaign.sent} requests sent, {len(campaign.answered)} answered")
    print(f"statuses: {json.dumps(dict(sorted(campaign.statuses.items())))}")
    print(f"slowest start: {campaign.slowest_start:.1f} s")
    print("\n".join(campaign.faults) or "every answer stands in the record, once, and nothing else does")
    sys.exit(bool(campaign.faults))


if __name__ == "__main__":
    main()
