"""The schema goes up and down with rows in place, on both databases, and is what the code says it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from errata.database.record import Record, make_engine
from errata.database.service_streams import NewStream
from errata.documents.outcome import Outcome
from errata.domain.chat_messages import ChatMessage
from errata.domain.correction import NO_DRAFT
from errata.domain.prediction import Prediction
from errata.domain.transcript import Segment
from errata.errors import Refused
from errata.project_files import project_file
from tests.made_up_record import chapters, correction, migrate_down, misheard, shouted, talk
from tests.many_writers import migrate, processes
from tests.platform.postgres import Server

Rows = dict[str, list[dict[str, object]]]


def config(record: Record) -> Config:
    made = Config()
    made.set_main_option("script_location", str(project_file("migrations")))
    made.attributes["engine"] = make_engine(record.url)
    return made


def revisions() -> list[str]:
    """From the first to the newest."""
    script = ScriptDirectory(str(project_file("migrations")))
    return [one.revision for one in script.walk_revisions()][::-1]


def rows(record: Record) -> Rows:
    """Every table as the database itself describes it."""
    engine = make_engine(record.url)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for table in tables.sorted_tables
        }
    engine.dispose()
    return found


READ_AGAIN = {"line_form"}
"""Columns that a migration adds empty, since they follow from the texts: `errata init` reads those."""


def columns(kept: Rows, of: Rows) -> Rows:
    """`kept`'s rows in the tables and columns that `of` has too; Alembic's own table and READ_AGAIN aside."""
    return {
        name: sorted(({key: row[key] for key in row if _is_kept(key, of[name])} for row in found), key=str)
        for name, found in kept.items()
        if of.get(name) and name != "alembic_version"
    }


def _is_kept(column: str, of: list[dict[str, object]]) -> bool:
    return column in of[0] and column not in READ_AGAIN


def fill(record: Record) -> None:
    with record.write() as store:
        for made in (talk("t"), shouted(talk("t"), "shouted"), misheard(talk("t"), "misheard"), talk("other")):
            store.transcripts.add(made)
        asked = store.predictions.add(Prediction(1, "m" * 64, "inline@1", chapters(0, 50), ("a problem",)))
        store.corrections.add(correction(1, chapters(0, 40), prediction=asked.seq))
        store.corrections.add(correction(1, chapters(0, 60)))
        store.corrections.add(replace(correction(2, chapters(0), "", "reference"), draft_by=NO_DRAFT))
        store.nights.begin("2026-03-01", 5, 8)
        store.nights.finish(Outcome(night="2026-03-01", verdict="promote", effect=0.5))
        store.aliases.assign_alias("champion", "m" * 64, "promote", "gate", "2026-03-01", None)
        store.lease.take("night", "one", 60)


@pytest.mark.slow
def test_rows_survive_every_step_down_and_up_again(either: Record) -> None:
    fill(either)
    before = rows(either)
    for revision in reversed(revisions()[:-1]):
        either.migrate("-1")
        down = rows(either)
        assert down["alembic_version"] == [{"version_num": revision}]
        assert columns(down, before) == columns(before, down), f"{revision} lost or changed rows on the way down"
        assert down["transcripts"] and down["corrections"] and down["promotions"]
        either.migrate()
        up = rows(either)
        assert columns(up, before) == columns(before, up), f"{revision} lost or changed rows on the way up"
        assert up.keys() == before.keys()
        for _ in range(len(revisions()) - revisions().index(revision) - 1):
            either.migrate("-1")
    with make_engine(either.url).connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == revisions()[0]
    either.migrate()
    with either.read() as store:
        assert [label.chapters for label in store.labels.between(0, store.watermark())] == [
            chapters(0, 60),
            chapters(0),
        ]
    with either.write() as store:
        while store.transcripts.note_lines():
            pass
    assert rows(either)["transcripts"] == before["transcripts"], "what is read again is as it was"
    with either.write() as store:
        assert store.corrections.add(correction(1, chapters(0, 70))).new, "the record can be written to as before"


def test_nothing_is_left_at_the_bottom_and_the_way_up_begins_there(either: Record) -> None:
    fill(either)
    either.migrate("base")
    assert rows(either) == {"alembic_version": []}
    either.migrate()
    with either.read() as store:
        assert store.watermark() == 0


def test_streams_that_run_and_chats_are_not_thrown_away_on_the_way_down(either: Record) -> None:
    fill(either)
    with either.write() as store:
        stream = store.service_streams.open(NewStream("5c" * 16, "app", "b" * 64, None, "live"))
        store.service_streams.add_lines(stream, [Segment(0.0, 5.0, "one")])
    migrate_down(either, "0019")
    with pytest.raises(Refused, match="streams run"):
        either.migrate("-1")
    either.migrate()
    with either.write() as store:
        store.chats.add(1, [ChatMessage(1.0, "fen", "hi")], "pond.irc")
    before = rows(either)
    with pytest.raises(Refused, match="chats of streams"):
        migrate_down(either, "0019")
    assert rows(either) == before and before["stream_lines"] and before["chats"]


def test_the_migrations_make_what_the_tables_say(either: Record) -> None:
    command.check(config(either))


def test_a_drift_would_be_found(either: Record) -> None:
    from alembic.util import AutogenerateDiffsDetected

    with make_engine(either.url).begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_corrections_transcript"))
    with pytest.raises(AutogenerateDiffsDetected, match="ix_corrections_transcript"):
        command.check(config(either))


def test_a_table_that_others_point_to_can_be_rebuilt(either: Record, tmp_path: Path) -> None:
    """What a later migration may have to do, and SQLite does by dropping the old table."""
    fill(either)
    before = rows(either)
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for path in project_file("migrations").rglob("*.py"):
        (folder / path.relative_to(project_file("migrations"))).write_text(path.read_text())
    (folder / "versions" / "9999_test.py").write_text(
        f"revision, down_revision = '9999', '{revisions()[-1]}'\n"
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('transcripts', recreate='auto') as batch:\n"
        "        batch.alter_column('title', type_=sa.String(99), existing_nullable=False)\n"
    )
    made = config(either)
    made.set_main_option("script_location", str(folder))
    command.upgrade(made, "head")
    after = rows(either)
    assert {**after, "alembic_version": []} == {**before, "alembic_version": []}
    with either.write() as store:
        store.corrections.add(correction(1, chapters(0, 70)))
    with pytest.raises(sa.exc.IntegrityError), either.write() as store:
        store.corrections.add(correction(999, chapters(0)))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_processes_that_migrate_at_once_do_it_once(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'errata.db'}"
    if database == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        server.create("migrated at once")
        url = server.url("migrated at once")
    with processes(4) as pool:
        list(pool.map(migrate, [url] * 4, [tmp_path / "blobs"] * 4))
    record = Record(url, tmp_path / "blobs")
    with record.read() as store:
        assert store.watermark() == 0
    record.close()
