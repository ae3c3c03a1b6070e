"""Alembic's environment: runs the versions on the engine that `errata.database.record.Record.migrate` hands in, or, for
the `alembic` command line, on ERRATA_DATABASE_URL."""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import context

from errata.database.tables import Base


def run() -> None:
    engine = context.config.attributes.get("engine") or sa.create_engine(os.environ["ERRATA_DATABASE_URL"])
    with engine.begin() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


run()
