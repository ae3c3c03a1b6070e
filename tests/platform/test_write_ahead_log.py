"""A service's writer leaves SQLite's log alone, and the upkeep moves it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from errata.database import write_ahead_log
from errata.database.record import Record
from errata.database.write_ahead_log import WriteAheadLog
from tests.made_up_record import talk

_NUMBERS = count()


def write(record: Record, talks: int) -> None:
    for number in islice(_NUMBERS, talks):
        with record.write() as store:
            assert store.transcripts.add(talk(f"t{number}", lines=3)).new


@pytest.fixture
def service(record: Record, monkeypatch: pytest.MonkeyPatch) -> Iterator[Record]:
    """Whose log is worth moving soon."""
    monkeypatch.setattr(write_ahead_log, "ENOUGH", 100_000)
    writer = Record(record.url, Path(record.file or "").parent / "blobs", moves_log=False)
    yield writer
    writer.close()


def log_of(record: Record) -> WriteAheadLog:
    assert record.file is not None
    return WriteAheadLog(record.file)


def test_the_log_is_moved_once_when_it_is_long_enough(service: Record) -> None:
    log = log_of(service)
    assert not log.move(), "there is nothing worth moving"
    write(service, 5)
    before = log.size
    assert before > 100_000 and log.move() and log.size == before
    assert not log.move(), "nothing was written since"
    write(service, 1)
    assert log.move() and log.size == before, "what was moved is written over from its beginning"
    with service.read() as store:
        assert len(store.transcripts.external_ids()) == 6


def test_a_long_one_is_begun_anew_though_somebody_writes_meanwhile(
    service: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, sizes = log_of(service), []
    monkeypatch.setattr(write_ahead_log, "LONG", 0)
    moves = write_ahead_log._move

    def written_to_meanwhile(mover: sqlite3.Connection, reader: sqlite3.Connection, way: str) -> write_ahead_log._Log:
        moved = moves(mover, reader, way)
        if way == "PASSIVE":
            write(service, 1)
        return moved

    monkeypatch.setattr(write_ahead_log, "_move", written_to_meanwhile)
    for _ in range(6):
        write(service, 5)
        assert log.move()
        sizes.append(log.size)
    assert 0 < max(sizes) < 2 * sizes[0], "it grows"


def test_the_file_of_one_that_is_too_long_is_cut(service: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(service)
    monkeypatch.setattr(write_ahead_log, "LONG", 0)
    monkeypatch.setattr(write_ahead_log, "TOO_LONG", 100_000)
    write(service, 5)
    assert log.move() and log.size == 0
    with service.read() as store:
        assert len(store.transcripts.external_ids()) == 5


def test_what_a_reader_holds_back_is_moved_later(service: Record) -> None:
    log = log_of(service)
    with service.read() as store:
        assert store.transcripts.external_ids() == []
        write(service, 5)
        assert log.move() and log.move(), "some of it is still to be moved"
    assert log.move() and not log.move()


def test_a_writer_in_the_middle_is_not_disturbed(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("ENOUGH", "LONG", "TOO_LONG"):
        monkeypatch.setattr(write_ahead_log, limit, 0)
    assert record.file is not None
    with record.write() as store:
        store.transcripts.add(talk("t"))
        WriteAheadLog(record.file).move()
    with record.read() as store:
        assert store.transcripts.external_ids() == ["t"]


def test_where_there_is_no_log_there_is_nothing_to_move(tmp_path: Path) -> None:
    assert WriteAheadLog(tmp_path / "errata.db").size == 0


class InterruptedMover(sqlite3.Connection):
    """To whom something happens in the moment in which it begins."""

    happens: Callable[[], None]

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        self.happens()
        return super().execute(*statement)


def begun(log: Path) -> bytes:
    """Its two salts, which are others each time that it is begun anew."""
    return log.read_bytes()[16:24]


@pytest.fixture
def connections(service: Record) -> Iterator[tuple[InterruptedMover, sqlite3.Connection]]:
    assert service.file is not None
    write(service, 1)  # so that there is a log
    with (
        closing(sqlite3.connect(service.file, isolation_level=None, factory=InterruptedMover)) as mover,
        closing(sqlite3.connect(service.file, isolation_level=None)) as reader,
    ):
        yield mover, reader


def test_a_log_that_is_begun_anew_in_the_moment_of_moving_is_not_taken_for_moved(
    service: Record, connections: tuple[InterruptedMover, sqlite3.Connection]
) -> None:
    mover, reader = connections
    mover.happens = lambda: None
    first = write_ahead_log._move(mover, reader, "PASSIVE")
    assert first.moved == first.pages > 0
    mover.happens = lambda: write(service, 1)
    for way in ("PASSIVE", "RESTART"):
        log = write_ahead_log._move(mover, reader, way)
        assert log.moved == 0 < log.pages, way
        mover.happens = lambda: None
        assert write_ahead_log._move(mover, reader, "PASSIVE").moved == log.pages
        mover.happens = lambda: write(service, 1)


def test_a_log_that_somebody_else_moves_in_that_moment_is_not_begun_anew(
    service: Record, connections: tuple[InterruptedMover, sqlite3.Connection]
) -> None:
    assert service.file is not None
    mover, reader = connections
    log = service.file.with_name(f"{service.file.name}-wal")

    def somebody_moves_and_writes() -> None:
        with closing(sqlite3.connect(service.file or "")) as other:
            _, pages, moved = other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert pages == moved
        write(service, 1)

    mover.happens, before = somebody_moves_and_writes, begun(log)
    write_ahead_log._move(mover, reader, "PASSIVE")
    assert begun(log) == before
    write(service, 1)
    mover.happens = lambda: None
    write_ahead_log._move(mover, reader, "PASSIVE")
    write(service, 1)
    assert begun(log) != before
