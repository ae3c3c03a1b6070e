"""A deletion request where the record is on PostgreSQL, and where DVC's remotes are no folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from errata.database import tombstones
from errata.database.record import Record, make_engine
from errata.errors import Unavailable
from errata.files import write_json
from errata.inference.artefact import TRAINING_TRANSCRIPTS
from errata.loop.clear_dvc import clear_dvc, clear_objects
from errata.loop.deletion_target import DeletionTarget
from errata.workspace import Workspace
from tests.made_up_record import talk
from tests.made_up_server import listening
from tests.platform.postgres import Server
from tests.platform.test_forget import GONE, dvc, fill

TARGET = DeletionTarget("the-lecture", frozenset({1}), frozenset({GONE.hash}))
SAID = (b"the-lecture", b"Her channel", b"Secret 1", b"Guessed 1")


# PostgreSQL ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowded(postgresql: Server, tmp_path: Path) -> Iterator[Record]:
    """The talk among others, and the planner has taken its samples."""
    record = postgresql.record(tmp_path / "blobs")
    fill(record)
    with record.write() as store:
        for number in range(20):
            store.transcripts.add(talk(f"other {number}", lines=3), "train")
    execute(record, "ANALYZE")
    yield record
    record.close()


def execute(record: Record, *statements: str) -> None:
    engine = make_engine(record.url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def on_disk(record: Record, server: Server) -> set[bytes]:
    """What of the talk stands in the database's files; the log is left out, which its owner keeps."""
    execute(record, "CHECKPOINT")
    folders = (server.data / "base", server.data / "global")
    files = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {word for word in SAID for data in files if word in data}


def test_nothing_is_left_in_the_files_of_postgresql(crowded: Record, postgresql: Server) -> None:
    assert on_disk(crowded, postgresql) == set(SAID)
    with crowded.write() as store:
        store.tombstones.remove_texts(store.tombstones.record_deletion("the-lecture", "carol", "asked"))
    assert on_disk(crowded, postgresql), "emptying a row leaves the old one where it was"
    tombstones.scrub(crowded.url)
    assert on_disk(crowded, postgresql) == set()
    with crowded.write() as store:
        assert store.transcripts.find("kept") and store.transcripts.add(talk("new")).new


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_who_is_in_the_way_is_said_and_not_waited_for_forever(
    database: str, request: pytest.FixtureRequest, record: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if database == "postgresql":
        record = request.getfixturevalue("postgresql").record(tmp_path / "blobs")
    monkeypatch.setattr(tombstones, "PATIENCE", 1)
    with record.read() as store:
        store.counts()
        if database == "sqlite":  # a reader is in nobody's way there, a writer is
            writer = make_engine(record.url).connect()
            writer.exec_driver_sql("INSERT INTO leases VALUES ('x', 'x', 1, '2026-03-01')")
        with pytest.raises(Unavailable, match="let others finish, and make the request again"):
            tombstones.scrub(record.url)
        if database == "sqlite":
            writer.close()
    tombstones.scrub(record.url)
    record.close()


# DVC -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tracked(laid_out: Path, tmp_path: Path) -> Workspace:
    """A workspace whose DVC cache has a table with the talk, one without it, and training rows made from it."""
    workspace = Workspace(shutil.copytree(laid_out, tmp_path / "workspace"))
    root = workspace.root
    (root / "mixed").mkdir()
    pq.write_table(pa.table({"input_ids": [[1, 2, 3]]}), root / "mixed" / "train.parquet")
    write_json(root / "mixed" / TRAINING_TRANSCRIPTS, [GONE.hash])
    for name, ids in {"with.parquet": ["the-lecture", "kept"], "without.parquet": ["kept"]}.items():
        pq.write_table(pa.Table.from_pylist([{"external_id": each, "said": "Secret 1"} for each in ids]), root / name)
    dvc(root, "add", "--quiet", "mixed", "with.parquet", "without.parquet")
    return workspace


def objects(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_every_remote_is_cleared_and_not_the_default_one_alone(tracked: Workspace, tmp_path: Path) -> None:
    root = tracked.root
    for name in ("near", "far"):
        dvc(root, "remote", "add", *(["--default"] if name == "near" else []), name, str(tmp_path / name))
        dvc(root, "push", "--quiet", "-r", name)
        assert objects(tmp_path / name) == 5
    counted = clear_dvc(tracked, TARGET)
    assert counted == {"dvc_cache": 2, "dvc_remote": 4}, "the table and the training rows, in each"
    assert objects(tmp_path / "near") == objects(tmp_path / "far") == 3
    assert clear_dvc(tracked, TARGET) == {"dvc_cache": 0, "dvc_remote": 0}


def test_a_remote_that_is_no_file_system_is_cleared_through_fsspec(tracked: Workspace) -> None:
    """As object stores are; this one is in memory."""
    from dvc.repo import Repo
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.memory import MemoryFileSystem

    memory = MemoryFileSystem(global_store=False)
    store = HashFileDB(memory, "/bucket/files/md5")
    with Repo(str(tracked.root)) as repo:
        for name in repo.cache.local.all():
            path = store.oid_to_path(name)
            memory.makedirs(memory.parent(path))
            memory.pipe_file(path, Path(repo.cache.local.oid_to_path(name)).read_bytes())
    before = set(store.all())
    assert len(before) == 5 and clear_objects(store, TARGET) == 2
    assert len(before & set(store.all())) == 3
    left = b"".join(memory.cat_file(store.oid_to_path(name)) for name in store.all())
    assert b"the-lecture" not in left and clear_objects(store, TARGET) == 0


def test_a_remote_that_only_shows_its_files_is_named_in_one_sentence(tracked: Workspace) -> None:
    with listening(SimpleHTTPRequestHandler) as address:
        dvc(tracked.root, "remote", "add", "far", f"{address}/")
        with pytest.raises(Unavailable, match="remote 'far' doesn't let its files be listed") as refused:
            clear_dvc(tracked, TARGET)
        assert "\n" not in str(refused.value)
