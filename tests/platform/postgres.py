"""A PostgreSQL server of the tests' own: Debian's package, a temporary data folder, a socket that nobody else has."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.record import Record, make_engine
from errata.database.tables import Base

_STARTED_WITHIN = 60
_UNSYNCED = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


_SCHEMA = """
    SELECT string_agg(x, ' ' ORDER BY x) FROM (
        SELECT concat(attrelid::regclass, '.', attname, ':', atttypid::regtype, attnotnull, atthasdef) AS x
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT concat(conname, pg_get_constraintdef(oid)) FROM pg_constraint
        UNION ALL SELECT version_num FROM alembic_version
    ) AS described"""


_FIRST_NUMBERS = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"""


class Server:
    """Hands out databases, each a copy of one that the migrations have been over."""

    def __init__(self, socket: Path, blobs: Path) -> None:
        self.data = socket / "data"
        """Where its files are."""
        self._socket = socket
        self._blobs = blobs
        self._numbers = count(1)
        self._emptied: list[str] = []
        self._admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        self.create("migrated")
        made = Record(self.url("migrated"), blobs)
        made.migrate()
        made.close()
        with self._connected(made.url) as connection:
            self._schema = connection.scalar(sa.text(_SCHEMA))

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self._socket}"

    def create(self, name: str, template: str = "template0") -> None:
        with self._admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))

    def record(self, blobs: Path) -> Record:
        """An empty record."""
        if self._emptied:
            return Record(self._emptied.pop(), blobs)
        name = f"record{next(self._numbers)}"
        self.create(name, "migrated")
        return Record(self.url(name), blobs)

    def take_back(self, record: Record) -> None:
        """For the next who asks, once it is empty: that is done sooner than another is copied.

        One whose schema is no longer what the migrations made stays aside.
        """
        with self._connected(record.url) as connection:
            if connection.scalar(sa.text(_SCHEMA)) == self._schema:
                connection.execute(sa.text("SET LOCAL session_replication_role = replica"))  # in whatever order
                for table in Base.metadata.sorted_tables:
                    connection.execute(table.delete())
                connection.execute(sa.text(_FIRST_NUMBERS))
                self._emptied.append(record.url)

    @contextmanager
    def _connected(self, url: str) -> Iterator[sa.Connection]:
        engine = make_engine(url)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def close(self) -> None:
        self._admin.dispose()


@contextmanager
def started() -> Iterator[Server]:
    """Skips, with the reason, where PostgreSQL, its driver or an unprivileged user can't be had."""
    pytest.importorskip("psycopg", reason="psycopg is not installed; `make setup` brings it")
    binaries, runner = _binaries(), _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="errata-pg-"))  # a socket's path may have 107 characters: not under tmp_path
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    made = [*runner, binaries / "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]
    subprocess.run([*made, "--no-sync", folder / "data"], check=True, capture_output=True, cwd=folder)
    options = ["-D", folder / "data", "-k", folder, "-c", "listen_addresses=", *_UNSYNCED]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*runner, binaries / "postgres", *options], stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
        try:
            _wait(server, binaries, folder)
            handed_out = Server(folder, folder / "blobs")
            yield handed_out
            handed_out.close()
        finally:
            server.send_signal(signal.SIGINT)  # SIGTERM would wait for every client to leave
            server.wait(_STARTED_WITHIN)
            shutil.rmtree(folder)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("PostgreSQL's server is not installed: apt-get install postgresql")
    return found[-1].parent if found else Path(str(on_path)).parent


def _unprivileged() -> list[str]:
    """What to put before a command: the server refuses to run as root, and is to end when the tests are killed."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not here, so a server could outlive the tests")
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig=INT"]
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres: apt-get install postgresql")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT"]


def _wait(server: subprocess.Popen[bytes], binaries: Path, folder: Path) -> None:
    end = time.monotonic() + _STARTED_WITHIN
    ready = [binaries / "pg_isready", "--quiet", "--host", folder]
    while subprocess.run(ready, check=False, timeout=_STARTED_WITHIN).returncode:
        if server.poll() is not None or time.monotonic() > end:
            pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
        time.sleep(0.1)
