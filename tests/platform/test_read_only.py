"""A record and a workspace that may be read and not written, as by another user than their owner."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errata.database.record import Record
from errata.errors import Unavailable, error_exit
from tests.command_line import in_this_process
from tests.made_up_record import talk


@pytest.fixture
def may_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own user may be root, whom no mode stops."""
    allowed = os.access

    def access(path: Any, mode: int, **how: Any) -> bool:
        return not mode & os.W_OK and allowed(path, mode, **how)

    monkeypatch.setattr(os, "access", access)


@pytest.fixture
def one_talk(record: Record) -> Iterator[Record]:
    with record.write() as store:
        store.transcripts.add(talk("t1"), "train")
    yield record
    record.close()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_record_that_may_only_be_read_is_read_and_stays_as_it_is(
    one_talk: Record, tmp_path: Path, may_only_read: None
) -> None:
    one_talk.close()  # which clears SQLite's log away
    before = files(tmp_path)
    assert set(before) == {"errata.db", "errata.db-line"}
    reader = Record(one_talk.url, tmp_path / "blobs")
    with reader.read() as store:
        assert store.counts()["transcripts"] == 1
        assert files(tmp_path) == before, "neither a log nor its index are made beside it"
    with (
        pytest.raises(Unavailable, match="readonly database; it may be read by you") as refusal,
        reader.write() as store,
    ):
        store.transcripts.add(talk("t2"), "train")
    assert f"the record at {tmp_path / 'errata.db'} can't be used" in str(refusal.value), "its path, as people write it"
    reader.close()
    assert files(tmp_path) == before


def test_what_a_writer_has_in_its_log_is_read_too(one_talk: Record, tmp_path: Path, may_only_read: None) -> None:
    assert (tmp_path / "errata.db-wal").stat().st_size, "it was not closed"
    reader = Record(one_talk.url, tmp_path / "blobs")
    with reader.read() as store:
        assert store.counts()["transcripts"] == 1
    reader.close()


@pytest.mark.parametrize("words", [("status",), ("history",), ("conflicts",), ("holdout",), ("fsck",)])
def test_commands_that_read_do(
    laid_out: Path, empty: Path, tmp_path: Path, words: tuple[str, ...], may_only_read: None
) -> None:
    folder = Path(shutil.copytree(laid_out, tmp_path / "Träger eins", ignore=shutil.ignore_patterns("errata.db*")))
    shutil.copyfile(empty, folder / "errata.db")
    before = files(folder)
    done = in_this_process(*words, "-w", folder)
    assert done.stderr == "" and files(folder) == before


def test_a_file_that_may_not_be_written_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for error in (PermissionError(13, "Permission denied", "/w/x.json"), OSError(30, "Read-only file system", "/w/x")):
        with pytest.raises(SystemExit) as end, error_exit():
            raise error
        assert end.value.code == Unavailable.exit_code
        said = capsys.readouterr().err
        assert said.startswith("errata: /w/x") and said.count("\n") == 1
