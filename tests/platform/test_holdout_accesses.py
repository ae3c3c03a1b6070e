"""Accesses to held-out items in the record: rows that stay, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from errata.database.holdout_log import HoldoutAccess
from errata.database.record import Record, make_engine
from errata.errors import Refused
from tests.made_up_record import talk

NIGHT = HoldoutAccess("anchor", "nightly", "2026-03-01", ("a" * 64, "b" * 64), 26, 4812)
BY_HAND = HoldoutAccess("sealed", "zoë", 'errata compare a "b" --on sealed', ("a" * 64,), 40, 5020)


def log(record: Record, access: HoldoutAccess, identity: str) -> bool:
    with record.write() as store:
        return store.holdout.log(access, identity).new


def test_an_access_comes_back_as_it_was_logged(either: Record) -> None:
    before = datetime.now(UTC)
    assert log(either, NIGHT, "1" * 64) and log(either, BY_HAND, "2" * 64)
    with either.read() as store:
        first, second = store.holdout.accesses()
        assert store.holdout.accesses("sealed") == [second]
        assert store.holdout.accesses("dev") == []
        assert store.watermark() == second.seq > first.seq
    assert (first.access, second.access) == (NIGHT, BY_HAND)
    assert before - timedelta(seconds=1) <= first.at <= second.at <= datetime.now(UTC) + timedelta(seconds=1)
    assert first.at.utcoffset() == timedelta(0)
    assert second.as_json()["models"] == ["a" * 64] and second.as_json()["why"] == BY_HAND.why


def test_one_identity_is_one_access(either: Record) -> None:
    assert log(either, NIGHT, "1" * 64)
    assert not log(either, NIGHT, "1" * 64)
    assert not log(either, replace(NIGHT, items=99), "1" * 64)
    with either.read() as store:
        assert [each.access for each in store.holdout.accesses()] == [NIGHT]


def tables(record: Record) -> list[str]:
    engine = make_engine(record.url)
    found = sa.inspect(engine).get_table_names()
    engine.dispose()
    return found


def down(record: Record) -> None:
    """To the revision before accesses were logged."""
    while "holdout_accesses" in tables(record):
        record.migrate("-1")


def test_the_log_goes_down_and_up_again_but_not_once_the_sealed_set_was_opened(either: Record) -> None:
    with either.write() as store:
        store.transcripts.add(talk("t"))
    log(either, NIGHT, "1" * 64)
    down(either)
    assert "transcripts" in tables(either)
    either.migrate()
    assert log(either, BY_HAND, "1" * 64)
    with pytest.raises(Refused, match="sealed"):
        down(either)
    either.migrate()
    with either.read() as store:
        assert [each.access for each in store.holdout.accesses()] == [BY_HAND]
        assert store.transcripts.read(1) == talk("t")


def test_an_access_points_to_its_event(either: Record) -> None:
    log(either, NIGHT, "1" * 64)
    with either.look() as (session, _):
        kinds = session.execute(
            sa.text("SELECT e.kind FROM events e JOIN holdout_accesses h ON h.seq = e.seq")
        ).scalars()
        assert list(kinds) == ["holdout"]
