"""Many processes write to one record: nothing is lost, nobody starves, and each row is in exactly one night."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.record import WRITER_LOCK, Record, make_engine
from errata.database.tables import EventRow
from errata.database.writers_line import WritersLine
from errata.errors import BadInput, Unavailable
from tests.made_up_record import chapters, correction, everything_once, talk
from tests.many_writers import Writer, processes, write
from tests.platform.postgres import Server

Nights = dict[int, set[int]]
"""The rows that each night saw, by its watermark."""


def rows_between(record: Record, after: int, upto: int) -> set[int]:
    with record.look() as (session, _):
        return set(session.scalars(sa.select(EventRow.seq).where(EventRow.seq > after, EventRow.seq <= upto)))


def nights_until(record: Record, over: Callable[[], bool]) -> Nights:
    """A night begins where the last one ended, at the watermark, as often as can be while others write."""
    nights: Nights = {}
    watermark = 0
    while True:
        last = over()
        with record.read() as store:
            after, watermark = watermark, store.watermark()
        if watermark > after:
            nights[watermark] = rows_between(record, after, watermark)
        if last:
            return nights
        time.sleep(0.01)


def check_many_writers(record: Record, folder: Path, count: int, writes: int, batch: int, talks: int = 10) -> Nights:
    with record.write() as store:
        for number in range(talks):
            store.transcripts.add(talk(f"t{number}"), "train")
    writers = [Writer(record.url, folder / "blobs", number, writes, batch, talks) for number in range(count)]
    with processes(count) as pool:
        running = [pool.submit(write, writer) for writer in writers]
        nights = nights_until(record, lambda: all(one.done() for one in running))
        assert [one.result() for one in running] == [writes] * count
    with record.read() as store:
        counts, watermark = store.counts(), store.watermark()
    assert counts["corrections"] + counts["predictions"] == count * writes
    in_the_end = rows_between(record, 0, watermark)
    assert len(in_the_end) == count * writes + talks
    assert sorted(seq for night in nights.values() for seq in night) == sorted(in_the_end), "not in exactly one night"
    edges = [0, *nights]
    for after, upto in pairwise(edges):
        assert rows_between(record, after, upto) == nights[upto], "a row came into a night that was over"
    return nights


def test_each_row_is_in_exactly_one_night_whoever_writes_meanwhile(either: Record, tmp_path: Path) -> None:
    assert len(check_many_writers(either, tmp_path, count=4, writes=200, batch=10)) > 3


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sixteen_processes_write_a_thousand_rows_each(either: Record, tmp_path: Path) -> None:
    assert len(check_many_writers(either, tmp_path, count=16, writes=1_000, batch=50, talks=100)) > 10


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_sixteen_processes_write_ten_thousand_rows_each(either: Record, tmp_path: Path) -> None:
    assert len(check_many_writers(either, tmp_path, count=16, writes=10_000, batch=50, talks=1_000)) > 100


def test_a_number_that_is_not_committed_yet_holds_the_next_writer_and_not_the_reader(
    either: Record, tmp_path: Path
) -> None:
    with either.write() as store:
        store.transcripts.add(talk("t"))
    with ThreadPoolExecutor(1) as pool:
        with either.write() as store:
            store.corrections.add(correction(1, chapters(0), "slow"))
            other = pool.submit(write, Writer(either.url, tmp_path / "blobs", 1, writes=1, batch=1, talks=1))
            time.sleep(0.3)
            assert not other.done(), "a higher number would be committed before a lower one"
            with either.read() as reader:
                assert reader.watermark() == 1
        assert other.result() == 1


def test_who_waits_too_long_is_told_so(either: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("errata.database.record.BUSY_SECONDS", 0.2)
    hurried = Record(either.url, tmp_path / "blobs")
    with either.write(), pytest.raises(Unavailable, match=r"can't be used: .*(locked|lock timeout)"), hurried.write():
        pass
    with hurried.write() as store:
        store.transcripts.add(talk("its turn"))
    hurried.close()


def has_its_turn(patient: Record, others: Callable[[], None], begun: threading.Event) -> None:
    """Writes once the others, who say when they have `begun`, let it."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(others)
        begun.wait()
        with patient.write() as store:
            store.transcripts.add(talk("its turn"))
        running.result()
    patient.close()


def test_who_waits_in_a_line_that_moves_is_not_sent_away(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has no queue: among many writers, one may be passed over for longer than it waits for a lock."""
    monkeypatch.setattr("errata.database.record.BUSY_SECONDS", 1.0)
    shutil.copyfile(empty, tmp_path / "errata.db")
    patient = Record(f"sqlite:///{tmp_path / 'errata.db'}", tmp_path / "blobs")
    begun = threading.Event()

    def others() -> None:
        """Have a turn each, with no gap between them that one who looks every few milliseconds would find."""
        line = sqlite3.connect(tmp_path / "errata.db", isolation_level=None)
        line.execute("PRAGMA synchronous=OFF")
        line.execute("BEGIN IMMEDIATE")
        begun.set()
        for turn in range(12):
            time.sleep(0.1)
            line.execute(f"PRAGMA user_version={turn + 1}")
            line.execute("COMMIT")
            line.execute("BEGIN IMMEDIATE")
        line.execute("COMMIT")

    has_its_turn(patient, others, begun)


def test_who_waits_in_a_long_line_on_postgresql_is_not_sent_away(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errata.database.record.BUSY_SECONDS", 1.0)
    patient = postgresql.record(tmp_path / "blobs")
    engine = make_engine(patient.url)
    begun = threading.Event()

    def others() -> None:
        """As many writers, one after the other: the lock is never free, and rows come."""
        with engine.connect() as line:
            line.execute(sa.select(sa.func.pg_advisory_lock(WRITER_LOCK)))
            begun.set()
            for _ in range(12):
                time.sleep(0.1)
                line.execute(sa.insert(EventRow).values(kind="other"))
                line.commit()
            line.execute(sa.select(sa.func.pg_advisory_unlock(WRITER_LOCK)))

    has_its_turn(patient, others, begun)
    engine.dispose()


def test_a_writer_with_much_to_do_does_not_starve_another(either: Record, tmp_path: Path) -> None:
    """Its transactions follow one another without a pause; the other must get between them."""
    turns, own = 0, Record(either.url, tmp_path / "blobs")

    def busy() -> None:
        nonlocal turns
        while turns < 20:
            with own.write():
                time.sleep(0.1)
            turns += 1

    passed_over = []
    with ThreadPoolExecutor(1) as pool:
        rival = pool.submit(busy)
        while not rival.done():
            asked = turns
            with either.write():
                passed_over.append(turns - asked)
            time.sleep(0.01)
        rival.result()
    own.close()
    assert max(passed_over) < 12, "counted in turns and not in seconds, which a busy machine stretches"


def test_who_waits_comes_before_who_has_just_written(record: Record, tmp_path: Path) -> None:
    assert record.file is not None
    other, turns = Record(record.url, tmp_path / "blobs"), list[str]()

    def wait() -> None:
        with other.write():
            turns.append("who waited")

    def somebody_waits() -> bool:
        with WritersLine(record.file) as line:
            return not line.is_head()

    with ThreadPoolExecutor(1) as pool:
        with record.write():
            waiting = pool.submit(wait)
            while not somebody_waits():
                time.sleep(0.001)
        with record.write():
            turns.append("who had just written")
        waiting.result()
    other.close()
    assert turns == ["who waited", "who had just written"]


def test_whoever_can_not_stand_in_line_writes_all_the_same(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    (tmp_path / "errata.db-line").mkdir()
    with record.write() as store:
        store.transcripts.add(talk("no line"))
    (tmp_path / "errata.db-line").rmdir()
    with record.write() as store:
        assert store.transcripts.find("no line") == 1


def test_eight_writers_at_once_lose_nothing_and_the_watermark_never_passes_a_gap(
    record: Record, tmp_path: Path
) -> None:
    done = threading.Event()
    count = 4

    def write_some(writer: int) -> None:
        own = Record(record.url, tmp_path / "blobs")
        for number in range(count):
            with own.write() as store:
                seq = store.transcripts.add(talk(f"{writer} {number}", lines=3), "train").seq
                store.transcripts.add(talk(f"for all {number}", lines=3), "train")
            with pytest.raises(BadInput), own.write() as store:
                everything_once(store)
                raise BadInput("changed its mind")
            with own.write() as store:
                store.corrections.add(correction(seq, chapters(0)))
        own.close()

    def watch() -> Iterator[int]:
        while not done.is_set():
            with closing(sqlite3.connect(record.url.removeprefix("sqlite:///"))) as connection:
                seen = [row[0] for row in connection.execute("SELECT seq FROM events ORDER BY seq")]
            assert seen == list(range(1, len(seen) + 1)), "a number is missing below the highest"
            with record.read() as store:
                assert store.watermark() >= len(seen)
            yield len(seen)

    with ThreadPoolExecutor(9) as pool:
        watched = pool.submit(lambda: list(watch()))
        try:
            list(pool.map(write_some, range(8)))
        finally:
            done.set()
        marks = watched.result()
    assert len(set(marks)) > 2, "the reader must have looked in between"
    assert marks == sorted(marks)
    with record.read() as store:
        assert store.counts()["transcripts"] == 8 * count + count
        assert store.counts()["corrections"] == 8 * count
        assert store.watermark() == 2 * 8 * count + count
    assert len(rows_between(record, 0, 2**31)) == 2 * 8 * count + count
