"""Our service against system B's, with the same weights, on the same texts, in turns: time and CPU a request, how many
answers are valid, and how soon /healthz answers meanwhile.

    python -m benchmarks.side_by_side MODEL TALKS [--template json:4096] [--gguf q8_0] [--requests 20]
        [--words 1000] [--clients 1 2 4 8]

MODEL is a folder that transformers loads; TALKS is whatever `errata import transcripts` reads. With `--gguf` ours is
asked a second time, with the model's export of that precision, which llama.cpp runs. An answer is valid where it has a
chapter and each has a title and begins with words of the text.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import httpx

from benchmarks.kill_serve import free_port
from benchmarks.process_cost import cpu_seconds
from benchmarks.serving import Health, percentiles
from errata.database.record import Record
from errata.documents.params import GgufPrecision
from errata.errors import error_exit
from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript
from errata.inference.artefact import Card, adopt, move_model
from errata.inference.model_form import model_form, template_and_context
from errata.operations.service_keys import add_key
from errata.workspace import Workspace
from registry.export.gguf_export import export_gguf

PATIENCE = 3600.0


@dataclass
class Arm:
    seconds: list[float] = field(default_factory=list)
    valid: int = 0
    refused: int = 0
    cpu: float = 0.0
    health: list[float] = field(default_factory=list)


@contextmanager
def ours(model: Path, template: str) -> Iterator[tuple[int, int, str]]:
    """Port, process and key of the service over a new workspace whose champion is `model`."""
    name, context = template_and_context(template)
    with TemporaryDirectory() as place:
        workspace = Workspace.create(Path(place) / "ws")
        workspace.models.mkdir(exist_ok=True)
        adopt(model, Card(name, context, model_form(model)), Path(place) / "model")
        identity = move_model(Path(place) / "model", workspace.models)
        with Record(workspace.settings.database_url, workspace.root / "blobs").write() as store:
            store.aliases.assign_alias("champion", identity, "manual", "benchmark", None, None)
        key, port = add_key(workspace, "app", "predictor", "benchmark").key, free_port()
        command = ["-c", "from errata.cli import main; main()", "serve", "-w", str(workspace.root)]
        with _process([*command, "--port", str(port)], port, "/readyz") as pid:
            yield port, pid, key


@contextmanager
def ours_exported(model: Path, template: str, precision: GgufPrecision) -> Iterator[tuple[int, int, str]]:
    with TemporaryDirectory() as place:
        export_gguf(model, Path(place) / "gguf", precision)
        with ours(Path(place) / "gguf", template) as at:
            yield at


@contextmanager
def theirs(model: Path) -> Iterator[tuple[int, int, str]]:
    port = free_port()
    with _process(["-m", "benchmarks.system_b", str(model), str(port)], port, "/healthz") as pid:
        yield port, pid, ""


@contextmanager
def _process(arguments: list[str], port: int, ready: str) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}{ready}", timeout=60, trust_env=False).is_success:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def load(arm: Arm, port: int, key: str, texts: list[str], clients: int) -> None:
    """Each of the clients asks about the next text as soon as it is answered (closed loop)."""
    waiting, lock = list(texts), threading.Lock()

    def ask() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
            while True:
                with lock:
                    if not waiting:
                        return
                    text = waiting.pop()
                began = time.perf_counter()
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                answer = client.post("/process_transcript", json={"text": text}, headers=headers)
                with lock:
                    arm.seconds.append(time.perf_counter() - began)
                    arm.refused += not answer.is_success
                    arm.valid += answer.is_success and is_valid(answer.json(), text)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def is_valid(answer: Any, text: str) -> bool:
    chapters: list[Any] = answer.get("chapters") or [] if isinstance(answer, dict) else []
    return bool(chapters) and all(
        isinstance(chapter, dict)
        and str(chapter.get("title", "")).strip() != ""
        and str(chapter.get("start_text", "")).strip() != ""
        and str(chapter["start_text"]) in text
        for chapter in chapters
    )


def measure(arm: Arm, at: tuple[int, int, str], texts: list[str], clients: int) -> None:
    port, pid, key = at
    health, before = Health(port), cpu_seconds(pid)
    load(arm, port, key, texts, clients)
    arm.cpu += cpu_seconds(pid) - before
    arm.health += health.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("talks", type=Path)
    parser.add_argument("--template", default="json")
    parser.add_argument("--gguf", choices=get_args(GgufPrecision))
    parser.add_argument(
        "--requests", type=int, default=20, help="of each arm, for each number of clients, and one a client"
    )
    parser.add_argument("--words", type=int, default=1000, help="of a talk, at most")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8])
    arguments = parser.parse_args()
    found = [
        row.transcript.text for row in detect.transcripts(arguments.talks).rows if isinstance(row, ImportedTranscript)
    ]
    counts = [max(arguments.requests, clients) for clients in arguments.clients]
    if len(found) < sum(counts):
        parser.error(
            f"{len(found)} talks are fewer than {sum(counts)}: none is asked about twice, which costs us nothing"
        )
    texts = iter([" ".join(text.split()[: arguments.words]) for text in found])
    with ExitStack() as services:
        arms = {"ours": services.enter_context(ours(arguments.model, arguments.template))}
        if arguments.gguf:
            exported = ours_exported(arguments.model, arguments.template, arguments.gguf)
            arms["ours, llama.cpp"] = services.enter_context(exported)
        arms["system B"] = services.enter_context(theirs(arguments.model))
        for clients, count in zip(arguments.clients, counts, strict=True):
            part = list(islice(texts, count))
            for name, at in arms.items():
                arm = Arm()
                measure(arm, at, part, clients)
                print(f"{name}, {clients} clients: {percentiles(arm.seconds)}", flush=True)
                print(
                    f"  CPU a request {arm.cpu / len(part):.2f} s; {arm.valid}/{len(part)} valid, {arm.refused} errors"
                )
                print(f"  /healthz meanwhile: {percentiles(arm.health) if arm.health else 'never answered'}")


if __name__ == "__main__":
    with error_exit():  # so that its services end with it, whatever ends it
        main()
