"""Models on the hub, which a server of the test's own plays: the real client asks it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha1, sha256
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.made_up_hub import HubHandler, with_hub
from tests.made_up_model import make_model
from tests.made_up_server import listening

NAME, GATED, PICKLED = "some-lab/small-talker", "some-lab/closed", "some-lab/pickled"
COMMIT = "c0ffee" * 6 + "c0de"
TOKEN = "hf_made_up"
PAGE = b"---\nlicense: apache-2.0\n---\n# A small talker\n"


class Hub(HubHandler):
    """As huggingface.co answers for models: what a repository holds, and each file."""

    repositories: dict[str, dict[str, bytes]]

    def answer(self, body: bool) -> None:
        path = unquote(self.path.partition("?")[0])
        api = path.startswith("/api/models/")
        name = "/".join(path.removeprefix("/api/models/").strip("/").split("/")[:2])
        files = self.repositories.get(name)
        if files is None:
            return self.send(401, {"X-Error-Code": "RepoNotFound"})
        rest = path.partition(name)[2].strip("/").split("/")
        revision = rest[1] if len(rest) > 1 else "main"
        if revision not in ("main", "v1", COMMIT):
            return self.send(404, {"X-Error-Code": "RevisionNotFound"})
        if api:
            return self._send_json(self._tree(files) if rest[0] == "tree" else self._facts(name, files))
        if name == GATED and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send(403, {"X-Error-Code": "GatedRepo"})
        return self._send_file(files["/".join(rest[2:])], body)

    def _facts(self, name: str, files: dict[str, bytes]) -> object:
        return {"id": name, "modelId": name, "sha": COMMIT, "siblings": [{"rfilename": file} for file in files]}

    def _tree(self, files: dict[str, bytes]) -> object:
        return [
            {"type": "file", "path": file, "size": len(data), "oid": sha1(data, usedforsecurity=False).hexdigest()}
            for file, data in files.items()
        ]

    def _send_file(self, data: bytes, body: bool) -> None:
        known = {"X-Repo-Commit": COMMIT, "ETag": f'"{sha256(data).hexdigest()}"', "Content-Length": str(len(data))}
        self.send(200, known, data if body else b"")

    def _send_json(self, value: object) -> None:
        self.send(200, {"Content-Type": "application/json"}, json.dumps(value).encode())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    make_model(folder, template="indexed", context=512)
    for path in [*folder.glob("errata.json"), *folder.glob("manifest.json"), *folder.glob("training_*")]:
        path.unlink()
    return folder


@pytest.fixture(scope="module")
def endpoint(model: Path) -> Iterator[str]:
    files = {path.name: path.read_bytes() for path in model.iterdir()}
    besides = {"README.md": PAGE, "pytorch_model.bin": b"\x80\x04never brought.", "onnx/model.onnx": b"x" * 99}
    Hub.repositories = {
        NAME: {**files, **besides},
        GATED: files,
        PICKLED: {"config.json": files["config.json"], "pytorch_model.bin": b"\x80\x04."},
    }
    with listening(Hub) as address:
        yield address


FULL, OFFLINE = "a full disk", "without a network"
ASKED = f"""
import shutil, sys
from huggingface_hub import constants
from errata.errors import ErrataError
from errata.loop.hub_model import hub_model
for address in sys.argv[1:]:
    if address == {FULL!r}:
        shutil.disk_usage = lambda _: type("Usage", (), {{"free": 1000}})
    elif address == {OFFLINE!r}:
        constants.HF_HUB_OFFLINE = True
    else:
        try:
            found = hub_model(address)
            print(found.name, found.commit, *sorted(path.name for path in found.folder.iterdir()))
        except ErrataError as problem:
            print(f"{{type(problem).__name__}}: {{problem}}".replace(chr(10), "<newline>"))
"""


def ran(folder: Path, endpoint: str, *addresses: str, token: str = "") -> list[str]:
    """What the real client says to each, in one process, since to import it takes a second."""
    settings = {"HF_TOKEN": token, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = with_hub(folder, endpoint, ASKED, *addresses, **settings)
    assert done.returncode == 0, done.stderr
    assert "<newline>" not in done.stdout
    return done.stdout.splitlines()


REFUSED = {
    "some-lab/nothing": r"NotFound: some-lab/nothing \(no path here\) is of no model on the hub, or of a private",
    f"{NAME}@v9": "NotFound: .*@v9 .* was asked for in a revision that there is not",
    GATED: "Unavailable: some-lab/closed .* is shown to those alone who were let in; accept its .*hf auth login",
    PICKLED: r"BadInput: some-lab/pickled has no config\.json with weights in \*\.safetensors beside it",
    "small-talker": "BadInput: --model small-talker is neither a folder nor a .gguf file here, nor a model on",
    "a/b/c": "BadInput: --model a/b/c is neither",
    "some-lab/a..b": "BadInput: some-lab/a..b .* can't be the name",
}


def test_what_a_model_needs_is_brought_at_a_commit_and_kept_and_the_rest_refused_by_name(
    tmp_path: Path, endpoint: str, model: Path
) -> None:
    expected = " ".join([NAME, COMMIT, *sorted([*(path.name for path in model.iterdir()), "README.md"])])
    addresses = (NAME, f"{NAME}@v1", f"{NAME}@{COMMIT}")
    brought = ran(tmp_path, endpoint, *addresses, *REFUSED, OFFLINE, NAME, f"{NAME}@{COMMIT}")
    assert [*brought[:3], *brought[-2:]] == [expected] * 5, "no pickles, and no other formats"
    for line, pattern in zip(brought[3:-2], REFUSED.values(), strict=True):
        assert re.match(pattern, line), line


def test_who_was_let_in_gets_it_and_without_room_or_a_network_it_is_one_sentence(tmp_path: Path, endpoint: str) -> None:
    let_in, full, offline = ran(tmp_path, endpoint, GATED, FULL, NAME, OFFLINE, NAME, token=TOKEN)
    assert let_in.startswith(f"{GATED} {COMMIT}")
    assert re.match(rf"Unavailable: {NAME} from the hub takes 0\.0 GB at .*hub.*, and 0\.0 GB are free", full)
    assert re.match(rf"Unavailable: {NAME} .* can't be brought from the hub .*without HF_HUB_OFFLINE, or name", offline)


@pytest.mark.slow
def test_where_nobody_answers_it_is_one_sentence(tmp_path: Path) -> None:
    (line,) = ran(tmp_path, "http://127.0.0.1:1", NAME)
    assert "can't be brought from the hub" in line
