"""Links of an older record are known as of the later twin's arrival, as they were; a repair keeps the schema up."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from errata.database.fsck import repair
from errata.database.record import Record, make_engine
from errata.database.repairs import RepairResult
from errata.database.tables import LinkRow
from errata.errors import Refused
from tests.made_up_record import migrate_down, misheard, shouted, talk


@pytest.fixture
def twins(either: Record) -> Record:
    with either.write() as store:
        for made in (talk("first"), misheard(talk("first"), "second"), shouted(talk("first"), "third")):
            store.transcripts.add(made, "train")
    return either


def links(record: Record) -> list[tuple[int, int, int]]:
    with record.look() as (session, _):
        found = session.execute(sa.select(LinkRow.newer, LinkRow.older, LinkRow.since).order_by(LinkRow.newer))
        return [(row[0], row[1], row[2]) for row in found]


def test_links_are_known_as_of_the_later_twin_s_arrival(twins: Record) -> None:
    before = links(twins)
    assert before and all(newer == since for newer, _, since in before)
    migrate_down(twins, "0004")
    twins.migrate()
    assert links(twins) == before


def test_what_was_repaired_keeps_the_schema_up(twins: Record) -> None:
    engine = make_engine(twins.url)
    with engine.begin() as connection:
        connection.execute(sa.delete(LinkRow))
    engine.dispose()
    assert repair(twins, "olga") != RepairResult()
    migrate_down(twins, "0005")
    with pytest.raises(Refused, match="repaired"):
        twins.migrate("-1")
    assert all(since == 4 for _, _, since in links(twins))
