"""Reviewers who differ, and those who decide between them: from the record and from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.domain.chapter import Chapter
from errata.domain.correction import Label
from errata.domain.prediction import Prediction
from errata.errors import BadInput, ErrataError, NotFound, Refused
from errata.settings import FILE
from retrain.curate import curate
from retrain.snapshot import snapshot
from tests.made_up_record import chapters, correction, talk
from tests.made_up_rows import facts, names, read_snapshot


@pytest.fixture
def root(record: Record, tmp_path: Path) -> Path:
    """A folder that the command line takes for a workspace, with one talk in dispute and one that isn't."""
    (tmp_path / FILE).write_text("")
    with record.write() as store:
        for name in ("disputed", "quiet"):
            store.transcripts.add(talk(name), "train")
        for name in ("ann", "bob"):
            store.corrections.add(correction(1, chapters(0, 30, by=name), name))
            store.corrections.add(correction(2, chapters(0, 30, by="Same"), name))
    return tmp_path


def run(*words: str | Path) -> str:
    """What a command prints; the error that a user would be shown is raised."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, ErrataError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def standing(record: Record, transcript: int = 1) -> str:
    with record.read() as store:
        found = store.labels.of(transcript, store.watermark())
    return found.chapters[0].title if isinstance(found, Label) else str(found)


def trained_on(record: Record, folder: Path) -> set[str]:
    with record.read() as store:
        watermark = store.watermark()
    snapshot(record, folder, watermark)
    return set(names(curate(facts(read_snapshot(folder)))[0]))


def test_conflicts_are_listed_with_what_each_side_stands_by(root: Path) -> None:
    (found,) = json.loads(run("conflicts", "-w", root, "--json"))
    assert (found["external_id"], found["transcript"]) == ("disputed", 1)
    assert [(side["reviewer"], side["chapters"][0]["title"]) for side in found["sides"]] == [
        ("ann", "ann 1"),
        ("bob", "bob 1"),
    ]
    assert "disputed" in run("conflicts", "-w", root) and "quiet" not in run("conflicts", "-w", root)


def test_a_conflict_neither_trains_nor_gates_until_it_is_decided(root: Path, record: Record, tmp_path: Path) -> None:
    assert trained_on(record, tmp_path / "s") == {"quiet"}
    with record.read() as store:
        before = store.watermark()
        assert [label.external_id for label in store.labels.between(0, before)] == ["quiet"]
    side = json.loads(run("conflicts", "-w", root, "--json"))[0]["sides"][1]["correction"]
    told = json.loads(run("adjudicate", "disputed", "--choose", str(side), "--by", "carol", "-w", root, "--json"))
    assert (told["chose"], told["conflicts_left"], told["chapters"][0]["title"]) == (side, 0, "bob 1")
    assert trained_on(record, tmp_path / "s") == {"quiet", "disputed"}
    with record.read() as store:
        (label,) = store.labels.between(before, store.watermark())
        assert label.first and label.kind == "adjudicate", "it had no label before, so it may gate now"
        assert store.conflicts.transcripts(before) == [1]


def test_the_same_decision_again_changes_nothing_and_another_counts(root: Path, record: Record) -> None:
    with record.write() as store:
        sides = [side.correction for side in store.conflicts.all(store.watermark())[0].sides]
        first = store.corrections.adjudicate(1, sides[0], "carol")
        assert store.corrections.adjudicate(1, sides[0], "carol") == type(first)(first.seq, new=False)
        assert store.corrections.adjudicate(1, sides[1], "carol").new
    assert standing(record) == "bob 1"


def test_a_merge_is_read_from_a_file(root: Path, record: Record) -> None:
    path = root / "merged.json"
    path.write_text('[{"start": 60, "title": "Later"}, {"start": 0, "title": "Both"}]')
    run("adjudicate", "disputed", "--merge", path, "--by", "carol", "-w", root)
    with record.read() as store:
        label = store.labels.of(1, store.watermark())
    assert isinstance(label, Label) and label.chapters == (Chapter(0.0, "Both"), Chapter(60.0, "Later"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "line 1"),
        ("{}", "list"),
        ("[]", "no chapters"),
        ('[{"start": 0}]', "title"),
        ('[{"start": -1, "title": "x"}]', "negative"),
        ('[{"start": 500, "title": "x"}]', "after the end"),
        ('[{"start": 1, "title": "x"}, {"start": 1, "title": "y"}]', "two chapters"),
    ],
)
def test_a_merge_that_is_none_is_refused_by_name(root: Path, record: Record, text: str, says: str) -> None:
    path = root / "merged.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=says):
        run("adjudicate", "disputed", "--merge", path, "--by", "carol", "-w", root)
    assert standing(record) == "conflict"


def test_what_can_t_be_decided_is_refused(root: Path, record: Record) -> None:
    with pytest.raises(BadInput, match="choose of: 3, 5"):
        run("adjudicate", "disputed", "--choose", "4", "--by", "carol", "-w", root)
    with pytest.raises(BadInput, match="--choose"):
        run("adjudicate", "disputed", "--by", "carol", "-w", root)
    with pytest.raises(Refused, match="ann is a side"):
        run("adjudicate", "disputed", "--choose", "3", "--by", "ann", "-w", root)
    with pytest.raises(NotFound, match="nobody"):
        run("adjudicate", "nobody", "--choose", "3", "--by", "carol", "-w", root)
    with pytest.raises(BadInput, match="by is empty"):
        run("adjudicate", "disputed", "--choose", "3", "--by", " ", "-w", root)
    assert standing(record) == "conflict"


def test_a_later_edit_opens_the_dispute_again(root: Path, record: Record) -> None:
    with record.write() as store:
        store.corrections.adjudicate(1, chapters(0, by="Decided"), "carol")
        store.corrections.add(correction(1, chapters(0, by="Decided"), "ann"))
    assert standing(record) == "Decided 1"
    with record.write() as store:
        store.corrections.add(correction(1, chapters(0, by="Other"), "bob"))
    assert standing(record) == "conflict"


@pytest.mark.parametrize("what", ["the adjudication", "what it chose"])
def test_a_decision_falls_with_what_it_rests_on(root: Path, record: Record, what: str) -> None:
    with record.write() as store:
        chosen = store.conflicts.all(store.watermark())[0].sides[0].correction
        decided = store.corrections.adjudicate(1, chosen, "carol").seq
        store.corrections.retract(decided if what == "the adjudication" else chosen, "carol", "no")
    assert standing(record) == ("conflict" if what == "the adjudication" else "bob 1")


def test_accepting_what_another_rejects_is_a_dispute(record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("t"), "train").seq
        said = chapters(0, by="Said")
        answered = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", said)).seq
        other = store.predictions.add(Prediction(seq, "n" * 64, "inline@1", chapters(0, by="Else"))).seq
        store.corrections.add(correction(seq, said, "ann", "accept", answered))
        store.corrections.add(correction(seq, (), "eve", "reject", other))
        assert store.conflicts.transcripts(store.watermark()) == [], "of another answer, it is none"
        store.corrections.add(correction(seq, (), "bob", "reject", answered))
        assert store.conflicts.transcripts(store.watermark()) == [seq]
        store.corrections.add(correction(seq, (), "bob", "retract"))
        assert store.conflicts.transcripts(store.watermark()) == []


def test_an_adjudication_of_an_adjudication_falls_with_the_correction_that_the_first_one_chose(record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("t"), "train").seq
        right = store.corrections.add(correction(seq, chapters(0, by="ann"), "ann")).seq
        store.corrections.add(correction(seq, chapters(0, by="bob"), "bob"))
        first = store.corrections.adjudicate(seq, right, "carol").seq
        second = store.corrections.adjudicate(seq, first, "dora").seq
        assert store.corrections.read(second).supersedes == right
        assert {right, second} <= store.labels.supporting_corrections(seq, store.watermark())
    assert standing(record) == "ann 1"
    with record.write() as store:
        store.corrections.retract(right, "ann", "the wrong talk")
    assert standing(record) == "bob 1", "nobody's words are taught after they were taken back"
