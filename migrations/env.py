"""Alembic's environment: runs the versions on the engine that `errata.database.record.Record.migrate` hands in, or, for
the `alembic` command line, on ERRATA_DATABASE_URL.

All versions run in one transaction, on both databases: a run that is cut short changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context

from errata.database.record import WRITER_LOCK, make_engine
from errata.database.tables import Base
from errata.errors import Refused


def run() -> None:
    engine = context.config.attributes.get("engine") or make_engine(os.environ["ERRATA_DATABASE_URL"])
    turn = _sqlite_turn if engine.dialect.name == "sqlite" else _postgresql_turn
    with turn(engine) as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _postgresql_turn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One at a time, and while nobody writes: two that start together would both create the same table."""
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITER_LOCK)))
        yield connection


@contextmanager
def _sqlite_turn(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Foreign keys are checked at the end, and not on the way: to change a column, SQLite needs the table copied and
    the old one dropped, which others point to. The setting can't be changed inside a transaction."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if dangling is not None:
                    raise Refused(
                        f"{dangling[0]}, row {dangling[1]} would point to a row of {dangling[2]} that isn't there; "
                        "run `errata fsck`, restore from a backup, and try again"
                    )
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


run()
