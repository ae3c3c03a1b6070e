"""MLflow that is away, waits, answers 500, or dies once it has done what it was asked: a night ends well all the same,
and the next turn makes MLflow agree.

The server is MLflow's own, and a proxy before it fails.
"""

from __future__ import annotations

import http.client
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from errata.documents.alias_check import AliasCheck
from errata.documents.document import RESTORE, read_document
from errata.errors import Unavailable
from errata.loop.init import init
from errata.loop.night import run_night
from errata.loop.request_reconciler import reconcile
from registry.models import ModelRegistry
from tests.made_up_old_workspace import OldWorkspace
from tests.mlflow_server import mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.long]


class Proxy:
    """Passes requests on to MLflow, or does what is asked of it instead."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.fault = ""
        """`wait`, `500`, `cut` (what it was asked is done, and nobody hears of it) or empty."""
        self.path = ""
        """Of the requests that fail: what it ends with; empty for all."""
        self.faults = 0
        """How many have failed."""
        self._stopping = threading.Event()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fail(self, fault: str, path: str = "") -> None:
        self.fault, self.path, self.faults = fault, path, 0

    def heal(self) -> None:
        self.fail("")

    def wait(self) -> None:
        self._stopping.wait(20)

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fails = bool(self.proxy.fault) and urlsplit(self.path).path.endswith(self.proxy.path)
        self.proxy.faults += fails
        fault = self.proxy.fault if fails else ""
        if fault == "wait":
            self.proxy.wait()
            self.close_connection = True
            return
        if fault == "500":
            self._send(500, b"broken", "text/plain")
            return
        upstream = http.client.HTTPConnection(self.proxy.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        data = answer.read()
        if fault == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self._send(answer.status, data, answer.getheader("Content-Type") or "application/json")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with mlflow_server(tmp_path_factory.mktemp("served")) as uri:
        made = Proxy(uri)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def old(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OldWorkspace:
    """With a night that is decided and not told yet; MLflow has what came before."""
    proxy.heal()
    settings = {"ERRATA_MLFLOW_URI": proxy.uri, "ERRATA_MODEL_NAME": tmp_path.name}
    for name, value in {**settings, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}.items():
        monkeypatch.setenv(name, value)
    return OldWorkspace(tmp_path / "workspace")


def is_told(old: OldWorkspace) -> bool:
    return (old.place.nights / "day-3" / "published").exists()


def check_agreement(old: OldWorkspace) -> None:
    """MLflow says what the record says, once."""
    registry = ModelRegistry.of(old.place)
    with old.place.record.read() as store:
        wanted = {alias: store.aliases.model_of(alias) for alias in ("day0", "champion", "challenger", "server")}
        assert not store.aliases.unapplied_moves()
    there = {alias: identity for alias, (_, identity) in registry.aliases().items()}
    assert there == {alias: model for alias, model in wanted.items() if model}
    client, name = registry.mlflow.client, registry._name
    versions = [version.tags["errata.sha256"] for version in client.search_model_versions(f"name = '{name}'")]
    assert len(versions) == len(set(versions)), "a model has one version"
    runs = client.search_runs([registry.mlflow.experiment])
    names = [run.info.run_name for run in runs]
    assert len(names) == len(set(names)) and {"day-3", "day-3: candidate", "Day-0 to Day-N"} <= set(names)
    assert {run.info.status for run in runs} == {"FINISHED"}


@pytest.mark.parametrize("fault", ["500", "wait"])
def test_a_night_ends_well_without_mlflow_and_the_next_turn_tells_it(
    fault: str, old: OldWorkspace, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proxy.fail(fault)
    if fault == "wait":
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    assert run_night(old.place, "day-3").verdict == "underpowered"
    said = " ".join(capsys.readouterr().err.split())
    assert "the night day-3 is decided, and MLflow is told by the next night" in said and proxy.faults
    assert (old.place.nights / "day-3" / "report.html").exists() and not is_told(old)
    drift = (old.place.nights / "day-3" / "drift.json").stat().st_mtime_ns
    with pytest.raises(Unavailable):
        reconcile(old.place)
    proxy.heal()
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT", raising=False)
    reconcile(old.place)
    assert is_told(old)
    assert (old.place.nights / "day-3" / "drift.json").stat().st_mtime_ns == drift, "it alarms once"
    check_agreement(old)


def test_a_server_that_is_gone_is_told_by_the_next_night(
    old: OldWorkspace, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ERRATA_MLFLOW_URI", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert run_night(type(old.place).find(old.place.root), "day-3").verdict == "underpowered"
    assert "MLflow is told by the next night" in " ".join(capsys.readouterr().err.split())
    monkeypatch.setenv("ERRATA_MLFLOW_URI", proxy.uri)
    assert run_night(type(old.place).find(old.place.root), "day-4").verdict == "skipped"
    assert is_told(old)
    check_agreement(old)


@pytest.mark.parametrize("path", ["runs/create", "runs/log-batch", "model-versions/create", "registered-models/alias"])
def test_one_that_dies_once_it_has_done_what_it_was_asked_does_nothing_twice(
    path: str, old: OldWorkspace, proxy: Proxy
) -> None:
    """Each answer to such a request is lost, also to the client's own second attempt."""
    if path == "model-versions/create":
        registry = ModelRegistry.of(old.place)
        registry.mlflow.client.delete_registered_model(registry._name)
    proxy.fail("cut", path)
    run_night(old.place, "day-3")
    assert proxy.faults >= 1 and not is_told(old)
    proxy.heal()
    reconcile(old.place)
    assert is_told(old)
    check_agreement(old)


def test_what_was_moved_by_hand_is_in_the_report_of_a_night_that_is_told_later(old: OldWorkspace, proxy: Proxy) -> None:
    init(old.place.root)
    registry = ModelRegistry.of(old.place)
    version, model = registry.aliases()["day0"]
    registry.mlflow.client.set_registered_model_alias(registry._name, "champion", version)
    proxy.fail("cut", "report.html")
    run_night(old.place, "day-3")
    assert proxy.faults >= 1 and not is_told(old)
    proxy.heal()
    reconcile(old.place)
    assert is_told(old)
    check_agreement(old)
    (move,) = read_document(AliasCheck, old.place.nights / "day-3" / "aliases.json", RESTORE).hand_moves
    assert (move.moved.alias, move.moved.in_mlflow) == ("champion", model)


def test_a_reader_does_not_wait_for_a_server_that_does_not_answer(old: OldWorkspace, proxy: Proxy) -> None:
    proxy.fail("wait")
    with pytest.raises(Unavailable, match="can't be reached"):
        ModelRegistry.of(old.place).mlflow.check_reachable()
    assert proxy.faults == 1, "MLflow's client would try again and again"


def test_init_makes_anew_what_a_server_has_lost(old: OldWorkspace) -> None:
    registry = ModelRegistry.of(old.place)
    registry.mlflow.client.delete_registered_model(registry._name)
    init(old.place.root)
    assert run_night(old.place, "day-3").verdict == "underpowered"
    check_agreement(old)
    assert os.environ["ERRATA_MLFLOW_URI"].startswith("http")
