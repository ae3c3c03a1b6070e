"""A retraction names the snapshots, the nights and the models that hold the row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.database.store import Store
from errata.documents.file_names import SNAPSHOT
from errata.documents.outcome import Outcome
from errata.errors import BadInput, ErrataError, NotFound, Refused
from errata.files import write_json
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, seal, store_model
from errata.settings import FILE
from retrain.snapshot import snapshot
from tests.made_up_record import chapters, correction, talk


def run(root: Path, *words: str) -> Any:
    done = CliRunner().invoke(app, ["retract", *words, "-w", str(root), "--json"])
    if isinstance(done.exception, ErrataError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def night(store: Store, label: str, training: int, candidate: str) -> None:
    store.nights.begin(label, training, store.labels.newest())
    store.nights.finish(Outcome(night=label, verdict="inconclusive", candidate=candidate))


def model(root: Path, watermark: int, seen: list[str]) -> str:
    folder = root / "made"
    folder.mkdir(exist_ok=True)
    Card("inline@1", 64, training_watermark=watermark).write(folder)
    write_json(folder / TRAINING_TRANSCRIPTS, seen)
    seal(folder)
    return store_model(folder, root / "models")


@pytest.fixture
def root(record: Record, tmp_path: Path) -> Path:
    """Three nights: the first trains on nothing, the second on `a` and `b`, the third on a later `a` too."""
    (tmp_path / FILE).write_text(f'mlflow_uri = "sqlite:///{tmp_path}/mlflow.db"\n')
    with record.write() as store:
        for name in ("a", "b"):
            store.transcripts.add(talk(name), "train")
            store.corrections.add(correction(store.transcripts.find(name), chapters(0, 30, by="First")))
        night(store, "one", 0, "")
        store.corrections.add(correction(1, chapters(0, 30, by="Second")))
        hashes = [store.transcripts.hash_of(seq) for seq in (1, 3)]
        night(store, "two", 4, model(tmp_path, 4, hashes))
        night(store, "three", 5, model(tmp_path, 5, hashes[:1]))
    for mark in (4, 5):
        snapshot(record, tmp_path / SNAPSHOT, mark)
    model(tmp_path, 0, [])
    return tmp_path


def test_a_row_is_traced_through_shards_nights_and_models(root: Path) -> None:
    found = run(root, "2", "--by", "ann", "--why", "wrong talk")
    assert [(shard["after"], shard["upto"]) for shard in found["snapshots"]] == [(0, 4)]
    assert [(each["night"], each["trained"], each["scored"]) for each in found["nights"]] == [
        ("one", False, True),
        ("two", True, False),
    ]
    assert [each["night"] for each in found["models"]] == ["two", "three"], "what was trained on top of it too"
    assert "not registered" in found["mlflow"]
    assert (found["external_id"], found["reviewer"], found["new"]) == ("a", "ann", True)
    again = run(root, found["identity"][:10], "--by", "ann", "--why", "wrong talk")
    assert again == {**found, "new": False}


def test_a_row_that_no_night_has_seen_names_none(root: Path, record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("late"), "train").seq
        late = store.corrections.add(correction(seq, chapters(0))).seq
    found = run(root, str(late), "--by", "ann", "--why", "no")
    assert (found["snapshots"], found["nights"], found["models"]) == ([], [], [])


def test_a_held_out_row_trained_nothing(root: Path, record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("held"), "anchor").seq
        held = store.corrections.add(correction(seq, chapters(0))).seq
        night(store, "four", store.watermark(), "")
    found = run(root, str(held), "--by", "ann", "--why", "no")
    assert [(each["night"], each["trained"], each["scored"]) for each in found["nights"]] == [("four", False, True)]
    assert found["models"] == []


def test_it_stays_out_of_the_next_snapshot_and_in_the_earlier_one(root: Path, record: Record, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (root / SNAPSHOT).glob("*.parquet")}
    run(root, "4", "--by", "ann", "--why", "no")
    for mark in (4, 5):
        snapshot(record, tmp_path / "again", mark)
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").glob("*.parquet")} == before
    with record.read() as store:
        assert [label.external_id for label in store.labels.between(0, store.watermark())] == ["a"]
        snapshot(record, root / SNAPSHOT, store.watermark())


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("99", "--by", "ann", "--why", "no"), NotFound),
        (("2", "--by", "ann", "--why", " "), BadInput),
        (("2", "--by", "", "--why", "no"), BadInput),
    ],
)
def test_what_can_t_be_taken_back_is_refused(root: Path, words: tuple[str, ...], error: type[ErrataError]) -> None:
    with pytest.raises(error):
        run(root, *words)


def test_a_retraction_can_t_be_retracted(root: Path) -> None:
    taken = run(root, "2", "--by", "ann", "--why", "no")["retraction"]
    with pytest.raises(Refused, match="retraction"):
        run(root, str(taken), "--by", "ann", "--why", "no")
