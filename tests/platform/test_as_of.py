"""What the record said at a watermark stays the same bytes for ever, and doesn't depend on who asks, where and when."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.database.store import Store
from errata.documents.outcome import Outcome
from errata.domain.prediction import Prediction
from errata.domain.roles import ROLES, own_role
from errata.errors import BadInput, Refused, Unavailable
from errata.loop.as_of import write_as_of
from retrain.training_rows import TrainingRow
from tests.examples import costly
from tests.made_up_record import chapters, correction, misheard, shouted, talk
from tests.made_up_rows import read_snapshot
from tests.platform.postgres import Server

TALKS = 5
Step = tuple[str, int, int, str]
"""What happens, to which talk, with which start, and by whom."""

steps = st.lists(
    st.tuples(
        st.sampled_from(["arrives", "twin", "copy", "edit", "edit", "edit", "reject", "reference", "answer", "night"]),
        st.integers(0, TALKS - 1),
        st.integers(1, 50),
        st.sampled_from(["ann", "bob"]),
    ),
    max_size=14,
)


def take(store: Store, step: Step) -> None:
    what, number, start, who = step
    one = talk(f"t{number}", lines=4)
    seq = store.transcripts.add(one).seq
    if what in ("twin", "copy"):
        again = misheard(one, f"misheard {number}") if what == "twin" else shouted(one, f"copy {number}")
        with suppress(BadInput):  # which came already, under a role that is not as strict
            store.transcripts.add(again, ROLES[start % 4])
    elif what in ("edit", "reject"):
        store.corrections.add(correction(seq, chapters(0, start) if what == "edit" else (), who, what))
    elif what == "reference":
        store.corrections.add(correction(seq, chapters(0, start, by="Came"), "", "reference"))
    elif what == "answer":
        store.predictions.add(Prediction(seq, f"{start:064d}", "inline@1", chapters(0, start)))
    elif what == "night" and store.nights.find(str(start)) is None:
        store.nights.begin(str(start), 0, store.watermark())
        store.nights.finish(Outcome(night=str(start), verdict="reject"))


@contextmanager
def fresh(empty: Path) -> Iterator[tuple[Record, Path]]:
    with TemporaryDirectory() as folder:
        shutil.copyfile(empty, Path(folder) / "errata.db")
        record = Record(f"sqlite:///{folder}/errata.db", Path(folder) / "blobs")
        yield record, Path(folder)
        record.close()


def live(record: Record, lived: list[Step]) -> list[int]:
    """Takes each step in a transaction of its own; returns the watermark after each."""
    marks = []
    for step in lived:
        with record.write() as store:
            take(store, step)
            marks.append(store.watermark())
    return marks


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@costly(15)
@given(before=steps, after=steps)
def test_the_same_bytes_whatever_arrives_later(empty: Path, before: list[Step], after: list[Step]) -> None:
    with fresh(empty) as (record, folder):
        marks = live(record, before)
        asked = sorted({0, *marks})
        for mark in asked:
            write_as_of(record, folder / f"then {mark}", mark)
        live(record, after)
        record.close()
        restarted = Record(record.url, folder / "blobs")
        for mark in asked:
            write_as_of(restarted, folder / f"now {mark}", mark)
            assert files(folder / f"now {mark}") == files(folder / f"then {mark}")
        restarted.close()


def content(rows: list[TrainingRow]) -> set[tuple[object, ...]]:
    """Rows without the numbers that the record gave in its own order."""
    return {
        (r.external_id, r.transcript_hash, r.kind, r.reviewer, r.role, tuple(r.group_hashes), r.chapters, r.text)
        for r in rows
    }


@costly(15)
@given(
    order=st.permutations(range(8)),
    nights=st.integers(1, 8),
    starts=st.lists(st.integers(1, 50), min_size=8, max_size=8),
)
def test_the_order_of_import_does_not_matter(empty: Path, order: list[int], nights: int, starts: list[int]) -> None:
    """Of transcripts with the corrections that came with them: two corrections of one talk are ordered by arrival."""
    first = talk("first", lines=4)
    talks = [
        first,
        shouted(first, "copy"),
        misheard(first, "misheard"),
        replace(talk("x", lines=4), external_id="first"),
    ]
    talks += [talk(f"t{number}", lines=4) for number in range(4)]
    found = []
    for arriving in (list(range(8)), order):
        with fresh(empty) as (record, folder):
            for begin in range(0, 8, nights):
                with record.write() as store:
                    for number in arriving[begin : begin + nights]:
                        seq = store.transcripts.add(talks[number]).seq
                        store.corrections.add(
                            replace(correction(seq, chapters(0, starts[number])), identity=f"{number:064d}")
                        )
            with record.read() as store:
                watermark = store.watermark()
            write_as_of(record, folder / "out", watermark)
            found.append(content(read_snapshot(folder / "out")))
    assert found[0] == found[1]
    assert {row[4] for row in found[0] if len(row[5]) == 4} == {
        max((own_role(each.hash) for each in talks[:4]), key=ROLES.index)
    }


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns"])
def test_the_time_zone_does_not_matter(either: Record, tmp_path: Path, zone: str) -> None:
    live(either, [("edit", number, 9 + number, "ann") for number in range(TALKS)])
    with either.read() as store:
        watermark = store.watermark()
    write_as_of(either, tmp_path / "here", watermark)
    code = "import sys; from pathlib import Path; from errata.database.record import Record\n"
    code += "from errata.loop.as_of import write_as_of\n"
    code += "write_as_of(Record(sys.argv[1], Path(sys.argv[2])), Path(sys.argv[3]), int(sys.argv[4]))"
    words = [either.url, str(tmp_path / "blobs"), str(tmp_path / "there"), str(watermark)]
    environment = {**os.environ, "TZ": zone, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "417"}
    subprocess.run([sys.executable, "-c", code, *words], check=True, env=environment)
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_both_databases_say_the_same(postgresql: Server, record: Record, tmp_path: Path) -> None:
    lived: list[Step] = [("edit", 0, 9, "ann"), ("twin", 0, 3, "ann"), ("edit", 1, 5, "bob"), ("edit", 1, 6, "ann")]
    other = postgresql.record(tmp_path / "blobs")
    assert live(record, lived) == live(other, lived) == [2, 3, 5, 6]
    write_as_of(record, tmp_path / "here", 6)
    write_as_of(other, tmp_path / "there", 6)
    other.close()
    assert files(tmp_path / "here") == files(tmp_path / "there")


def test_a_watermark_that_is_not_reached_or_a_folder_in_use_is_refused(record: Record, tmp_path: Path) -> None:
    live(record, [("edit", 0, 9, "ann")])
    for watermark in (-1, 3):
        with pytest.raises(BadInput, match=f"the watermark {watermark} is not between 0 and 2"):
            write_as_of(record, tmp_path / "out", watermark)
    assert not (tmp_path / "out").exists()
    write_as_of(record, tmp_path / "out", 1)
    with pytest.raises(Refused, match="out isn't empty"):
        write_as_of(record, tmp_path / "out", 1)


def test_what_can_t_be_written_leaves_nothing_and_is_said_in_a_sentence(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(record, [("edit", 0, 9, "ann")])
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(Unavailable, match=f"{folder} can't be written"):
            write_as_of(record, folder, 2)
    for broken, error in ((OSError(28, "No space left"), Unavailable), (KeyboardInterrupt(), KeyboardInterrupt)):
        with monkeypatch.context() as patched, pytest.raises(error):
            patched.setattr("retrain.snapshot.write_document", Mock(side_effect=broken))
            write_as_of(record, tmp_path / "out", 2)
        assert list((tmp_path / "out").iterdir()) == [], "the same command can be given again"
    assert write_as_of(record, tmp_path / "out", 2).watermark == 2
    assert len(files(tmp_path / "out")) == 2
