"""A real Label Studio, in an environment of its own: what the made-up one in the other tests only claims to be.

It takes minutes to install (a gigabyte), so that it is run by hand: `pytest -m long` with this file.
LABEL_STUDIO_VENV names an environment that has it already.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from errata.operations.label_studio_client import LabelStudio
from errata.operations.label_studio_sync import bring_in_step, connect
from errata.workspace import Workspace
from tests.command_line import in_a_process
from tests.conftest import ROOT
from tests.platform.label_studio import paragraphs
from tests.platform.test_connect_command import free_port, wait_for
from tests.platform.test_label_studio_sync import answer, events, workspace

__all__ = ["workspace"]

VERSION = "1.23.2"
KEY = "0123456789abcdef0123456789abcdef01234567"
PERSON, WORD = "ann@example.com", "Passw0rd1"
SETTINGS = {
    "SECRET_KEY": "x",
    "COLLECT_ANALYTICS": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "SSRF_PROTECTION_ENABLED": "false",  # else it tells nothing to an address on this machine
}

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`label-studio`, installed apart: it needs other versions of numpy and Django than anything here."""
    named = os.environ.get("LABEL_STUDIO_VENV")
    if named:
        return Path(named) / "bin" / "label-studio"
    folder = tmp_path_factory.mktemp("label-studio")
    venv.create(folder, with_pip=True)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"label-studio=={VERSION}"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"Label Studio {VERSION} can't be installed here: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin" / "label-studio"


@pytest.fixture(scope="module")
def url(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data, port = tmp_path_factory.mktemp("data"), free_port()
    url = f"http://127.0.0.1:{port}"
    command = [program, "start", "--host", url, "--port", str(port), "--internal-host", "127.0.0.1", "--no-browser"]
    command += ["--username", PERSON, "--password", WORD, "--user-token", KEY]
    # python's own paths would let it import the libraries of this environment
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    settings = {**inherited, **SETTINGS, "LABEL_STUDIO_BASE_DATA_DIR": str(data)}
    with (data / "log").open("w") as log:
        running = subprocess.Popen(command, env=settings, stdout=log, stderr=log, cwd=data)
        try:
            wait_for(lambda: running.poll() is not None or is_up(url), 600)
            assert running.poll() is None, (data / "log").read_text()[-2000:]
            yield url
        finally:
            running.terminate()
            running.wait(60)


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/version", timeout=30).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def annotator(url: str) -> Iterator[httpx.Client]:
    """What somebody's browser does there."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Token {KEY}"}, timeout=120) as client:
        yield client


def tasks(annotator: httpx.Client, project: int) -> dict[str, Any]:
    """By their talks' names."""
    asked = {"project": project, "fields": "all", "page_size": 100}
    found = annotator.get("/api/tasks/", params=asked).raise_for_status().json()["tasks"]
    return {task["data"]["video_id"]: task for task in found}


def annotate(annotator: httpx.Client, task: Any, result: Any, **fields: Any) -> int:
    made = annotator.post(f"/api/tasks/{task['id']}/annotations/", json={"result": result, **fields}).raise_for_status()
    return int(made.json()["id"])


def test_a_project_is_kept_in_step(workspace: Workspace, url: str, annotator: httpx.Client) -> None:
    server = LabelStudio(url, KEY)
    connection = connect(workspace, server)
    assert bring_in_step(workspace, server, connection).sent == 3
    assert connect(workspace, server).project == connection.project, "once made, it is found again"
    project = int(connection.project or 0)
    there = tasks(annotator, project)
    draft = there["one"]["predictions"][0]
    accepted = annotate(annotator, there["one"], draft["result"], parent_prediction=draft["id"])
    edited = annotate(annotator, there["two"], paragraphs("0", "2", "Opening"))
    annotate(annotator, there["three"], [], was_cancelled=True)
    report = bring_in_step(workspace, server, connection)
    assert (report.new, report.skipped, report.rejected) == (2, 1, 0)
    assert [(event.kind, event.reviewer) for event in events(workspace)] == [("accept", PERSON), ("edit", PERSON)]
    assert not bring_in_step(workspace, server, connection).changed

    annotator.patch(f"/api/annotations/{edited}/", json={"result": paragraphs("1", "4", "Later")}).raise_for_status()
    annotator.delete(f"/api/annotations/{accepted}/").raise_for_status()
    report = bring_in_step(workspace, server, connection)
    assert (report.new, report.retracted) == (1, 1)
    *_, last = [event for event in events(workspace) if event.kind == "edit"]
    assert [(chapter.start, chapter.title) for chapter in last.chapters] == [(10.0, "Later")]

    # all of a task's annotations at once, from the list of tasks
    ids = {"all": False, "included": [there["two"]["id"]]}
    asked = {"id": "delete_tasks_annotations", "project": project}
    annotator.post("/api/dm/actions", params=asked, json={"selectedItems": ids}).raise_for_status()
    assert bring_in_step(workspace, server, connection).retracted == 1

    with workspace.record.write() as store:
        store.tombstones.record_deletion("three", "ann", "asked")
    assert bring_in_step(workspace, server, connection).removed == 1
    assert tasks(annotator, project).keys() == {"one", "two"}
    server.close()


def test_more_than_a_page_is_read_whole(workspace: Workspace, url: str, annotator: httpx.Client) -> None:
    names = [f"more {number}" for number in range(57)]
    answer(workspace, *names)
    server = LabelStudio(url, KEY)
    connection = connect(workspace, server)
    assert bring_in_step(workspace, server, connection).sent == 60
    for task in tasks(annotator, int(connection.project or 0)).values():
        annotate(annotator, task, paragraphs("0", "2", "Opening"))
    assert bring_in_step(workspace, server, connection).new == 60
    assert not bring_in_step(workspace, server, connection).changed
    every: dict[str, Any] = {"selectedItems": {"all": True, "excluded": []}}
    asked = {"id": "delete_tasks_annotations", "project": str(connection.project)}
    annotator.post("/api/dm/actions", params=asked, json=every).raise_for_status()
    assert bring_in_step(workspace, server, connection).retracted == 60, "all changed at the same moment"
    server.close()


def test_a_personal_access_token_opens_it_too(workspace: Workspace, url: str, annotator: httpx.Client) -> None:
    key = annotator.post("/api/token/", json={}).raise_for_status().json()["token"]
    server = LabelStudio(url, key)
    assert bring_in_step(workspace, server, connect(workspace, server)).sent == 3
    server.close()


def test_its_webhooks_wake_the_command(workspace: Workspace, url: str, annotator: httpx.Client) -> None:
    listen = f"127.0.0.1:{free_port()}"
    words = ["connect", "label-studio", "--url", url, "--every", "600", "-w", str(workspace.root), "--json"]
    command = [sys.executable, "-c", "from errata.cli import main; main()", *words]
    settings = {**os.environ, "LABEL_STUDIO_API_KEY": KEY, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    running = subprocess.Popen(
        [*command, "--webhook", f"http://{listen}/", "--listen", listen], env=settings, stdout=subprocess.PIPE
    )
    try:
        wait_for(
            lambda: any(hook["url"] == f"http://{listen}/" for hook in annotator.get("/api/webhooks/").json()), 300
        )
        with workspace.record.read() as store:
            known = store.connections.find("label-studio", url, None)
        assert known is not None and known.project is not None
        wait_for(lambda: len(tasks(annotator, int(known.project or 0))) == 3, 300)
        began = time.monotonic()
        annotate(annotator, tasks(annotator, known.project)["one"], paragraphs("0", "2", "Opening"))
        wait_for(lambda: len(events(workspace)) == 1, 300)
        assert time.monotonic() - began < 300, "long before the next turn"
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert not any(hook["url"] == f"http://{listen}/" for hook in annotator.get("/api/webhooks/").json())


def test_the_command_says_what_is_wrong_with_a_key(workspace: Workspace, url: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("f" * 40)
    words = ["connect", "label-studio", "--url", url, "--once", "--key-file", tmp_path / "key", "-w", workspace.root]
    done = in_a_process(*words, check=False)
    assert done.returncode == 4 and "does not accept the key" in done.stderr, json.dumps(done.stderr)
