"""Transcripts from a data set on the hub, which a server of the test's own plays: the real client asks it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from errata.database.record import Record
from errata.settings import FILE
from tests.made_up_hub import HubHandler, with_hub
from tests.made_up_record import talk
from tests.made_up_server import listening

NAME = "lucas-ventura/chapter-llama"
COMMIT = "c0ffee" * 6 + "c0de"
METADATA, SPEECH = "docs/subset_data/chapters/chapters_x.json", "docs/subset_data/asrs/asrs_x.json"


def files() -> dict[str, bytes]:
    one = talk("t")
    metadata = {"t": {"duration": one.duration, "title": one.title, "chapters": {"0": "Opening", "50": "Soil"}}}
    speech = {"t": [{"start": s.start, "end": s.end, "text": s.text} for s in one.segments]}
    alone = {"segments": speech["t"]}
    made = {METADATA: metadata, SPEECH: speech, "whisper/w.json": alone}
    return {name: json.dumps(value).encode() for name, value in made.items()}


class Hub(HubHandler):
    """As huggingface.co answers: a small file by way of its cache, a large one by way of another server."""

    files = files()

    def answer(self, body: bool) -> None:
        path = unquote(self.path.partition("?")[0])
        if path.startswith("/cdn/"):
            return self.send(200, {}, self.files[path.removeprefix("/cdn/")] if body else b"")
        cached = path.startswith("/api/resolve-cache/")
        place = path.removeprefix("/api/resolve-cache").removeprefix(f"/datasets/{NAME}/")
        revision, _, name = place.removeprefix("resolve/").partition("/")
        if f"/datasets/{NAME}/" not in path:
            return self.send(401, {"X-Error-Code": "RepoNotFound"})
        if revision not in ("main", "v1", COMMIT):
            return self.send(404, {"X-Error-Code": "RevisionNotFound"})
        if name not in self.files:
            return self.send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        data = self.files[name]
        known = {"X-Repo-Commit": COMMIT, "ETag": f'"{sha256(data).hexdigest()}"'}
        if name == SPEECH:
            linked = {"X-Linked-Size": str(len(data)), "X-Linked-ETag": known["ETag"]}
            elsewhere = f"http://localhost:{self.server.server_port}/cdn/{name}"
            return self.send(302, {**known, **linked, "Location": elsewhere})
        if not cached:
            return self.send(307, {**known, "Location": f"/api/resolve-cache/datasets/{NAME}/{COMMIT}/{name}"})
        return self.send(200, {**known, "Content-Length": str(len(data))}, data if body else b"")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with listening(Hub) as address:
        yield address


@pytest.fixture
def workspace(record: Record, tmp_path: Path) -> Path:
    (tmp_path / FILE).touch()
    return tmp_path


def imported(folder: Path, endpoint: str, *words: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
    start = "from errata.cli import main; main()"
    command = (start, "import", "transcripts", *words, "--json", "-w", str(folder))
    return with_hub(folder, endpoint, *command, offline=offline)


def report(done: subprocess.CompletedProcess[str]) -> tuple[int, int]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found["new"], found["duplicate"]


def test_metadata_comes_with_its_speech_and_is_read_without_a_network_from_then_on(
    workspace: Path, endpoint: str, record: Record
) -> None:
    address = f"hf://datasets/{NAME}/{METADATA}"
    done = imported(workspace, endpoint, address)
    assert report(done) == (1, 0)
    assert "took chapters_x.json for chapter-llama data" in done.stderr
    with record.read() as store:
        (label,) = store.labels.between(0, store.watermark())
        assert (label.external_id, label.kind, len(label.chapters)) == ("t", "reference", 2)
        assert store.corrections.read(label.correction).origin == "chapters_x.json"
    assert report(imported(workspace, endpoint, address, offline=True)) == (0, 1)
    assert report(imported(workspace, "http://127.0.0.1:1", address)) == (0, 1), "nobody answers there"


def test_a_revision_can_be_pinned_and_the_speech_named(workspace: Path, endpoint: str) -> None:
    pinned = f"hf://datasets/{NAME}@{COMMIT}"
    assert report(imported(workspace, endpoint, f"{pinned}/{METADATA}", "--asr", f"{pinned}/{SPEECH}")) == (1, 0)
    assert report(imported(workspace, endpoint, f"hf://datasets/{NAME}@v1/whisper/w.json")) == (1, 0)


@pytest.mark.parametrize("offline", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_without_a_network_it_is_one_sentence(workspace: Path, offline: bool) -> None:
    done = imported(workspace, "http://127.0.0.1:1", f"hf://datasets/{NAME}/{METADATA}", offline=offline)
    assert done.returncode == 5 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "can't be brought from the hub" in done.stderr
    assert f"hf://datasets/{NAME}/{METADATA}" in done.stderr and "name a file of your own" in done.stderr


REFUSED = {
    f"hf://datasets/{NAME}/docs/gone.json": "NotFound: .*/docs/gone.json is not there, though its data set is",
    f"hf://datasets/{NAME}@v9/{METADATA}": "NotFound: .* in a revision that there is not",
    f"hf://datasets/nobody/nothing/{METADATA}": "NotFound: .* is of no data set on the hub, or of a private one",
    f"hf://datasets/{NAME}": "BadInput: .* names no file of a data set; write hf://",
    f"hf://datasets/{NAME}/../x.json": "BadInput: .* names no file of a data set; write hf://",
    f"hf://datasets/{NAME}/docs\\..\\x.json": "BadInput: .* can't be the name of a file on the hub; check it",
    "hf://gpt2/config.json/x": "BadInput: .* names no file of a data set; write hf://",
    "hf://datasets/x": "BadInput: hf://datasets/x is no address on the hub .*; write hf://datasets/OWNER/NAME/PATH",
}

ASKED = """
import sys
from errata.errors import ErrataError
from errata.formats import hub
for address in sys.argv[1:]:
    try:
        hub.local(address)
        print("was brought")
    except ErrataError as problem:
        print(f"{type(problem).__name__}: {problem}".replace(chr(10), "<newline>"))
"""


def test_what_can_not_be_brought_is_refused_by_name(tmp_path: Path, endpoint: str) -> None:
    done = with_hub(tmp_path, endpoint, ASKED, *REFUSED)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == len(REFUSED)
    for line, pattern in zip(said, REFUSED.values(), strict=True):
        assert re.match(pattern, line), line
        assert "<newline>" not in line


def test_metadata_without_speech_is_said_to_lack_it(workspace: Path, endpoint: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(Hub, "files", {METADATA: Hub.files[METADATA]})
    done = imported(workspace, endpoint, f"hf://datasets/{NAME}/{METADATA}")
    assert done.returncode == 2 and "no speech file of the same name" in done.stderr
