"""What every test has: one torch thread, no hub, and the folder of real data where it is present."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from errata.database.record import Record
from errata.telemetry import no_telemetry
from errata.workspace import Workspace

# A machine that is busy is no fault of the code: how long an example takes is measured in benchmarks/, never here.
_untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# the random search draws twice as many
settings.register_profile("repeatable", _untimed, derandomize=True, max_examples=50)
settings.register_profile("random", _untimed, database=None, print_blob=True)
settings.load_profile("repeatable")  # another is named by --hypothesis-profile


gc.set_threshold(100_000, 50, 100)  # else Python looks through the libraries' million objects for a tenth of the time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DVC_NO_ANALYTICS", "1")
no_telemetry()

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk() -> Iterator[None]:
    """No test outlives a power cut, and waiting for the disk at every commit takes a sixth of their time."""

    def unsynced(connection: Any, *_: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            with suppress(sqlite3.DatabaseError):  # a file that is none is found out later, as without this
                connection.execute("PRAGMA synchronous=OFF")

    sa.event.listen(sa.Pool, "checkout", unsynced)  # which comes after the record has asked for the opposite
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield
    sa.event.remove(sa.Pool, "checkout", unsynced)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and golden files that lies beside a checkout; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of real data (../shared) is not here")
    return folder


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that the migrations have been over, and nothing else."""
    path = tmp_path_factory.mktemp("empty") / "errata.db"
    made = Record(f"sqlite:///{path}", path.parent / "blobs")
    made.migrate()
    made.close()
    return path


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as `Workspace.create` makes it, for others to copy: it takes five processes of git and DVC."""
    return Workspace.create(tmp_path_factory.mktemp("laid_out") / "workspace").root


@pytest.fixture
def record(empty: Path, tmp_path: Path) -> Record:
    shutil.copyfile(empty, tmp_path / "errata.db")
    return Record(f"sqlite:///{tmp_path / 'errata.db'}", tmp_path / "blobs")
