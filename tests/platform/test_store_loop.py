"""The loop's own rows, on both databases: one lease, every move of an alias; and a record that can't be reached."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import sqlalchemy as sa

from errata.database.fsck import fsck
from errata.database.nights import NightSummary
from errata.database.record import Record
from errata.database.store import Store
from errata.documents.metric_values import ModelMean
from errata.documents.outcome import Outcome
from errata.errors import BadInput, Refused, Unavailable
from errata.loop import lease
from tests.made_up_record import talk
from tests.platform.postgres import Server


def test_one_lease_has_one_holder(either: Record) -> None:
    with either.write() as store:
        assert store.lease.take("night", "one", 60) == 1
        assert store.lease.take("night", "one", 60) == 1, "its holder renews it"
    with either.write() as store, pytest.raises(Unavailable, match="one holds the night"):
        store.lease.take("night", "two", 60)
    with either.write() as store:
        store.lease.take("night", "one", -1)
        assert store.lease.take("night", "two", 60) == 2, "a take-over is told by the token"
        store.lease.drop("night", "one")
        assert store.lease.owner("night") == "two"
    with either.write() as store:
        store.lease.drop("night", "two")
        assert store.lease.owner("night") is None
        assert store.lease.take("night", "one", 60) == 3, "a number that a sleeper may hold is never given again"
        store.lease.renew("night", 3, 60)
        with pytest.raises(Unavailable, match="one has taken over the night"):
            store.lease.renew("night", 1, 60)


def test_day0_is_moved_by_nobody(either: Record) -> None:
    with either.write() as store:
        for _ in range(2):
            store.aliases.assign_alias("day0", "a" * 64, "day0", "init", None, None)
    for other in ("b" * 64, ""):
        with either.write() as store, pytest.raises(Refused, match="stays it for ever"):
            store.aliases.assign_alias("day0", other, "by hand", "eve", None, None)


OUTCOME = Outcome(night="2026-03-01", verdict="promote", means={"day0": ModelMean(n=3, f1=50.0)}, effect=0.1)


def test_moves_are_a_history_and_an_outbox(either: Record) -> None:
    with either.write() as store:
        store.nights.begin("2026-03-01", 4, 9)
        store.nights.finish(OUTCOME)
        for model in ("a" * 64, "b" * 64):
            store.aliases.assign_alias("champion", model, "promote", "gate", "2026-03-01", None)
    with either.write() as store:
        first, second = store.aliases.moves("champion")
        assert (first.previous, second.previous, store.aliases.model_of("champion")) == (None, "a" * 64, "b" * 64)
        store.aliases.mark_applied(first.number)
    with either.read() as store:
        assert [move.model for move in store.aliases.unapplied_moves()] == ["b" * 64]
        [night] = store.nights.all()
        assert (night.label, night.outcome, night.gate_watermark) == ("2026-03-01", OUTCOME, 9)
        assert store.nights.last_gate_watermark() == 9


def test_a_summary_says_what_the_whole_outcome_says(either: Record) -> None:
    """The database takes it out of its JSON; a night without an outcome has nothing to take."""
    outcome = replace(OUTCOME, low=-3.0, high=3, n=40, new_corrections=7, fresh_items=5, promoted="b", evidence="e")
    with either.write() as store:
        store.nights.begin("2026-03-01", 4, 9)
        store.nights.finish(outcome)
        store.nights.begin("2026-03-02", 9, 12)
    with either.read() as store:
        first, second = store.nights.summaries()
        assert store.nights.last_gate_watermark() == 9, "the second isn't finished"
    for name in ("effect", "low", "high", "n", "new_corrections", "fresh_items", "promoted", "evidence"):
        assert getattr(first, name) == getattr(outcome, name)
    assert second == NightSummary("2026-03-02", False, None, None, None, None, None, 0, 0, "", "", None)


# the address ---------------------------------------------------------------------------------------------------------


def test_a_record_without_tables_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "errata.db") as somebody_s:
        somebody_s.execute("CREATE TABLE notes (note)")
    with (
        pytest.raises(Unavailable, match=r"errata\.db"),
        Record(f"sqlite:///{tmp_path / 'errata.db'}", tmp_path).read() as store,
    ):
        store.watermark()


def test_a_postgresql_without_tables_is_refused_in_a_sentence(postgresql: Server, tmp_path: Path) -> None:
    postgresql.create("bare")
    with (
        pytest.raises(Unavailable, match=r"bare.*events.* does not exist"),
        Record(postgresql.url("bare"), tmp_path).read() as store,
    ):
        store.watermark()


def test_a_server_that_is_not_there_is_refused_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    gone = Record(f"postgresql+psycopg://ann:secret@/errata?host={tmp_path}", tmp_path)
    with pytest.raises(Unavailable, match="can't be used") as refused, gone.read() as store:
        store.watermark()
    assert "secret" not in str(refused.value)
    assert str(refused.value).endswith("see that the server runs, and that database_url in errata.toml is right")


def test_a_database_that_is_not_there_is_no_older_record(postgresql: Server, tmp_path: Path) -> None:
    with pytest.raises(
        Unavailable, match=r'"nobody_s" does not exist; see that the server runs, and that database_url'
    ):
        Record(postgresql.url("nobody_s"), tmp_path).migrate()


def test_a_full_disk_is_said_where_sqlite_says_something_else(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = sa.exc.OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))
    monkeypatch.setattr("errata.database.record.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(Unavailable, match=r"no space is left at .*make room"), record.read():
        raise failure
    monkeypatch.setattr("errata.database.record.disk_usage", lambda _: SimpleNamespace(free=10**9))
    with pytest.raises(Unavailable, match="can't be used: disk I/O error"), record.read():
        raise failure


@pytest.mark.parametrize("address", ["errata.db", "mongodb://here/errata", "sqlite3://x", "mysql://x@here/errata"])
def test_an_address_that_is_none_is_refused_in_a_sentence(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"sqlite:///… or postgresql\+psycopg://…"):
        Record(address, tmp_path)


def test_a_file_that_is_no_database_or_is_damaged_is_refused_in_a_sentence(record: Record, tmp_path: Path) -> None:
    with record.write() as store:
        store.transcripts.add(talk("a"))
    record.close()
    path = tmp_path / "errata.db"
    whole = path.read_bytes()
    for damaged, said in ((b"no database" * 1000, "not a database"), (whole[:4096] + b"\xff" * 90_000, "malformed")):
        path.write_bytes(damaged)
        with pytest.raises(Unavailable, match=f"{said}; restore it from a backup"):
            fsck(record)
        record.close()


def test_a_record_that_a_newer_version_made_is_refused_in_a_sentence(record: Record) -> None:
    with record.write() as store:
        store._session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="'9999'; if a newer Errata made it, install that"):
        record.migrate()


def test_a_connection_that_was_lost_while_nobody_used_it_is_made_anew(postgresql: Server, tmp_path: Path) -> None:
    record = postgresql.record(tmp_path / "blobs")
    with record.read() as store:
        assert store.watermark() == 0
    others = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = :name"
    )
    admin = sa.create_engine(postgresql.url("postgres"))
    with admin.connect() as connection:
        ended = connection.execute(others, {"name": sa.make_url(record.url).database}).all()
    admin.dispose()
    assert ended
    with record.write() as store:
        assert store.transcripts.add(talk("a")).new
    record.close()


def test_a_renewal_that_fails_once_is_tried_again(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "SECONDS", 0.04)
    tries: list[int] = []
    enough = threading.Event()

    class Busy:
        @contextmanager
        def write(self) -> Iterator[Store]:
            tries.append(1)
            if len(tries) == 2:
                raise Unavailable("busy")
            if len(tries) > 3:
                enough.set()
            with record.write() as store:
                yield store

        def fenced(self, *_: object) -> nullcontext[None]:
            return nullcontext()

    with lease.loop_lease(cast(Record, Busy())):
        assert enough.wait(30), "nobody renews any more"


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_holder_that_stood_still_moves_no_alias_once_its_lease_was_taken_over(
    either: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken_over: bool
) -> None:
    monkeypatch.setattr(lease, "_is_dead", lambda _: False)  # as of a process on another machine
    monkeypatch.setattr(lease, "SECONDS", 0.1)
    either.close()
    sleeper = os.fork()
    if not sleeper:
        _stand_still_then_promote(Record(either.url, tmp_path / "blobs"), tmp_path / "said")
        os._exit(0)
    os.waitid(os.P_PID, sleeper, os.WSTOPPED | os.WNOWAIT)
    time.sleep(0.15)
    if taken_over:
        with lease.loop_lease(either), either.write() as store:
            store.aliases.assign_alias("champion", "a" * 64, "promote", "gate", None, None)
    os.kill(sleeper, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(sleeper, 0)[1]) == 0
    with either.read() as store:
        moved = [move.by for move in store.aliases.moves("champion")]
        assert store.lease.owner(lease.NAME) is None
    said = (tmp_path / "said").read_text()
    if taken_over:
        assert moved == ["gate"] and "another process had taken over the loop: it writes nothing more" in said
    else:
        assert moved == ["sleeper"] and said == "", "a lease that nobody took is still its own"


def _stand_still_then_promote(record: Record, said: Path) -> None:
    """In a process of its own, with the thread that renews its lease."""
    said.touch()
    with lease.loop_lease(record):
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            with record.write() as store:
                store.aliases.assign_alias("champion", "b" * 64, "promote", "sleeper", None, None)
        except Unavailable as problem:
            said.write_text(str(problem))
