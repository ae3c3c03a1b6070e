"""How sure a model is, wherever its answers are shown: as reviewed borders have shown, once there are enough."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents.calibration import Calibration, Calibrations, PlattMap
from errata.documents.document import write_document
from errata.documents.file_names import CALIBRATION
from errata.documents.outcome import NO_OUTCOME
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.inference.predictor import AnswerKey, Predictor
from errata.operations import chaptering
from errata.operations.confidence import find_calibration
from errata.settings import FILE
from errata.tasks.template import Reading
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.made_up_record import chapters, talk

MODEL = "m" * 64
MEASURED = Calibration(
    model=MODEL,
    borders=100,
    right=50,
    items=30,
    clusters=5,
    blind=0,
    map=PlattMap("platt", 1.0, -4.0),
    as_given=None,
    calibrated=None,
)
VTT = "WEBVTT\n\n00:00.000 --> 00:04.000\nWelcome.\n\n00:04.000 --> 00:09.000\nNow the soil.\n"


class HalfSure(Predictor):
    key = AnswerKey(MODEL, "inline@1")

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        return [Reading(chapters(0, 4), confidences=(0.9, None)) for _ in transcripts]


@pytest.fixture
def workspace(record: Record, tmp_path: Path) -> Workspace:
    (tmp_path / FILE).touch()
    with record.write() as store:
        seq = store.transcripts.add(talk("garden-1"), "train").seq
        store.predictions.add(Prediction(seq, MODEL, "inline@1", chapters(0, 50), confidences=(0.9, None)))
        for label in ("n1", "n2", "n3"):
            store.nights.begin(label, 0, store.watermark())
            store.nights.finish(replace(NO_OUTCOME, night=label, verdict="reject"))
    return Workspace.find(tmp_path)


def measured(workspace: Workspace, night: str, *found: Calibration) -> None:
    folder = workspace.nights / night
    folder.mkdir(parents=True, exist_ok=True)
    write_document(folder / CALIBRATION, Calibrations(night, found))


def test_the_newest_that_tells_anything_counts(workspace: Workspace) -> None:
    assert find_calibration(workspace, MODEL) is None
    older = replace(MEASURED, borders=60)
    measured(workspace, "n1", older)
    measured(workspace, "n2", replace(MEASURED, model="other"))
    measured(workspace, "n3", replace(MEASURED, map=None))
    assert find_calibration(workspace, MODEL) == older
    measured(workspace, "n2", MEASURED)
    assert find_calibration(workspace, MODEL) == MEASURED


def test_a_talk_is_shown_with_how_sure_its_borders_are(workspace: Workspace) -> None:
    def shown() -> tuple[list[float | None], bool]:
        (answer,) = json.loads(in_this_process("show", "garden-1", "-w", workspace.root, "--json").stdout)[
            "predictions"
        ]
        return [chapter["confidence"] for chapter in answer["chapters"]], answer["calibrated"]

    assert shown() == ([0.9, None], False)
    assert "Part 1 (90 % sure)" in in_this_process("show", "garden-1", "-w", workspace.root).stdout
    measured(workspace, "n3", MEASURED)
    assert shown() == ([0.1415, None], True)
    assert "Part 1 (14 % sure)" in in_this_process("show", "garden-1", "-w", workspace.root).stdout


def test_chapters_for_a_file_have_their_confidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chaptering, "FolderModel", lambda *_: HalfSure())
    (tmp_path / "talk.vtt").write_text(VTT)
    said = in_this_process("chapters", tmp_path / "talk.vtt", "--format", "json", "--out", tmp_path / "out.json")
    assert said.returncode == 0
    (answer,) = json.loads((tmp_path / "out.json").read_text())
    assert answer["calibrated"] is False
    assert [(chapter["start"], chapter["confidence"]) for chapter in answer["chapters"]] == [(0.0, 0.9), (4.0, None)]
