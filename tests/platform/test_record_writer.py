"""One thread writes for many: committed together, told only then, and nobody's fault is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from errata.database.record import Record
from errata.errors import BadInput, NotFound, Unavailable
from errata.service.record_writer import MOST, RecordWriter
from tests.made_up_record import talk

T = TypeVar("T")


def with_writer(record: Record, use: Callable[[RecordWriter], Coroutine[Any, Any, T]]) -> tuple[T, list[int]]:
    """What `use` returns, and how many requests each transaction held."""
    commits: list[int] = []

    async def run() -> T:
        writer = RecordWriter(record, commits.append)
        writer.start()
        try:
            return await use(writer)
        finally:
            await writer.stop()

    return asyncio.run(run()), commits


def test_what_waits_is_committed_together_and_all_of_it_is_there(either: Record) -> None:
    async def use(writer: RecordWriter) -> list[int]:
        adds = [writer.write(lambda store, at=at: store.transcripts.add(talk(f"t{at}")).seq) for at in range(MOST + 6)]
        return await asyncio.gather(*adds)

    seqs, commits = with_writer(either, use)
    assert sorted(seqs) == list(range(1, MOST + 7))
    assert sum(commits) == MOST + 6 and max(commits) > 1
    with either.read() as store:
        assert len(store.transcripts.external_ids()) == MOST + 6


def test_a_faulty_one_takes_back_its_own_rows_alone(either: Record) -> None:
    def faulty(store: Any) -> None:
        store.transcripts.add(talk("lost"))
        raise BadInput("no")

    async def use(writer: RecordWriter) -> list[Any]:
        works: list[Callable[[Any], Any]] = [
            lambda store: store.transcripts.add(talk("first")),
            faulty,
            lambda store: 1 / 0,
            lambda store: store.transcripts.add(talk("last")),
        ]
        return await asyncio.gather(*(writer.write(work) for work in works), return_exceptions=True)

    (_, refused, fault, _), _ = with_writer(either, use)
    assert isinstance(refused, BadInput) and isinstance(fault, ZeroDivisionError)
    with either.read() as store:
        assert store.transcripts.external_ids() == ["first", "last"]


def test_a_database_that_cannot_go_on_is_said_to_all_and_none_of_their_rows_is_there(record: Record) -> None:
    """As where the disk is full: SQLite then takes the whole transaction back by itself."""

    def full(store: Any) -> None:
        store.transcripts.add(talk("lost"))
        raise sa.exc.OperationalError("INSERT", None, Exception("database or disk is full"))

    async def use(writer: RecordWriter) -> list[Any]:
        works: list[Callable[[Any], Any]] = [full, lambda store: store.transcripts.add(talk("later"))]
        return [(await asyncio.gather(writer.write(work), return_exceptions=True))[0] for work in works]

    (refused, _), _ = with_writer(record, use)
    assert isinstance(refused, Unavailable) and "no space is left" in str(refused)
    with record.read() as store:
        assert store.transcripts.external_ids() == ["later"]


def test_a_record_that_is_gone_is_said_to_who_waits_and_the_thread_lives_on(tmp_path: Path, record: Record) -> None:
    file = Path(record.url.removeprefix("sqlite:///"))

    async def use(writer: RecordWriter) -> int:
        aside = file.rename(tmp_path / "aside.db")
        with pytest.raises(NotFound):
            await writer.write(lambda store: store.watermark())
        aside.rename(file)
        return await writer.write(lambda store: store.watermark())

    assert with_writer(record, use)[0] == 0


def test_what_nobody_waits_for_is_written_in_its_turn(record: Record) -> None:
    async def use(writer: RecordWriter) -> int:
        writer.write_later(lambda store: 1 / 0)
        writer.write_later(lambda store: store.transcripts.add(talk("later")))
        return await writer.write(lambda store: store.transcripts.find("later"))

    assert with_writer(record, use)[0] == 1


def test_who_stops_waiting_takes_nothing_back(record: Record) -> None:
    async def use(writer: RecordWriter) -> None:
        waiting = asyncio.ensure_future(writer.write(lambda store: store.transcripts.add(talk("t"))))
        await asyncio.sleep(0)
        waiting.cancel()

    with_writer(record, use)
    with record.read() as store:
        assert store.transcripts.external_ids() == ["t"]


def test_who_waits_in_vain_is_told_in_time_and_what_waited_is_written_later(record: Record) -> None:
    """A lock that nobody gives back, and a second request that comes while the first still waits for it."""

    async def use(writer: RecordWriter) -> list[Any]:
        with record.write():
            adds = [writer.write(lambda store, at=at: store.transcripts.add(talk(f"t{at}")), 0.3) for at in range(2)]
            return await asyncio.gather(*adds, return_exceptions=True)

    told, _ = with_writer(record, use)
    assert all(isinstance(each, Unavailable) and "another process holds the record" in str(each) for each in told)
    with record.read() as store:
        assert store.transcripts.external_ids() == ["t0", "t1"]
