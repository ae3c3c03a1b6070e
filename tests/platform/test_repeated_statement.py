"""A statement that goes past SQLAlchemy writes, reads and complains as one that goes through it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errata.database.record import Record
from errata.database.repeated_statement import RepeatedStatement
from errata.database.tables import EventRow, core
from errata.database.video_tables import VideoRow, VideoStageRow
from errata.errors import Unavailable

_stages = core(VideoStageRow)
_ADD = RepeatedStatement(sa.insert(_stages))
_READ = RepeatedStatement(
    sa.select(_stages.c.found, _stages.c.at, _stages.c.problem, sa.literal("100 %"))
    .where(_stages.c.video == sa.bindparam("video"), _stages.c.stage == sa.bindparam("stage"))
    .limit(2)
)
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
_STAGE = {"stage": "features", "state": "done", "tool": "t", "version": "1"}


def video(record: Record) -> int:
    with record.write() as store:
        row = VideoRow(external_id=f"v{store.watermark()}-{datetime.now(UTC).isoformat()}", known={})
        store._session.add(row)
        store._session.flush()
        return row.number


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.dictionaries(_TEXTS, st.none() | st.booleans() | _TEXTS), problem=_TEXTS)
def test_what_it_writes_sqlalchemy_reads_and_the_other_way_round(
    either: Record, found: dict[str, Any], problem: str
) -> None:
    number, at = video(either), datetime(2026, 11, 30, 12, 0, 0, 250, tzinfo=UTC)
    values = {**_STAGE, "video": number, "found": found, "problem": problem, "at": at}
    with either.write() as store:
        _ADD.rows(store._session, values)
    with either.look() as (session, _):
        row = session.get_one(VideoStageRow, (number, "features"))
        assert (row.found, row.problem, row.at) == (found, problem, at)
        assert _READ.rows(session, {"video": number, "stage": "features"}) == [(found, at, problem, "100 %")]
        assert _READ.row(session, {"video": number, "stage": "chunks"}) is None


def test_complaints_of_a_database_are_sqlalchemys(either: Record) -> None:
    values = {**_STAGE, "video": video(either), "found": {}, "problem": "", "at": datetime.now(UTC)}
    with pytest.raises(sa.exc.IntegrityError, match="video_stages"), either.write() as store:
        _ADD.rows(store._session, values)
        _ADD.rows(store._session, values)
    with either.look() as (session, _):
        assert _READ.rows(session, {"video": values["video"], "stage": "features"}) == []  # all was taken back
    nowhere = RepeatedStatement(sa.select(sa.column("seq")).select_from(sa.table("nowhere")))
    with pytest.raises(Unavailable, match="nowhere"), either.look() as (session, _):
        nowhere.rows(session, {})


def test_values_are_all_given_and_defaults_are_none(record: Record) -> None:
    with record.write() as store:
        with pytest.raises(ValueError, match=r": at$"):  # which SQLAlchemy would give a time
            RepeatedStatement(sa.insert(core(EventRow))).rows(store._session, {"kind": "x"})
        with pytest.raises(KeyError, match="stage"):
            _READ.rows(store._session, {"video": 1})
