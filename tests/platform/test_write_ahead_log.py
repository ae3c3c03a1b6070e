"""A service's writer leaves SQLite's log alone, and the upkeep moves it."""

from __future__ import annotations

from pathlib import Path

from errata.database import write_ahead_log
from errata.database.record import Record
from errata.database.write_ahead_log import WriteAheadLog
from tests.made_up_record import talk


def write(record: Record, count: int) -> None:
    for number in range(count):
        with record.write() as store:
            store.transcripts.add(talk(f"t{number}", lines=3))


def test_the_log_is_moved_when_it_is_long_and_cut_when_it_is_too_long(record: Record, monkeypatch) -> None:
    file = record.file
    assert file is not None
    log = WriteAheadLog(file)
    service = Record(record.url, file.parent / "blobs", moves_log=False)
    monkeypatch.setattr(write_ahead_log, "ENOUGH", 100_000)
    assert not log.move(), "there is nothing worth moving"
    write(service, 5)
    before = log.size
    assert before > 100_000 and log.move() and log.size == before, "what was moved is written over from its beginning"
    monkeypatch.setattr(write_ahead_log, "TOO_LONG", 100_000)
    assert log.move() and log.size == 0
    with record.read() as store:
        assert len(store.transcripts.external_ids()) == 5
    service.close()


def test_a_writer_in_the_middle_is_not_disturbed(record: Record, monkeypatch) -> None:
    monkeypatch.setattr(write_ahead_log, "ENOUGH", 1)
    monkeypatch.setattr(write_ahead_log, "TOO_LONG", 1)
    assert record.file is not None
    with record.write() as store:
        store.transcripts.add(talk("t"))
        WriteAheadLog(record.file).move()
    with record.read() as store:
        assert store.transcripts.external_ids() == ["t"]


def test_where_there_is_no_log_there_is_nothing_to_move(tmp_path: Path) -> None:
    assert WriteAheadLog(tmp_path / "errata.db").size == 0
