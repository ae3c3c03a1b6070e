"""MLflow's own tables, where its store is a database: read and mended without MLflow, whose import takes seconds."""

from __future__ import annotations

import os
import re
from pathlib import Path

import sqlalchemy as sa

_DATABASES = re.compile(r"(sqlite|postgresql|mysql|mssql)[+:]")
"""Addresses of a store that MLflow opens itself, without a server."""
_PLACES = (
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("experiments", "artifact_location"),
)
"""Columns that name a file's absolute place."""


def is_database(uri: str) -> bool:
    return _DATABASES.match(uri) is not None


def store_file(uri: str) -> Path | None:
    """SQLite's; None for a server."""
    url = sa.make_url(uri) if uri.startswith("sqlite") else None
    return Path(url.database) if url and url.database else None


def aliases(uri: str, name: str, tag: str) -> dict[str, tuple[str, str]]:
    """The aliases of the registered model `name`: each one's version, and what that has as `tag`, empty for nothing."""
    rows = sa.table("registered_model_aliases", *map(sa.column, ("name", "alias", "version")))
    tags = sa.table("model_version_tags", *map(sa.column, ("name", "version", "key", "value")))
    of_version = (tags.c.name == rows.c.name) & (tags.c.version == rows.c.version) & (tags.c.key == tag)
    query = sa.select(rows.c.alias, rows.c.version, sa.func.coalesce(tags.c.value, ""))
    store = store_file(uri)
    if store is not None and not store.exists():
        return {}
    with sa.create_engine(uri, poolclass=sa.NullPool).connect() as connection:
        if not sa.inspect(connection).has_table(rows.name):
            return {}
        query = query.select_from(rows.outerjoin(tags, of_version)).where(rows.c.name == name)
        return {alias: (str(version), value) for alias, version, value in connection.execute(query)}


def relocate(uri: str, name: str, artifacts: Path) -> None:
    """After the workspace was moved or copied: MLflow keeps absolute places of files, and those of the experiment
    `name` lie in `artifacts` now."""
    store = store_file(uri)
    if store is None or store.resolve().parent != artifacts.resolve().parent or not os.access(store, os.W_OK):
        return
    engine = sa.create_engine(uri)
    try:
        with engine.begin() as connection:
            _relocate(connection, name, artifacts)
    finally:
        engine.dispose()


def _relocate(connection: sa.Connection, name: str, artifacts: Path) -> None:
    here = artifacts.resolve().as_uri()
    experiment = sa.text("SELECT artifact_location FROM experiments WHERE name = :name")
    tables = sa.inspect(connection).get_table_names()
    before = str(connection.scalar(experiment, {"name": name})) if "experiments" in tables else here
    if before == here or not before.endswith(f"/{artifacts.name}"):
        return
    within = len(before) + 1
    for table, column in _PLACES:
        place = sa.column(column, sa.String)
        moved = sa.update(sa.table(table, place)).values({column: here + sa.func.substr(place, within)})
        connection.execute(moved.where(sa.func.substr(place + "/", 1, within) == f"{before}/"))
