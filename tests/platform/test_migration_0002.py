"""Up and down between the first schema and the second, with rows in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from errata.database.record import Record
from errata.database.tables import Base
from errata.errors import Refused
from tests.made_up_record import chapters, correction, misheard, talk

OLD = (
    "SELECT seq, hash, external_id, title, channel, unit, duration, role, text_hash, signature FROM transcripts",
    (
        "SELECT seq, hash, transcript, kind, chapters, reviewer, origin, reviewed_on, prediction, supersedes"
        " FROM corrections"
    ),
    "SELECT newer, older, reason FROM leak_links",
    "SELECT * FROM leak_bands",
    "SELECT * FROM events",
)


def rows(record: Record) -> list[list[tuple[object, ...]]]:
    """Of each table, what the first schema has of it."""
    with closing(sqlite3.connect(record.url.removeprefix("sqlite:///"))) as connection:
        return [sorted(connection.execute(query)) for query in OLD]


def columns(record: Record, table: str) -> set[str]:
    engine = sa.create_engine(record.url)
    found = {column["name"] for column in sa.inspect(engine).get_columns(table)}
    engine.dispose()
    return found


def down(record: Record) -> None:
    """To the first revision."""
    while "why" in columns(record, "corrections"):
        record.migrate("-1")


def fill(record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("a"), "train").seq
        store.transcripts.add(misheard(talk("a"), "twin"), "train")
        store.corrections.add(correction(seq, chapters(0, by="Old")))
        store.corrections.add(correction(seq, chapters(0, by="New")))


def test_rows_are_kept_down_and_up_again(record: Record) -> None:
    fill(record)
    before = rows(record)
    down(record)
    assert rows(record) == before
    assert "why" not in columns(record, "corrections") and "forgotten" not in columns(record, "transcripts")
    record.migrate()
    assert rows(record) == before
    with record.read() as store:
        (label,) = store.labels.between(0, store.watermark())
    assert label.chapters == chapters(0, by="New")


def test_the_schema_is_what_the_tables_say(record: Record) -> None:
    engine = sa.create_engine(record.url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    assert not differences


def test_an_old_record_takes_new_events_once_it_is_migrated(record: Record) -> None:
    down(record)
    fill_old(record)
    record.migrate()
    with record.write() as store:
        store.corrections.retract(2, "ann", "no")
        store.reviewers.appoint("carol", "adjudicator", "ann")
        assert store.corrections.read(2).why == ""
        assert store.labels.of(1, 2) != "withdrawn" == store.labels.of(1, store.watermark())


def fill_old(record: Record) -> None:
    """As the first revision's code would have: without the columns that came later."""
    with closing(sqlite3.connect(record.url.removeprefix("sqlite:///"))) as connection:
        connection.execute("INSERT INTO events VALUES (1, 'transcript', '2026-03-01'), (2, 'correction', '2026-03-01')")
        connection.execute("INSERT INTO transcripts VALUES (1, 'h', 'a', '', '', 'seconds', 60, 'train', 't', x'')")
        told = '[{"start": 0, "title": "One"}]'
        connection.execute("INSERT INTO corrections VALUES (2, 'c', 1, 'edit', ?, 'ann', 'f', '', NULL, NULL)", (told,))
        connection.commit()


def test_what_was_forgotten_keeps_the_schema_up(record: Record, tmp_path: Path) -> None:
    fill(record)
    with record.write() as store:
        store.tombstones.record_deletion("a", "carol", "asked")
    with pytest.raises(Refused, match="forgotten"):
        down(record)
    with record.read() as store:
        assert store.tombstones.of("a") is not None
