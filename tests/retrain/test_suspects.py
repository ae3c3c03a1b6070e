"""Labels that may be wrong: found by their loss, put into an inbox, and held back only where that is asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from errata.database.record import Record
from errata.documents.file_names import CURATED, LEFT_OUT, MIXTURE, ROWS, SNAPSHOT, SUSPECTS, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.outcome import NO_OUTCOME
from errata.documents.suspects import SuspectLabel, read_suspects, write_suspects
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import TRAINING_TRANSCRIPTS
from errata.operations.reviewing import adjudicate
from errata.operations.suspect_inbox import label_inbox, open_suspects
from errata.settings import FILE
from errata.tasks.encode import Encoded
from errata.workspace import Workspace
from retrain import curate, hardness, mix
from retrain.label_noise import suspect_labels
from retrain.objectives.pair_logits import AnswerLogits, row_logits
from retrain.row_index import indexed_rows, read_index
from retrain.training_rows import TrainingRow
from tests.command_line import in_this_process
from tests.made_up_model import make_model
from tests.made_up_params import write_params
from tests.made_up_record import add, chapters, correction, talk
from tests.made_up_rows import index, names, write_snapshot
from tests.retrain.test_mix import ROWS as TALKS
from tests.retrain.test_mix import row

USUAL = [2.0 + 0.01 * number for number in range(30)]
SUSPECT = SuspectLabel(
    external_id="a", transcript=1, correction=2, reviewer="ann", loss=9.0, usual=2.0, limit=3.5, model="m" * 64
)


def suspected(losses: list[float], kind: str = "edit") -> list[str]:
    rows = indexed_rows(index([replace(row, kind=kind) for row in TALKS[: len(losses)]]))
    return [suspect.external_id for suspect in suspect_labels(rows, losses, "m")]


def test_a_label_far_beyond_the_others_is_suspected_and_the_farthest_comes_first() -> None:
    assert suspected(USUAL) == []
    assert suspected([*USUAL[:28], 9.0, 30.0]) == ["t30", "t29"]
    assert suspected([*USUAL[:28], 2.4, 0.1]) == [], "what is easy is no fault, nor what is a little harder"
    assert suspected([2.0] * 10 + [30.0]) == [], "among few, none stands out"
    assert suspected([*USUAL[:28], 9.0, 30.0], kind="adjudicate") == [], "somebody has looked at those"


def test_of_a_long_talk_a_few_windows_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model(tmp_path / "model", context=256)
    asked: list[int] = []

    def counted(model: Any, window: Encoded, features: FeatureStore) -> AnswerLogits:
        asked.append(len(window.input_ids))
        return row_logits(model, window, features)

    monkeypatch.setattr(hardness, "row_logits", counted)
    rows = [row(number, lines=lines) for number, lines in enumerate((3, 120))]
    both = hardness.champion_losses(tmp_path / "model", tmp_path, rows)
    assert len(both) == 2 and all(loss > 0 for loss in both)
    assert len(asked) == 1 + hardness.WINDOWS


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A night with forty new rows, of which the model finds one unlikely."""
    identity = make_model(tmp_path / "models" / "new", context=512)
    (tmp_path / "models" / "new").rename(tmp_path / "models" / identity[:16])
    (tmp_path / FILE).touch()
    write_snapshot(tmp_path / SNAPSHOT, TALKS)
    Night("n1", 40, 40, identity, identity, 0, "", 0, "c").write(tmp_path)

    def made_up_loss(row: TrainingRow) -> float:
        return 50.0 if row.external_id == "t33" else 2.0 + row.transcript / 100

    monkeypatch.setattr(mix, "champion_losses", lambda _, __, rows, **___: [made_up_loss(row) for row in rows])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_stages() -> list[str]:
    from retrain import augment

    for stage in (curate, augment, mix):
        stage.main()
    return sorted(names(read_index(MIXTURE / ROWS)))


def test_a_suspect_is_trained_on_unless_it_is_to_be_held(night: Path) -> None:
    write_params(night, augment={"share": 0.0}, curate={"suspect_rows": 30})
    assert "t33" in run_stages()
    (suspect,) = read_suspects(MIXTURE / SUSPECTS)
    assert (suspect.external_id, suspect.correction, suspect.loss) == ("t33", 33, 50.0)
    write_params(night, augment={"share": 0.0}, curate={"suspect_rows": 30, "suspects": "hold"})
    assert run_stages() == sorted({row.external_id for row in TALKS} - {"t33"})
    assert read_suspects(MIXTURE / SUSPECTS) == [suspect]
    assert "suspected" in json.loads((MIXTURE / LEFT_OUT).read_text())["reason"]
    assert pq.read_metadata(MIXTURE / TRAINING_ROWS).num_rows == 39
    assert not set(TALKS[32].group_hashes) & set(json.loads((MIXTURE / TRAINING_TRANSCRIPTS).read_text()))


def test_so_many_of_the_newest_rows_are_looked_at(night: Path) -> None:
    write_params(night, augment={"share": 0.0}, curate={"suspect_rows": 0})
    run_stages()
    assert read_suspects(MIXTURE / SUSPECTS) == []


def test_what_an_earlier_night_suspected_waits_by_name(night: Path) -> None:
    write_params(night, augment={"share": 0.0}, curate={"suspect_rows": 0})
    replace(Night.read(night), held=(5, 33)).write(night)
    assert not {"t5", "t33"} & set(run_stages())
    reasons = {json.loads(line)["external_id"] for line in (CURATED / LEFT_OUT).read_text().splitlines()}
    assert reasons == {"t5", "t33"}


@pytest.fixture
def workspace(record: Record, tmp_path: Path) -> Workspace:
    (tmp_path / FILE).touch()
    write_params(tmp_path)
    add(record, talk("a"), "train", 0, 40)
    add(record, talk("b"), "train", 0, 40)
    with record.write() as store:
        seq = store.transcripts.find("b")
        store.corrections.add(correction(seq, chapters(0, 60), "bob"))
        for label in ("n1", "n2"):
            store.nights.begin(label, 0, store.watermark())
            store.nights.finish(replace(NO_OUTCOME, night=label, verdict="reject"))
    write_suspects(tmp_path / "nights" / "n1" / SUSPECTS, [replace(SUSPECT, loss=8.0), replace(SUSPECT, transcript=3)])
    write_suspects(tmp_path / "nights" / "n2" / SUSPECTS, [SUSPECT])
    return Workspace.find(tmp_path)


def test_the_inbox_has_what_stands_and_what_people_differ_on(workspace: Workspace) -> None:
    inbox = label_inbox(workspace)
    assert [(entry.night, entry.suspect.loss) for entry in inbox.suspects] == [("n2", 9.0)]
    assert [conflict.external_id for conflict in inbox.conflicts] == ["b"]
    said = in_this_process("suspects", "-w", workspace.root).stdout
    assert max(map(len, said.splitlines())) <= 80
    assert "errata adjudicate a --choose 2 --by YOU" in said and "9.0 nats" in said and "ann, bob" in said
    document = json.loads(in_this_process("suspects", "-w", workspace.root, "--json").stdout)
    assert document["suspects"][0]["suspect"]["external_id"] == "a" and document["held"] is False


def test_a_decision_takes_a_suspect_out_and_leaves_what_was_known_before(workspace: Workspace) -> None:
    with workspace.record.read() as store:
        before = store.watermark()
        assert [entry.night for entry in open_suspects(workspace.nights, store, before, besides="n2")] == ["n1"]
    adjudicate(workspace, "a", "2", "eve")
    adjudicate(workspace, "b", chapters(0, 60), "eve")
    assert "no label is suspected" in in_this_process("suspects", "-w", workspace.root).stdout
    with workspace.record.read() as store:
        assert len(open_suspects(workspace.nights, store, before)) == 1
