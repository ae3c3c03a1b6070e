"""A text is on disk, and so is its name, before the row that names it; what is rolled back leaves nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.record import Record
from errata.errors import BadInput, Unavailable
from tests.made_up_record import talk


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that are synced, and when a transaction is committed, in their order."""
    told: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        told.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    def commit(_: sa.Connection) -> None:
        told.append("commit")

    monkeypatch.setattr(os, "fsync", note)
    sa.event.listen(sa.Engine, "commit", commit)
    yield told
    sa.event.remove(sa.Engine, "commit", commit)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_texts_then_their_folders_are_synced_and_then_the_rows_are_committed(
    record: Record, tmp_path: Path, synced: list[str]
) -> None:
    names = [f"{talk(name).hash}.json.zz" for name in "ab"]
    with record.write() as store:
        for name in "ab":
            store.transcripts.add(talk(name))
        assert store.transcripts.read(1) == talk("a"), "the transaction itself sees what it wrote"
        assert synced == []
    blobs = tmp_path / "blobs"
    folders = {str(blobs / name[:2]) for name in names} | {str(blobs)}
    assert [Path(path).name.split(".")[0] for path in synced[:2]] == [name.split(".")[0] for name in names]
    assert set(synced[2:-1]) == folders and synced[-1] == "commit"
    assert files(blobs) == sorted(names)


def test_a_text_that_is_there_is_not_written_again(record: Record, synced: list[str]) -> None:
    for _ in range(2):
        with record.write() as store:
            store.transcripts.add(talk("a"))
    assert synced.count("commit") == 2 and len(synced) == 5


def test_what_is_rolled_back_leaves_no_file(record: Record, tmp_path: Path) -> None:
    with pytest.raises(BadInput), record.write() as store:
        store.transcripts.add(talk("a"))
        raise BadInput("no")
    assert files(tmp_path / "blobs") == []


def test_a_disk_that_is_full_takes_the_rows_back_too(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with (
        monkeypatch.context() as broken,
        pytest.raises(Unavailable, match=r"No space left on device.*make room"),
        record.write() as store,
    ):
        broken.setattr(os, "fsync", full)
        store.transcripts.add(talk("a"))
    assert files(tmp_path / "blobs") == []
    with record.write() as store:
        assert store.watermark() == 0 and store.transcripts.add(talk("a")).new
    with record.read() as store:
        assert store.transcripts.read(1) == talk("a")


def test_half_a_text_never_gets_its_name(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of several that write together finds the disk full: it takes its own rows back, and the others go on."""
    whole = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        whole(path, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with record.write() as store:
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(Unavailable, match="No space left"), store.savepoint():
            store.transcripts.add(talk("cut"))
        monkeypatch.undo()
        store.transcripts.add(talk("whole"))
    with record.write() as store:
        store.transcripts.add(talk("cut"))
    with record.read() as store:
        assert [store.transcripts.read(store.transcripts.find(name)).external_id for name in ("whole", "cut")]


def test_a_folder_that_takes_no_texts_is_said_in_a_sentence(record: Record, tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")
    with pytest.raises(Unavailable, match=r"texts can't be written to .*blobs"), record.write() as store:
        store.transcripts.add(talk("a"))
