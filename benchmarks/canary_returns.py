"""A truly worse model as canary, over `errata serve`: after how many corrections is it returned, and would an equal one
be?

    python -m benchmarks.canary_returns [--talks 320] [--noise 0.6] [--seed 0]

The champion is errata-tiny; the canary is the same with noise on its weights. Each of the sample's talks is sent to the
service, and a scripted reviewer keeps an answer that shares half of the borders with the right chapters, and corrects
any other, until the canary is returned. Then the same talks' outcomes, of both models, are replayed a thousand times
with other draws, at several shares: what of it was luck?
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.kill_serve import free_port
from benchmarks.talk_files import read_talks
from errata.demo import days
from errata.domain.canary import ERROR
from errata.domain.canary_evidence import log_wealths
from errata.domain.chapter import Chapters, canonical, chapters_from_json
from errata.domain.near_borders import shared_borders
from errata.domain.transcript import Transcript
from errata.files import JsonObject
from errata.inference.artefact import MANIFEST, model_folder, move_model
from errata.inference.model import FolderModel
from errata.loop.init import init
from errata.operations.canary_trial import CanaryState, start_canary, trial
from errata.operations.service_keys import add_key
from errata.progress import progress_bar
from errata.workspace import Workspace

KEPT = 0.5
"""Of the borders that an answer or the right chapters have, the share that both must have for the answer to be kept."""
PATIENCE = 1_800.0
"""Seconds in which a service and its models are ready."""
REPLAYS = 1_000
REVIEWS = 2_000
"""Of each replay, at most."""
SHARES = (0.05, 0.1, 0.25, 0.5)
Outcomes = NDArray[np.bool_]
"""Whether each talk's answer was corrected."""


@dataclass(frozen=True)
class KnownTalk:
    transcript: Transcript
    right: Chapters

    def is_corrected(self, answer: Chapters) -> bool:
        return shared_borders(self.right, answer, self.transcript.unit) < KEPT


@dataclass(frozen=True)
class LiveRun:
    state: CanaryState
    sent: int
    """Talks, each of which was answered and reviewed, when the record had the return."""
    after: Sequence[str]
    """Who answered talks of the canary's once it was returned."""


def sample_talks(folder: Path, most: int) -> list[KnownTalk]:
    talks: list[KnownTalk] = []
    for day in days.DAYS:
        days.write_with_chapters(folder / day, day)
        for row in read_talks(folder / day):
            if row.reference is not None:
                right = canonical(row.reference, row.transcript).chapters
                talks.append(KnownTalk(row.transcript, right))
    return talks[:most]


def worse_model(workspace: Workspace, noise: float, seed: int) -> str:
    """The champion with Gaussian noise on each matrix, `noise` times as wide as its values are."""
    from safetensors.numpy import load_file, save_file

    with workspace.record.read() as store:
        champion = store.aliases.model_of("champion") or ""
    folder = workspace.root / "work" / "worse"
    shutil.copytree(model_folder(champion, workspace.models), folder)
    (folder / MANIFEST).unlink()
    random = np.random.default_rng(seed)
    for path in folder.glob("*.safetensors"):
        tensors = load_file(path)
        for name, values in tensors.items():
            if values.ndim > 1:
                drawn = random.standard_normal(values.shape) * noise * values.std()
                tensors[name] = (values + drawn).astype(values.dtype)
        save_file(tensors, path, {"format": "pt"})
    return move_model(folder, workspace.models)


def live_run(workspace: Workspace, talks: Sequence[KnownTalk], share: float) -> LiveRun:
    """Sends talk after talk, each with its review, until the canary is returned or they are at their end."""
    key = add_key(workspace, "app", "admin", "benchmark").key
    with _service(workspace) as address, _client(address, key) as client:
        start_canary(workspace, "challenger", share, "benchmark", "is it noticed?")
        _until(lambda: (client.get("/readyz").json()["canary"] or {"speaks": False})["speaks"])
        sent: list[str] = []
        with progress_bar("talks", len(talks)) as advance:
            for talk in talks:
                sent.append(_send(client, talk))
                advance()
                state = trial(workspace)
                if state is not None and state.evidence >= state.returns_at:
                    break
        if state is None:
            raise RuntimeError("there is no canary")
        if state.evidence >= state.returns_at:
            _until(lambda: client.get("/readyz").json()["canary"]["ended"] == "returned")
        taken = [talk for talk, model in zip(talks, sent, strict=False) if model == state.canary.model][:5]
        after = [str(_answer(client, talk)["model"]) for talk in taken]
    ended = trial(workspace)
    return LiveRun(ended or state, len(sent), after)


def _send(client: httpx.Client, talk: KnownTalk) -> str:
    """Who answered."""
    answer = _answer(client, talk)
    body = {"prediction": answer["prediction"], "kind": "accept"}
    if talk.is_corrected(chapters_from_json([{"start": c["start"], "title": c["title"]} for c in answer["chapters"]])):
        right = [{"start": chapter.start, "title": chapter.title} for chapter in talk.right]
        body |= {"kind": "edit", "chapters": right}
    client.post("/v1/corrections", json=body).raise_for_status()
    return str(answer["model"])


def _answer(client: httpx.Client, talk: KnownTalk) -> JsonObject:
    transcript = talk.transcript
    segments = [{"start": each.start, "end": each.end, "text": each.text} for each in transcript.segments]
    asked = {
        "id": transcript.external_id,
        "title": transcript.title,
        "description": transcript.description,
        "channel": transcript.channel,
        "duration": transcript.duration,
        "segments": segments,
    }
    answer = client.post("/v1/chapters", json=asked).raise_for_status()
    found: JsonObject = answer.json()
    return found


def outcomes(workspace: Workspace, talks: Sequence[KnownTalk], alias: str) -> Outcomes:
    with workspace.record.read() as store:
        identity = store.aliases.model_of(alias) or ""
    model = FolderModel(identity, model_folder(identity, workspace.models), workspace.models)
    with progress_bar(alias, len(talks)) as advance:
        corrected = []
        for talk in talks:
            [reading] = model.answer([talk.transcript])
            corrected.append(talk.is_corrected(reading.chapters))
            advance()
    return np.array(corrected)


def replays(champion: Outcomes, canary: Outcomes, share: float, seed: int, count: int = REPLAYS) -> list[int | None]:
    """After how many reviews each replay returned the canary; None for never. Talks are drawn from those that there
    are, with replacement."""
    random, ends = np.random.default_rng(seed), list[int | None]()
    for _ in range(count):
        talks, drawn = random.integers(len(champion), size=REVIEWS), random.random(REVIEWS) < share
        wealths = log_wealths(drawn, np.where(drawn, canary[talks], champion[talks]), share)
        over = np.nonzero(wealths >= math.log(1 / ERROR))[0]
        ends.append(int(over[0]) + 1 if over.size else None)
    return ends


@contextmanager
def _service(workspace: Workspace) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-c", "from errata.cli import main; main()", "serve", "-w", str(workspace.root)]
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _until(lambda: _is_ready(address, process))
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _is_ready(address: str, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the service ended with {process.returncode}")
    try:
        return httpx.get(f"{address}/readyz", timeout=30, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _client(address: str, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=address, headers=headers, timeout=PATIENCE, trust_env=False)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"it took more than {PATIENCE:g} s")
        time.sleep(0.1)


def prepared(folder: Path, noise: float, seed: int) -> Workspace:
    """A workspace whose challenger is a worse champion."""
    workspace = init(folder)
    with workspace.record.write() as store:
        store.aliases.assign_alias(
            "challenger", worse_model(workspace, noise, seed), "challenger", "benchmark", None, None
        )
    return workspace


def _sentence(run: LiveRun, share: float) -> str:
    counts, end = run.state.counts, run.state.canary.end
    return (
        f"over HTTP, with {share:g} of the talks: {end.how if end else 'not returned'} after {run.sent} reviews, of "
        f"which {counts.canary_corrected + counts.champion_corrected} were corrections ({counts.canary_corrected} of "
        f"{counts.of_canary} of the canary's talks, {counts.champion_corrected} of {counts.of_champion} of the "
        f"champion's); e-value {run.state.evidence:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--talks", type=int, default=320, help="of the sample, at most")
    parser.add_argument("--noise", type=float, default=0.6, help="of the canary's weights, by their spread")
    parser.add_argument("--share", type=float, default=0.5, help="that the canary has over HTTP")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    console = Console(width=120)
    with TemporaryDirectory() as place:
        talks = sample_talks(Path(place) / "sample", arguments.talks)
        workspace = prepared(Path(place) / "workspace", arguments.noise, arguments.seed)
        run = live_run(workspace, talks, arguments.share)
        console.print(_sentence(run, arguments.share))
        both = [outcomes(workspace, talks, alias) for alias in ("champion", "challenger")]
    rates = [f"{100 * each.mean():.0f} %" for each in both]
    console.print(f"of {len(talks)} talks, corrected: {rates[0]} of the champion's answers, {rates[1]} of the canary's")
    table = Table(title=f"{REPLAYS:,} replays of at most {REVIEWS:,} reviews")
    for column in ("share", "equal: returned", "worse: returned", "reviews, median", "95 %", "of them the canary's"):
        table.add_column(column, justify="right")
    for share in SHARES:
        equal = replays(both[0], both[0], share, arguments.seed)
        worse = replays(both[0], both[1], share, arguments.seed + 1)
        reached = [REVIEWS if end is None else end for end in worse]
        most = float(np.quantile(reached, 0.95))
        table.add_row(
            f"{share:g}",
            f"{100 * sum(end is not None for end in equal) / REPLAYS:.1f} %",
            f"{100 * sum(end is not None for end in worse) / REPLAYS:.1f} %",
            f"{np.median(reached):.0f}",
            f"{most:.0f}",
            f"{share * most:.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
