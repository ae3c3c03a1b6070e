"""`errata replay`: recorded traffic against another model, resumable, and blind to what the next night tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.chapter_requests import ChapterRequest
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from errata.inference.model import FolderModel
from errata.operations.answering import new_name
from errata.tasks.template import Reading
from errata.workspace import Workspace
from tests.evaluation.comparing import known
from tests.made_up_answers import ASKED, corrected
from tests.made_up_record import chapters, talk


def replay(workspace: Workspace, *words: object) -> dict[str, Any]:
    command = ["replay", *map(str, words), "-w", str(workspace.root), "--json"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def served(workspace: Workspace, model: str, seqs: Sequence[int], at: float) -> None:
    """That the service gave these answers."""
    with workspace.record.write() as store:
        for seq in seqs:
            answer = store.predictions.add(Prediction(seq, model, ASKED, chapters(0, at))).seq
            store.chapter_requests.add(ChapterRequest(new_name(), "app", "b" * 64, seq, None, answer))


def test_answers_are_held_against_those_on_record_and_the_corrections(
    workspace: Workspace, talks: list[int], right: str, tmp_path: Path
) -> None:
    served(workspace, "w" * 64, talks, 90)
    out = tmp_path / "replay.jsonl"
    found = replay(workspace, right[:8], "--out", out)
    assert (found["talks"], found["identical"], found["problems"], found["not_scored"]) == (10, 0, 0, 0)
    assert found["agreement"] == pytest.approx(100 / 3), "both begin at 0, and the second border is another"
    assert found["f1"]["mean_new"] == 100.0 and found["f1"]["mean_old"] < 100 and found["f1"]["low"] > 0
    assert found["seconds"] is None, "every answer was on record"
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["external_id"] for line in lines] == [f"t{at}" for at in range(10)]
    assert lines[0]["replayed"][1]["start"] == 60 and lines[0]["recorded_f1"] < lines[0]["replayed_f1"] == 100
    with pytest.raises(BadInput, match="is there already"):
        replay(workspace, right[:8], "--out", out)
    table = CliRunner().invoke(app, ["replay", right[:8], "-w", str(workspace.root)]).stdout
    assert "replayed minus recorded [90 %]" in table and "100.0" in table


def test_the_champion_s_predictions_are_replayed_too_and_only_the_newest(
    workspace: Workspace, talks: list[int], right: str
) -> None:
    wrong = known(workspace, dict.fromkeys(talks, 90))
    found = replay(workspace, wrong[:8], "--of", "predictions", "--last", 4)
    assert found["talks"] == 4 and found["f1"]["n"] == 4 and found["f1"]["high"] < 0
    with pytest.raises(NotFound, match="no recorded requests to replay; `errata serve`"):
        replay(workspace, wrong[:8])


def test_what_is_held_out_or_for_the_next_night_is_not_looked_at(workspace: Workspace, right: str) -> None:
    later = corrected(workspace.record, ["later"])
    anchor = corrected(workspace.record, ["anchor"], "anchor")
    with workspace.record.write() as store:
        for seq in (*later, *anchor):
            store.predictions.add(Prediction(seq, right, ASKED, chapters(0, 60)))
    served(workspace, "w" * 64, [*later, *anchor], 90)
    found = replay(workspace, right[:8])
    assert (found["talks"], found["f1"], found["not_scored"]) == (2, None, 2)


def test_a_replay_that_was_cut_short_goes_on_where_it_was(
    workspace: Workspace, weights: Path, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workspace.record.write() as store:
        seqs = [store.transcripts.add(talk(f"new{at}", lines=2)).seq for at in range(10)]
    served(workspace, "w" * 64, seqs, 10)
    asked: list[str] = []

    def answer(self: FolderModel, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        asked.extend(transcript.external_id for transcript in transcripts)
        if len(asked) == 9:
            raise KeyboardInterrupt
        return [Reading(chapters(0, 10)) for _ in transcripts]

    monkeypatch.setattr("errata.inference.forks.ForkedModel.answer", answer)
    command = ["replay", str(weights / "full"), "-w", str(workspace.root), "--json"]
    assert CliRunner().invoke(app, command).exit_code != 0
    found = replay(workspace, weights / "full")
    assert asked == [*(f"new{at}" for at in range(9)), "new8", "new9"], "what was written is not asked again"
    assert found["seconds"]["answers"] == 2 and found["agreement"] == 100.0 and found["identical"] == 10
