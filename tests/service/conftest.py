"""A service over an empty workspace, in this process; its clients, one for each role."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from errata.domain.access import AccessRole
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.platform.postgres import Server, started

ADDRESS = "http://127.0.0.1"
ClientOf = Callable[..., TestClient]


@pytest.fixture
def workspace(laid_out: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(laid_out, tmp_path / "workspace")
    return Workspace.find(tmp_path / "workspace")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with started() as server:
        yield server


@pytest.fixture
def app(workspace: Workspace) -> FastAPI:
    return make_app(workspace, ServiceSettings())


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Without a key."""
    with TestClient(app, base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def client_of(workspace: Workspace, app: FastAPI, client: TestClient) -> ClientOf:
    """`client_of("reviewer")`: a program's, with a key of that role; `client_of("reviewer", "ann")` names its owner."""

    def make(role: AccessRole, name: str = "") -> TestClient:
        key = add_key(workspace, name or role, role, "tests").key
        headers = {"Authorization": f"Bearer {key}"}
        return TestClient(app, base_url=ADDRESS, headers=headers, follow_redirects=False, raise_server_exceptions=False)

    return make
