"""The index of conflicts is filled on the way up, from what people had said before there was one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from errata.database.record import Record, make_engine
from tests.made_up_record import chapters, correction, talk


@pytest.fixture
def older(either: Record) -> Record:
    """A record of the revision before, with a conflict, an agreement, one reviewer, and a person beside a reference."""
    with either.write() as store:
        for name in ("disputed", "agreed", "alone", "outranked"):
            store.transcripts.add(talk(name), "train")
        for reviewer in ("ann", "bob"):
            store.corrections.add(correction(1, chapters(0, by=reviewer), reviewer))
            store.corrections.add(correction(2, chapters(0, by="Same"), reviewer))
        store.corrections.add(correction(3, chapters(0)))
        store.corrections.add(correction(4, chapters(0, by="Came"), "", "reference"))
        store.corrections.add(correction(4, chapters(0)))
    while has_index(either):
        either.migrate("-1")
    return either


def has_index(record: Record) -> bool:
    engine = make_engine(record.url)
    found = sa.inspect(engine).has_table("disputes")
    engine.dispose()
    return found


def test_conflicts_are_found_in_a_record_that_came_up(older: Record) -> None:
    older.migrate()
    with older.write() as store:
        assert store.conflicts.transcripts() == [1]
        store.corrections.adjudicate(1, chapters(0, by="Decided"), "carol")
        assert store.conflicts.transcripts() == []
        store.corrections.add(correction(2, chapters(0, by="Other"), "bob"))
        store.corrections.add(correction(3, chapters(0, by="Other"), "bob"))
        assert store.conflicts.transcripts() == [2, 3]
