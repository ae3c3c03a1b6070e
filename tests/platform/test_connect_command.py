"""`errata connect label-studio`: where its key comes from, one turn, and going on until it is ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from errata.errors import BadInput, Unavailable
from errata.operations.label_studio_client import PROOF_HEADER
from errata.operations.webhook_receiver import LARGEST, host_and_port, receiving
from errata.workspace import Workspace
from tests.made_up_label_studio import KEY, MadeUpLabelStudio, label_studio
from tests.platform.importing import errata
from tests.platform.label_studio import paragraphs
from tests.platform.test_label_studio_sync import workspace

__all__ = ["workspace"]


@pytest.fixture
def studio() -> Iterator[MadeUpLabelStudio]:
    with label_studio() as made:
        yield made


def test_one_turn_with_a_key_from_the_environment_or_a_file(
    workspace: Workspace, studio: MadeUpLabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["connect", "label-studio", "--url", studio.url, "--once", "--json"]
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", KEY)
    report = json.loads(errata(workspace, *command).stdout)
    assert (report["sent"], report["project"]) == (3, next(iter(studio.projects)))
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    (tmp_path / "key").write_text(KEY + "\n")
    assert json.loads(errata(workspace, *command, "--key-file", tmp_path / "key").stdout)["sent"] == 0
    with pytest.raises(BadInput, match="put it into LABEL_STUDIO_API_KEY, or into a file"):
        errata(workspace, *command)
    with pytest.raises(BadInput, match="can't be read"):
        errata(workspace, *command, "--key-file", tmp_path)


def test_it_goes_on_until_it_is_ended_and_a_message_wakes_it(workspace: Workspace, studio: MadeUpLabelStudio) -> None:
    """A real process: a webhook with the secret brings an annotation in, long before the next turn; then Ctrl-C."""
    listen = f"127.0.0.1:{free_port()}"
    words = ["connect", "label-studio", "--url", studio.url, "--every", "600", "-w", str(workspace.root)]
    command = [sys.executable, "-c", "from errata.cli import main; main()", *words, "--json"]
    settings = {**os.environ, "LABEL_STUDIO_API_KEY": KEY}
    running = subprocess.Popen(
        [*command, "--webhook", f"http://{listen}/told", "--listen", listen], env=settings, stdout=subprocess.PIPE
    )
    try:
        wait_for(lambda: len(studio.tasks) == 3 and len(studio.webhooks) == 1)
        (hook,) = studio.webhooks.values()
        assert hook["send_payload"] is False and hook["url"] == f"http://{listen}/told"
        studio.annotate(studio.task_of("one"), paragraphs("0", "2", "Opening"))
        assert httpx.post(hook["url"], headers={PROOF_HEADER: "guessed"}).status_code == 403
        assert httpx.post(hook["url"], headers=hook["headers"], json={"action": "x"}).status_code == 204
        wait_for(lambda: corrections(workspace) == 1)
    finally:
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and b'"sent": 3' in said
    assert not studio.webhooks, "it is taken out again"


def corrections(workspace: Workspace) -> int:
    with workspace.record.read() as store:
        return store.counts()["corrections"]


def wait_for(done: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_only_a_message_with_the_secret_wakes() -> None:
    with receiving("127.0.0.1", 0, PROOF_HEADER) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        for headers in (
            {},
            {PROOF_HEADER: ""},
            {PROOF_HEADER: receiver.secret[:-1]},
            {"Authorization": receiver.secret},
        ):
            assert httpx.post(url, headers=headers).status_code == 403
        assert httpx.get(url, headers={PROOF_HEADER: receiver.secret}).status_code == 501
        right = {PROOF_HEADER: receiver.secret}
        assert httpx.post(url, headers=right, content=b"x" * (LARGEST + 1)).status_code == 413
        assert not receiver.changed.is_set()
        assert httpx.post(url, headers=right, content=b"not even JSON").status_code == 204
        assert receiver.changed.is_set()
        with pytest.raises(Unavailable, match="give --listen another"), receiving("127.0.0.1", receiver.port, "x"):
            pass


@pytest.mark.parametrize("address", ["8766", ":8766", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:http"])
def test_what_is_no_address_to_listen_on(address: str) -> None:
    with pytest.raises(BadInput, match="write HOST:PORT"):
        host_and_port(address)


def test_an_address_to_listen_on() -> None:
    assert (host_and_port("0.0.0.0:80"), host_and_port("[::1]:8766")) == (("0.0.0.0", 80), ("::1", 8766))  # noqa: S104
