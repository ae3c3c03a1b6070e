"""`fsck` finds what happened to a record behind the code's back, names it, and finds nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.fsck import Findings, fsck, repair
from errata.database.record import Record, make_engine
from errata.database.repairs import RepairResult
from errata.database.tables import BandRow, CorrectionRow, EventRow, LinkRow, RepairRow, TranscriptRow
from errata.documents.outcome import Outcome
from errata.domain.prediction import Prediction
from errata.domain.roles import Role
from errata.errors import BadInput
from errata.settings import FILE
from tests.made_up_record import chapters, correction, misheard, shouted, talk


@pytest.fixture
def kept(either: Record) -> Record:
    """Two twins and another talk, a prediction, corrections, and a night that ended well."""
    with either.write() as store:
        for made in (talk("first"), misheard(talk("first"), "second"), talk("third")):
            store.transcripts.add(made, "train")
        answer = store.predictions.add(Prediction(1, "m" * 64, "inline@1", chapters(0, 50)))
        store.corrections.add(correction(1, chapters(0, 40), prediction=answer.seq))
        store.corrections.add(correction(1, chapters(0, 60)))
        store.corrections.add(correction(3, chapters(0), "bob"))
        store.nights.begin("2026-03-01", store.watermark(), store.watermark())
        store.nights.finish(Outcome(night="2026-03-01", verdict="reject"))
    return either


@contextmanager
def behind_its_back(record: Record) -> Iterator[sa.Connection]:
    """A connection that no constraint holds back."""
    engine = make_engine(record.url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.execute(sa.text("SET session_replication_role = replica"))
        yield connection
        connection.commit()
    engine.dispose()


def damage(record: Record, statement: str) -> tuple[str, ...]:
    with behind_its_back(record) as connection:
        assert connection.execute(sa.text(statement)).rowcount
    return fsck(record).problems


def text_of(record: Record, blobs: Path, seq: int) -> Path:
    with record.look() as (session, _):
        name = session.scalar(sa.select(TranscriptRow.hash).where(TranscriptRow.seq == seq))
    (found,) = blobs.rglob(f"{name}*")
    return found


def test_a_whole_record_has_no_problem(kept: Record) -> None:
    with pytest.raises(BadInput), kept.write() as store:
        store.transcripts.add(talk("rolled back"))
        raise BadInput("no")
    with kept.write() as store:
        store.transcripts.add(replace(talk("first"), title="Renamed"), "train")
    assert fsck(kept) == Findings((), (), 4)


def test_an_empty_record_has_no_problem(either: Record) -> None:
    assert fsck(either) == Findings((), (), 0)


def test_a_text_that_was_lost_or_changed(kept: Record, tmp_path: Path) -> None:
    text_of(kept, tmp_path, 3).unlink()
    (lost,) = fsck(kept).problems
    assert lost.startswith("transcript 3 ('third'): the text ") and "backup" in lost
    text_of(kept, tmp_path, 1).write_bytes(text_of(kept, tmp_path, 2).read_bytes())
    changed, _ = fsck(kept).problems
    assert changed.startswith("transcript 1 ('first'): the text ") and "was changed" in changed


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE transcripts SET title = 'x' WHERE seq = 3", "transcript 3 ('third'): its title in the table"),
        ("UPDATE transcripts SET role = 'test' WHERE seq = 3", "transcript 3 ('third') has the role 'test'"),
        ("UPDATE transcripts SET text_hash = 'x' WHERE seq = 3", "transcript 3 ('third'): its words in the table"),
        (
            "UPDATE transcripts SET signature = (SELECT signature FROM transcripts WHERE seq = 1) WHERE seq = 3",
            "transcript 3 ('third') is signed for other words",
        ),
        ("DELETE FROM leak_bands WHERE transcript = 3", "transcript 3 ('third') is not in the index of twins"),
        ("DELETE FROM leak_links", "transcript 2 ('second') is a twin of transcript 1, and nothing links them"),
        ("DELETE FROM corrections WHERE seq = 7", "the correction with the number 7 is gone"),
        ("DELETE FROM events WHERE seq = 6", "corrections.seq points to events 6, which is not there"),
        ("UPDATE corrections SET transcript = 99 WHERE seq = 7", "corrections.transcript points to transcripts 99"),
        ("UPDATE corrections SET prediction = 5 WHERE seq = 7", "corrections.prediction points to predictions 5"),
        ("UPDATE corrections SET prediction = 4 WHERE seq = 7", "correction 7 corrects a prediction for another"),
        ("UPDATE corrections SET supersedes = 5 WHERE seq = 7", "correction 7 supersedes one of another transcript"),
        ("UPDATE predictions SET chapters = '[]'", "prediction 4 was changed after it was written"),
        ("UPDATE leak_links SET newer = 1, older = 2", "transcript 1 is linked as the newer twin of a later one"),
    ],
)
def test_what_was_done_behind_its_back_is_found(kept: Record, statement: str, said: str) -> None:
    problems = damage(kept, statement)
    assert [problem for problem in problems if problem.startswith(said)], problems
    assert all(len(problem.splitlines()) == 1 for problem in problems)


def test_a_signature_of_an_older_form(kept: Record) -> None:
    with behind_its_back(kept) as connection:
        connection.execute(sa.update(TranscriptRow).where(TranscriptRow.seq == 3).values(signature=bytes(444)))
    (found,) = fsck(kept).problems
    assert found.startswith("transcript 3 ('third') was signed by an older version")


def test_numbers_that_are_gone_without_a_trace_are_missed(kept: Record) -> None:
    """On SQLite; PostgreSQL leaves gaps behind where a transaction was rolled back."""
    with behind_its_back(kept) as connection:
        for table in (CorrectionRow, EventRow):
            connection.execute(sa.delete(table).where(table.seq >= 6))
    expected = ["the numbers 6 to 7 were given out and are gone; restore the record from a backup"]
    assert list(fsck(kept).problems) == (expected if kept.url.startswith("sqlite") else [])


def test_a_talk_that_is_held_out_after_it_was_trained_on_is_quarantined(kept: Record) -> None:
    with kept.write() as store:
        store.transcripts.add(shouted(talk("third"), "copy of the third"), "train")
    assert fsck(kept).quarantined == ()
    with kept.write() as store:
        store.transcripts.add(shouted(talk("first"), "late copy"), "sealed")
    found = fsck(kept)
    assert found.problems == ()
    (said,) = found.quarantined
    assert said.startswith(
        "transcript 1 ('first') was open to training in the night 2026-03-01 and is held out (sealed)"
    )


def test_a_twin_that_came_in_time_quarantines_nothing(either: Record) -> None:
    with either.write() as store:
        store.transcripts.add(talk("first"), "train")
        store.corrections.add(correction(1, chapters(0)))
        store.transcripts.add(shouted(talk("first"), "copy"), "anchor")
        store.nights.begin("2026-03-01", store.watermark(), store.watermark())
        store.nights.finish(Outcome(night="2026-03-01", verdict="reject"))
    assert fsck(either) == Findings((), (), 2)


# repairs -------------------------------------------------------------------------------------------------------------


def grown_old(record: Record, *seqs: int) -> None:
    """As if an older version had signed these, and so had found no twin of theirs by their words."""
    with behind_its_back(record) as connection:
        connection.execute(sa.update(TranscriptRow).where(TranscriptRow.seq.in_(seqs)).values(signature=bytes(444)))
        connection.execute(sa.delete(BandRow).where(BandRow.transcript.in_(seqs)))
        connection.execute(sa.insert(BandRow), [{"band": 7, "transcript": seq} for seq in seqs])
        near = sa.or_(LinkRow.newer.in_(seqs), LinkRow.older.in_(seqs))
        connection.execute(sa.delete(LinkRow).where(LinkRow.reason == "near", near))


def roles(record: Record) -> dict[int, str]:
    with record.look() as (session, _):
        return {row.seq: row.role for row in session.execute(sa.select(TranscriptRow.seq, TranscriptRow.role))}


def test_old_sketches_are_signed_anew_and_their_twins_are_linked_from_then_on(either: Record) -> None:
    declared: list[Role] = ["train", "anchor", "train"]
    with either.write() as store:
        for made, role in zip((talk("first"), misheard(talk("first"), "second"), talk("third")), declared, strict=True):
            store.transcripts.add(made, role)
        store.corrections.add(correction(1, chapters(0)))
        mark = store.watermark()
        store.nights.begin("2026-03-01", mark, mark)
        store.nights.finish(Outcome(night="2026-03-01", verdict="reject"))
    grown_old(either, 1, 2)
    with either.read() as store:
        before = (
            store.labels.between(0, mark),
            store.labels.changes(0, mark),
            [store.leak_groups.of(seq, mark) for seq in (1, 2, 3)],
        )
        assert [group.role for group in before[2]] == declared
    assert len(fsck(either).problems) == 2

    assert repair(either, "olga") == RepairResult(signed=(1, 2), entered=(1, 2), linked=((2, 1),))
    assert roles(either) == {1: "train", 2: "anchor", 3: "train"}, "a transcript's own role is for ever"
    with either.read() as store:
        assert before == (
            store.labels.between(0, mark),
            store.labels.changes(0, mark),
            [store.leak_groups.of(s, mark) for s in (1, 2, 3)],
        )
        now = store.watermark()
        assert [store.leak_groups.of(seq, now).role for seq in (1, 2, 3)] == ["anchor", "anchor", "train"]
        assert [seq for seq, _ in store.labels.changes(mark, now)] == [1], "the next night learns of it"
    found = fsck(either)
    assert found.problems == ()
    (said,) = found.quarantined
    assert said.startswith(
        "transcript 1 ('first') was open to training in the night 2026-03-01 and is held out (anchor)"
    )

    with either.look() as (session, _):
        (event,) = session.scalars(sa.select(RepairRow)).all()
        assert (event.seq, event.by, event.done["linked"]) == (now, "olga", [[2, 1]])
    assert repair(either, "olga") == RepairResult(), "again, there is nothing to do"
    with either.read() as store:
        assert store.watermark() == now


def test_a_twin_that_came_since_is_linked_with_the_old_one(kept: Record) -> None:
    grown_old(kept, 3)
    with kept.write() as store:
        store.transcripts.add(misheard(talk("third"), "late"), "sealed")
        assert store.leak_groups.of(3, store.watermark()).role == "train", "its old sketch hid it"
        late = store.transcripts.find("late")
    assert repair(kept, "olga").linked == ((late, 3),)
    with kept.read() as store:
        assert store.leak_groups.of(3, store.watermark()).role == "sealed"
    assert fsck(kept).problems == ()


@pytest.mark.parametrize(
    ("statement", "done"),
    [
        ("DELETE FROM leak_bands WHERE transcript = 3", RepairResult(entered=(3,))),
        ("DELETE FROM leak_links", RepairResult(linked=((2, 1),))),
        ("DELETE FROM disputes", RepairResult(conflicts=(1,))),
    ],
)
def test_an_index_that_was_lost_is_made_again(kept: Record, statement: str, done: RepairResult) -> None:
    with kept.write() as store:
        store.corrections.add(correction(1, chapters(0, 99), "bob"))
    assert len(damage(kept, statement)) == 1
    assert repair(kept, "olga") == done
    assert fsck(kept).problems == ()


def test_a_text_that_is_lost_stops_no_repair(kept: Record, tmp_path: Path) -> None:
    grown_old(kept, 1, 3)
    text_of(kept, tmp_path, 1).unlink()
    assert repair(kept, "olga").signed == (3,)
    assert [problem[:24] for problem in fsck(kept).problems] == ["transcript 1 ('first'): "]


def test_the_command_repairs_first_and_says_what_it_did(record: Record, tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    with record.write() as store:
        store.transcripts.add(talk("first"), "train")
    grown_old(record, 1)
    command = ["fsck", "-w", str(tmp_path), "--json"]
    assert CliRunner().invoke(app, command).exit_code == 4
    done = CliRunner().invoke(app, [*command, "--repair"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "problems": [],
        "quarantined": [],
        "transcripts": 1,
        "recordings": 0,
        "alone": 0,
        "repaired": {"signed": [1], "entered": [1], "linked": [], "conflicts": []},
        "restored": [],
    }
    assert "transcripts signed anew" in CliRunner().invoke(app, ["fsck", "-w", str(tmp_path), "--repair"]).stdout
