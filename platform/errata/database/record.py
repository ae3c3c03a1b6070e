"""The engine behind the record: connections, transactions and migrations. The caller owns the transaction.

    with record.write() as store: store.add_transcript(...)
    with record.read() as store: store.watermark()

One writer at a time holds for both databases (SQLite's BEGIN IMMEDIATE, an advisory lock on PostgreSQL), so that a
number of `seq` is never committed while a lower one is still in flight, and the watermark is simply the highest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.blobs import Blobs
from errata.database.store import Store
from errata.errors import Unavailable
from errata.project_files import project_file

BUSY_SECONDS = 60
_WRITER_LOCK = 0x45525241  # "ERRA"


class Record:
    def __init__(self, url: str, blobs: Path) -> None:
        self.url = url
        self._blobs = Blobs(blobs)
        sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self._engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS} if sqlite else {})
        if sqlite:
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)

    @contextmanager
    def write(self) -> Iterator[Store]:
        """A transaction that commits when the block ends well and rolls back otherwise."""
        with self._transaction(writes=True) as session:
            yield Store(session, self._blobs)

    @contextmanager
    def read(self) -> Iterator[Store]:
        with self._transaction(writes=False) as session:
            yield Store(session, self._blobs)

    @contextmanager
    def _transaction(self, writes: bool) -> Iterator[Session]:
        engine = self._engine.execution_options(errata_writes=writes)
        try:
            with engine.begin() as connection, Session(connection, join_transaction_mode="rollback_only") as session:
                if writes and connection.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
                yield session
                session.flush()
        except sa.exc.OperationalError as error:
            raise Unavailable(f"the record at {self._safe_url()} can't be used: {error.orig}") from error

    def migrate(self, revision: str = "head") -> None:
        """Brings the schema to `revision`, up or down."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(project_file("migrations")).replace("%", "%%"))
        config.attributes["engine"] = self._engine
        if revision == "base" or revision.startswith("-"):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)

    def close(self) -> None:
        self._engine.dispose()

    def _safe_url(self) -> str:
        return self._engine.url.render_as_string(hide_password=True)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("errata_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
