"""A deletion request: nothing of the transcript is left anywhere, however often the request was cut short."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zlib
from contextlib import chdir, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.documents.file_names import SNAPSHOT
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.scored_items import ScoredItemRow, write_scored_items
from errata.domain.hashing import canonical_json, sha256
from errata.domain.prediction import Prediction
from errata.errors import BadInput, ErrataError, Forgotten, NotFound, Refused, Unavailable
from errata.files import write_json
from errata.inference.artefact import OLD_TRAINING_TRANSCRIPTS, TRAINING_TRANSCRIPTS, Card, seal, store_model
from errata.loop import forget as forgetting
from errata.loop.night_runs import log_items
from errata.operations.importing import import_corrections, import_transcripts
from errata.workspace import Workspace
from evaluation.judges.cache import FOLDER as JUDGES
from evaluation.judges.cache import Cache
from evaluation.judges.question_bank import BankQuestion
from evaluation.judges.recall import GradeForm, request
from evaluation.judges.request import Reply
from registry.models import ModelRegistry
from retrain.curate import curate
from retrain.paraphrase import FOLDER as PARAPHRASES
from retrain.snapshot import snapshot
from tests.made_up_record import chapters, correction, misheard, shouted, talk
from tests.made_up_rows import facts, names, read_snapshot

GONE = talk("the-lecture", channel="Her channel")
TWIN = replace(misheard(GONE, "a-twin"), title="Twin", channel="")
WORDS = [segment.text for segment in GONE.segments[::3]]
"""Lines that the twin has otherwise."""
SECRETS = ["the-lecture", "Talk the-lecture", "Her channel", "Secret 1", "Guessed 1", *WORDS]


def texts(path: Path) -> list[bytes]:
    """A file's bytes, and what they say once they are unpacked."""
    data = path.read_bytes()
    found = [data]
    if data[:4] == b"PAR1":
        found.append(str(pq.read_table(BytesIO(data)).to_pylist()).encode())
    with suppress(zlib.error):
        found.append(zlib.decompress(data))
    return found


def holding(*folders: Path) -> set[str]:
    """The files in which any of the secrets can still be found."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path) for path in files for text in texts(path) if any(word.encode() in text for word in SECRETS)}


def run(root: Path, *words: str) -> Any:
    done = CliRunner().invoke(app, [*words, "-w", str(root), "--json"])
    if isinstance(done.exception, ErrataError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def forget(root: Path) -> Any:
    return run(root, "forget", "the-lecture", "--by", "carol", "--why", "the speaker asked")


def fill(record: Record) -> int:
    """The talk, a twin, another; an answer to each and a correction of each. Returns the watermark."""
    with record.write() as store:
        for transcript in (GONE, TWIN, talk("kept")):
            seq = store.transcripts.add(transcript, "train").seq
            answer = chapters(0, by="Guessed" if transcript is GONE else "Other")
            seen = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", answer)).seq
            right = chapters(0, 30, by="Secret" if transcript is GONE else "Right")
            store.corrections.add(correction(seq, right, prediction=seen))
        return store.watermark()


def table(path: Path) -> None:
    """A night's scores: a row for the talk and one for the other."""
    rows = [scored(1, "the-lecture", "Her channel", "Secret 1"), scored(7, "kept", "", "Right 1")]
    write_scored_items(path, rows)


def scored(transcript: int, external_id: str, channel: str, title: str) -> ScoredItemRow:
    listed = canonical_json([{"start": 0.0, "title": title}])
    return ScoredItemRow(
        night="n", part="fresh", name="day0", model="d", transcript=transcript, external_id=external_id,
        channel=channel, correction=1, kind="edit", reviewer="ann", f1=1.0, equal_split_f1=0.0,
        reference=listed, prediction=listed,
    )  # fmt: skip


def dvc(root: Path, *words: str) -> None:
    """In this process, which imports it once; the stages' own `python` must be found all the same."""
    from dvc.cli import main

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with chdir(root), patch.dict(os.environ, PATH=path):
        assert main(list(words)) == 0


def model(root: Path, seen: list[str]) -> str:
    folder = root / "made"
    folder.mkdir(exist_ok=True)
    Card("inline@1", 64, training_watermark=9).write(folder)
    write_json(folder / TRAINING_TRANSCRIPTS, seen)
    seal(folder)
    identity = store_model(folder, root / "models")
    shutil.rmtree(folder)
    return identity


@pytest.fixture(scope="module")
def made(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """A workspace with a night behind it: shards, DVC's cache and remote, scores, rejects, MLflow, and a model."""
    place = tmp_path_factory.mktemp("forget")
    workspace = Workspace(shutil.copytree(laid_out, place / "workspace"))
    root, watermark = workspace.root, fill(workspace.record)
    Night("n", watermark, watermark, "d", "d", 0, "", 0, "c").write(root)
    dvc(root, "repro", "--quiet", "curate")
    (root / "mixed").mkdir()
    pq.write_table(pa.table({"input_ids": [[1, 2, 3]]}), root / "mixed" / "train.parquet")
    write_json(root / "mixed" / OLD_TRAINING_TRANSCRIPTS, [GONE.hash])  # as the version before wrote it
    dvc(root, "add", "--quiet", "mixed")
    shutil.copytree(root / "mixed", root / "data" / "mix")
    dvc(root, "remote", "add", "-d", "store", str(place / "remote"))
    dvc(root, "push", "--quiet")
    for folder in (root / "nights" / "n", root / "scores"):
        table(folder / "items.parquet")
    night = root / "nights" / "n"
    (night / "report.html").write_text("<p>the-lecture: Secret 1</p>")
    (night / "published").touch()
    (root / "rejects").mkdir()
    (root / "rejects" / "r.jsonl").write_text('{"video_id": "the-lecture", "x": "Secret 1"}\n{"video_id": "kept"}\n')
    write_json(root / PARAPHRASES / GONE.hash[:16] / "asked.json", {"lines": ["Secret 1 in other words"]})
    for judge in ("a grader", "another"):  # of the question bank: the talk is an item there, by its id alone
        asked = request(BankQuestion("q", "What was said?", "Secret 1", "the-lecture"), "Secret 1")
        why = GradeForm(why="It says Secret 1, as the reference does.", grade=2)
        Cache(root / JUDGES).put(sha256(judge), asked, Reply(why, ""))
    registry = ModelRegistry.of(workspace)
    started = registry.runs.open_night("n")
    log_items(workspace, registry, started, "n")
    identity = model(root, [GONE.hash])
    registry.register(root / "models" / identity[:16], identity, {}, started)
    registry.runs.close(started)
    with workspace.record.write() as store:
        store.nights.begin("n", watermark, watermark)
        store.nights.finish(Outcome(night="n", verdict="inconclusive", candidate=identity))
    return workspace, identity


def test_nothing_is_left_however_often_it_is_cut_short(
    made: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, identity = made
    places = (workspace.root, workspace.root.parent / "remote")
    before = holding(*places)
    assert len(before) > 10
    for step in ("clear_workspace", "clear_dvc", "_replace_in_mlflow", "scrub"):
        with monkeypatch.context() as broken:

            def fail(*_: object) -> None:
                raise Unavailable("cut short")

            broken.setattr(forgetting, step, fail)
            with pytest.raises(Unavailable, match="cut short"):
                forget(workspace.root)
        with workspace.record.read() as store:
            assert [tombstone.finished for tombstone in store.tombstones.open_requests()] == [False]
    told = forget(workspace.root)
    workspace.record.close()
    assert holding(*places) == set()
    assert told["finished"] and told["twins"] == ["a-twin"]
    removed = told["removed"]
    assert {name: removed[name] for name in ("transcripts", "predictions", "corrections", "nights")} == {
        "transcripts": 1,
        "predictions": 1,
        "corrections": 1,
        "nights": ["n"],
    }
    assert [each["model"] for each in told["models"]] == [identity]
    assert "1 version has the tag" in told["mlflow"]
    assert forget(workspace.root)["seq"] == told["seq"], "again, it changes nothing"


def test_the_others_are_still_there(made: tuple[Workspace, str]) -> None:
    workspace, _ = made
    assert {row.external_id for row in read_snapshot(workspace.root / SNAPSHOT)} == {"a-twin", "kept"}
    assert pq.read_table(workspace.root / "nights/n/items.parquet").to_pylist()[0]["external_id"] == "kept"
    assert json.loads((workspace.root / "rejects" / "r.jsonl").read_text()) == {"video_id": "kept"}
    assert not (workspace.root / "data" / "mix").exists()
    dvc(workspace.root, "repro", "--quiet", "curate")
    with workspace.record.read() as store:
        assert {label.external_id for label in store.labels.between(0, store.watermark())} == {"a-twin", "kept"}
        twin = store.labels.of(4, store.watermark())
        assert not isinstance(twin, str) and twin is not None
        assert GONE.hash in twin.group_hashes, "a model that saw it is still not scored on its twin"


# the record alone ----------------------------------------------------------------------------------------------------


def delete_lecture(record: Record) -> None:
    with record.write() as store:
        store.tombstones.remove_texts(store.tombstones.record_deletion("the-lecture", "carol", "asked"))


@pytest.mark.parametrize("again", [GONE, shouted(GONE, "another-name"), talk("the-lecture", said="other words")])
def test_it_is_refused_by_name_from_then_on(record: Record, again: Any) -> None:
    fill(record)
    delete_lecture(record)
    with record.write() as store, pytest.raises(BadInput, match=f"'{again.external_id}' was forgotten on request"):
        store.transcripts.add(again)
    with record.read() as store:
        with pytest.raises(Forgotten, match="forgotten on request"):
            store.transcripts.find("the-lecture")
        with pytest.raises(NotFound, match="forgotten on request"):
            store.transcripts.read(1)
        assert 1 not in store.transcripts.awaiting_draft("n" * 64, "inline@1")


def test_an_import_refuses_the_row_and_goes_on(record: Record, tmp_path: Path) -> None:
    fill(record)
    delete_lecture(record)
    folder = tmp_path / "talks"
    folder.mkdir()
    for name in ("the-lecture", "newcomer"):
        (folder / f"{name}.txt").write_text(f"{name} says one thing. And then another one.\n" * 3)
    report = import_transcripts(record, folder, tmp_path / "rejects")
    assert (report.new, report.rejected) == (1, 1)


def test_every_version_under_the_id_goes(record: Record) -> None:
    with record.write() as store:
        for said in ("once", "twice"):
            store.transcripts.add(talk("the-lecture", said=said))
        tombstone = store.tombstones.record_deletion("the-lecture", "carol", "asked")
        assert len(tombstone.transcripts) == len(tombstone.hashes) == 2
    with record.read() as store, pytest.raises(NotFound, match="nobody"):
        store.tombstones.record_deletion("nobody", "carol", "asked")


def test_it_is_counted_no_more_nor_is_what_was_said_of_it(record: Record) -> None:
    fill(record)
    with record.read() as store:
        before = store.counts()
    delete_lecture(record)
    with record.read() as store:
        after = store.counts()
        assert sum(store.transcripts.roles().values()) == after["transcripts"]
    assert after["transcripts"] == before["transcripts"] - 1
    assert after["corrections"] < before["corrections"]


def test_a_request_that_was_cut_short_trains_no_other_night(record: Record, tmp_path: Path) -> None:
    watermark = fill(record)
    snapshot(record, tmp_path / "s", watermark)
    assert "the-lecture" in {row.external_id for row in read_snapshot(tmp_path / "s")}
    delete_lecture(record)
    with record.read() as store:
        later = store.watermark()
    snapshot(record, tmp_path / "s", later)
    rows = read_snapshot(tmp_path / "s")
    assert {row.external_id for row in rows} == {"a-twin", "kept"} >= set(names(curate(facts(rows))[0]))
    snapshot(record, tmp_path / "anew", later)
    assert read_snapshot(tmp_path / "anew") == rows
    assert holding(tmp_path / "s") == set()


def test_only_a_release_owner_may_ask_once_there_is_one(record: Record, tmp_path: Path) -> None:
    (tmp_path / "errata.toml").write_text("")
    fill(record)
    with record.write() as store:
        store.reviewers.appoint("olga", "release owner", "olga")
    with pytest.raises(Refused, match="carol is a reviewer"):
        forget(tmp_path)
    with record.read() as store:
        assert store.transcripts.find("the-lecture") == 1


def test_no_rejects_file_keeps_what_was_said_of_it(record: Record, tmp_path: Path) -> None:
    (tmp_path / "errata.toml").write_text("")
    fill(record)
    torn = tmp_path / "torn.jsonl"
    torn.write_text('{"video_id": "the-lecture", "reviewed": [{"start": 0, "title": "Secret 1"\n')
    import_corrections(record, torn, tmp_path / "rejects", name="reviews")
    assert "Secret" in (tmp_path / "rejects" / "torn-corrections.jsonl").read_text()
    assert forget(tmp_path)["removed"]["rejected_rows"] == 1
    late = tmp_path / "late.jsonl"
    review = {"video_id": "the-lecture", "reviewer": "ann", "reviewed": [{"start": 0, "title": "Secret 1"}]}
    late.write_text(json.dumps(review))
    report = import_corrections(record, late, tmp_path / "rejects")
    assert report.rejected == 1
    assert "Secret" not in "".join(path.read_text() for path in (tmp_path / "rejects").iterdir())


def test_rejects_of_a_killed_import_go_too(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "errata.toml").write_text("")
    fill(record)
    torn = tmp_path / "torn.jsonl"
    torn.write_text('{"video_id": "the-lecture", "reviewed": [{"start": 0, "title": "Secret 1"\n')
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Path, "replace", Mock(side_effect=KeyboardInterrupt))
        import_corrections(record, torn, tmp_path / "rejects", name="reviews")
    assert "Secret" in "".join(path.read_text() for path in (tmp_path / "rejects").iterdir())
    assert forget(tmp_path)["removed"]["rejected_rows"] == 1
    assert "Secret" not in "".join(path.read_text() for path in (tmp_path / "rejects").iterdir())


def test_a_trial_that_was_cut_short_goes_whole_and_what_others_scored_stays(record: Record, tmp_path: Path) -> None:
    (tmp_path / "errata.toml").write_text("")
    fill(record)
    for runs in ("ablation", "sweep"):
        room = tmp_path / "work" / runs / "0123456789abcdef"
        room.mkdir(parents=True)
        (room / "dataset.arrow").write_bytes(b"its tokens")
        room.with_name("fedcba9876543210.json").write_text("{}")
    forget(tmp_path)
    left = sorted(path.relative_to(tmp_path / "work").as_posix() for path in (tmp_path / "work").rglob("*.*"))
    assert left == ["ablation/fedcba9876543210.json", "sweep/fedcba9876543210.json"]


def test_what_a_killed_writer_left_of_its_text_goes_too(record: Record, tmp_path: Path) -> None:
    fill(record)
    (text,) = (tmp_path / "blobs").rglob(f"{GONE.hash}.json.zz")
    shutil.copyfile(text, text.with_name(f"{text.name}.123.tmp"))
    delete_lecture(record)
    assert holding(tmp_path / "blobs") == set()


def test_a_file_that_was_called_by_its_id_is_named_no_more(record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("the-lecture"), "train").seq
        store.corrections.add(replace(correction(seq, chapters(0)), origin="the-lecture.info.json"))
        known = store.tombstones.record_deletion("the-lecture", "carol", "asked")
        assert "the-lecture" not in repr(store.corrections.read(2))
        with pytest.raises(NotFound):
            store.tombstones.record_deletion(known.external_id_sha256, "carol", "its hash is no id")
        with pytest.raises(NotFound):
            store.transcripts.find(known.external_id_sha256)


def test_a_model_that_answers_late_writes_nothing_down(record: Record) -> None:
    fill(record)
    delete_lecture(record)
    with record.write() as store, pytest.raises(Forgotten, match="1 was forgotten"):
        store.predictions.add(Prediction(1, "n" * 64, "inline@1", chapters(0, by="Secret")))


def test_twins_of_twins_are_named(record: Record) -> None:
    with record.write() as store:
        for each in (GONE, replace(TWIN, external_id="between"), replace(talk("x"), external_id="between")):
            store.transcripts.add(each)
        store.transcripts.add(shouted(talk("x"), "far"))
        tombstone = store.tombstones.record_deletion("the-lecture", "carol", "asked")
        assert store.tombstones.twins(tombstone) == ["between", "far"]
