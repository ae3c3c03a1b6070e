"""`errata serve --reconcile`: requests are carried out within seconds, by a process that ends with the service."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from errata.domain.registry_request import RegistryRequest
from errata.loop.init import init
from errata.operations.release_desk import release_desk
from errata.operations.service_keys import add_key
from tests.made_up_old_workspace import OldWorkspace
from tests.running_service import RunningService, running

pytestmark = pytest.mark.slow
PATIENCE = 60.0
"""Seconds; on a machine with nothing else to do it takes three, of which two import MLflow."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> OldWorkspace:
    """With a promotion, of which MLflow knows."""
    made = OldWorkspace(tmp_path_factory.mktemp("old") / "workspace")
    init(made.place.root)
    return made


@pytest.fixture
def service(old: OldWorkspace) -> Iterator[RunningService]:
    with running(old.place.root, "--reconcile") as service:
        yield service


def watchers(service: RunningService) -> list[psutil.Process]:
    children = psutil.Process(service.process.pid).children(recursive=True)
    return [child for child in children if "reconcile" in child.cmdline()]


def settled(old: OldWorkspace) -> RegistryRequest:
    for _ in range(int(10 * PATIENCE)):
        newest = release_desk(old.place).requests[0]
        if newest.state != "waiting":
            return newest
        time.sleep(0.1)
    raise AssertionError("nobody carried it out")


def test_a_rollback_is_carried_out_while_the_service_runs(old: OldWorkspace, service: RunningService) -> None:
    key = add_key(old.place, "olga", "release owner", "olga").key
    fields = {"champion": old.second, "why": "titles too long"}
    with service.client(key) as client:
        assert client.post("/dashboard/releases/rollback", data=fields).status_code == 303
        assert settled(old).state == "done" and release_desk(old.place).champion == old.day0
        assert "champion is" in client.get("/dashboard/releases").text


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_registry_s_side_ends_with_the_service(service: RunningService, end: signal.Signals) -> None:
    (watcher,) = watchers(service)
    time.sleep(5)  # until it watches: before, it would be told of no parent that has gone
    service.process.send_signal(end)
    _, alive = psutil.wait_procs([watcher], PATIENCE)
    assert not alive
