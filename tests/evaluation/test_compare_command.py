"""`errata compare`: models of every kind, on the items that both may be asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.documents.outcome import Outcome
from errata.domain.chapter import Chapter, Chapters
from errata.domain.prediction import Prediction
from errata.errors import BadInput, NotFound
from errata.inference.model_form import CONTEXT
from errata.loop.compared_models import PromptSettings
from errata.workspace import Workspace
from tests.evaluation.comparing import compare, known, refused, run_a_night
from tests.made_up_answers import ASKED, corrected
from tests.made_up_record import chapters
from tests.made_up_server import Server


def test_an_alias_and_the_beginning_of_an_identity(workspace: Workspace, talks: list[int], right: str) -> None:
    wrong = known(workspace, dict.fromkeys(talks, 90))
    found = compare(workspace, "champion", wrong[:8])
    assert (found["a"]["model"], found["b"]["model"], found["on"], found["items"]) == (right, wrong, "fresh", 10)
    assert found["a"]["kind"] == "model" and not found["a"]["foreign"]
    assert found["metrics"]["f1"]["a"]["mean"] == 100.0 and found["metrics"]["f1"]["difference"]["low"] > 0
    assert len(found["fixes"]) == 5 and found["regressions"] == []
    table = CliRunner().invoke(app, ["compare", "champion", wrong[:8], "-w", str(workspace.root)]).stdout
    assert "A minus B" in table and "100.0" in table and "t3" in table
    [row] = [line.split() for line in table.splitlines() if line.startswith("f1 ")]
    assert len(row) == 8, "metric, A, B, A minus B with its interval, p, detectable: nothing is folded at 80 columns"


def test_a_model_whose_traces_were_imported(workspace: Workspace, talks: list[int], right: str) -> None:
    with workspace.record.write() as store:
        for seq in talks:
            answer = Prediction(seq, f"foreign:gpt-x:{seq}", "", chapters(90), foreign=True)
            store.traces.add("trace", str(seq), store.predictions.add(answer).seq, "")
    found = compare(workspace, "champion", "foreign:gpt-x")
    assert (found["b"]["given"], found["b"]["kind"], found["b"]["foreign"]) == ("foreign:gpt-x", "traces", True)
    assert found["items"] == 10 and found["metrics"]["f1"]["difference"]["low"] > 0
    assert "the record has no traced answers of 'foreign:other'" in refused(
        workspace, NotFound, "champion", "foreign:other"
    )


def test_stored_answers_are_compared_where_nothing_may_be_written(
    workspace: Workspace, talks: list[int], right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = known(workspace, dict.fromkeys(talks, 90))
    workspace.record.close()
    before = set(workspace.root.rglob("*"))
    allowed = os.access
    # the tests' own user may be root, whom no mode stops
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and allowed(path, mode))
    assert compare(workspace, "champion", wrong[:8])["items"] == 10
    assert set(workspace.root.rglob("*")) == before


def test_items_whose_night_has_not_run_are_not_looked_at(workspace: Workspace, right: str) -> None:
    """The next night's test is of models that nobody has chosen by its items; a night that was cut short is to come."""
    later = corrected(workspace.record, [f"later{number}" for number in range(4)])
    with workspace.record.write() as store:
        for seq in later:
            store.predictions.add(Prediction(seq, right, ASKED, chapters(0, 60)))
    first = compare(workspace, right, "champion")
    run_a_night(workspace, "two", finish=False)
    assert compare(workspace, right, "champion") == first
    assert (first["items"], compare(workspace, right, "champion", "--on", "all")["items"]) == (10, 10)
    with workspace.record.write() as store:
        store.nights.finish(Outcome(night="two", verdict="underpowered"))
    second = compare(workspace, right, "champion")
    assert second["items"] == 14 and second["watermark"] > first["watermark"]


def test_before_the_first_night_nothing_is_fresh(workspace: Workspace, weights: Path) -> None:
    corrected(workspace.record, ["t"])
    assert "run a night first" in refused(workspace, NotFound, weights / "full", weights / "full")


def test_what_either_has_seen_is_not_fresh(workspace: Workspace, talks: list[int], right: str) -> None:
    with workspace.record.read() as store:
        seen = tuple(store.transcripts.hash_of(seq) for seq in talks[:4])
    taught = known(workspace, dict.fromkeys(talks, 70), seen)
    assert compare(workspace, taught, "champion")["items"] == 6


def test_a_file_of_predictions(workspace: Workspace, talks: list[int], right: str, tmp_path: Path) -> None:
    path = tmp_path / "system_a.json"
    path.write_text(json.dumps({f"t{number}": {"0": "One", "61.5": "Two"} for number in range(9)} | {"other": {}}))
    found = compare(workspace, path, "champion")
    assert (found["a"]["kind"], found["a"]["foreign"], found["a"]["template"]) == ("file", True, "")
    assert found["problems"] == {"a": 1, "b": 0}, "the tenth talk is not in the file"
    assert found["metrics"]["f1"]["a"]["mean"] == pytest.approx(90.0)
    with workspace.record.read() as store:
        assert store.predictions.find(talks[0], found["a"]["model"], "") == Prediction(
            talks[0], found["a"]["model"], "", chapters_named("One", "Two"), foreign=True
        )


def test_a_folder_of_predictions_as_chapter_llama_writes_it(
    workspace: Workspace, talks: list[int], right: str, tmp_path: Path
) -> None:
    for number in range(9):
        path = tmp_path / "test" / f"{number}"[:2] / f"t{number}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"chapters": {"00:00:00": "One", "00:01:01.5": "Two"}, "output": "as it came"}))
    found = compare(workspace, tmp_path / "test", "champion")
    assert (found["a"]["kind"], found["a"]["foreign"], found["problems"]) == ("file", True, {"a": 1, "b": 0})
    assert found["metrics"]["f1"]["a"]["mean"] == pytest.approx(90.0)
    assert compare(workspace, tmp_path / "test", "champion")["a"] == found["a"]
    path.write_text("{}")
    assert compare(workspace, tmp_path / "test", "champion")["a"]["model"] != found["a"]["model"]


def test_a_file_about_other_videos_is_refused_before_held_out_items_are_looked_at(
    workspace: Workspace, talks: list[int], right: str, tmp_path: Path
) -> None:
    path = tmp_path / "system_a.json"
    path.write_text(json.dumps({"video-7": {"0": "One"}}))
    said_so = refused(workspace, BadInput, path, "champion")
    assert "answers none of the 10 items" in said_so and "'video-7'" in said_so and "'t0'" in said_so


def chapters_named(*titles: str) -> Chapters:
    return tuple(Chapter(60.0 * place, title) for place, title in enumerate(titles))


def test_a_foreign_model_can_not_be_champion(
    workspace: Workspace, talks: list[int], right: str, tmp_path: Path
) -> None:
    path = tmp_path / "system_a.json"
    path.write_text(json.dumps({"t0": {"0": "One"}}))
    foreign = compare(workspace, path, "champion")["a"]["model"]
    command = ["promote", foreign, "--evidence", str(path), "-w", str(workspace.root)]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, NotFound) and foreign in str(done.exception)
    with workspace.record.read() as store:
        assert store.aliases.model_of("champion") == right


def test_a_server(
    workspace: Workspace, talks: list[int], right: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRATA_API_KEY", "secret")
    found = compare(workspace, server.url, "champion", "--model-name", "qwen")
    assert found["metrics"]["f1"]["a"]["mean"] == 100.0
    assert (found["a"]["kind"], found["a"]["foreign"], found["a"]["template"]) == ("server", True, "indexed@1")
    assert found["a"]["given"] == f"qwen at {server.url}"
    assert len(server.asked) == 10 and set(server.keys) == {"Bearer secret"}
    compare(workspace, server.url, "champion", "--model-name", "qwen")
    assert len(server.asked) == 10, "each is asked once"
    two = compare(workspace, server.url, server.url, "--model-name", "qwen", "--model-name", "llama")
    assert len(server.asked) == 20 and two["a"]["model"] != two["b"]["model"]


def test_what_a_server_needs_is_said(workspace: Workspace, talks: list[int], right: str, server: Server) -> None:
    assert "--model-name" in refused(workspace, BadInput, server.url, "champion")
    asked = ("--model-name", "qwen", "--template", "inline")
    assert "'inline'" in refused(workspace, BadInput, server.url, "champion", *asked)
    assert "indexed:8192" in refused(workspace, BadInput, server.url, "champion", "--template", "indexed:many")
    assert "'prose'" in refused(workspace, BadInput, server.url, "champion", "--template", "prose")
    assert server.asked == []


def test_how_a_model_is_asked_can_be_said() -> None:
    assert PromptSettings.of("json", ()) == PromptSettings("json", CONTEXT, ())
    assert PromptSettings.of("inline:512", ("a", "b")) == PromptSettings("inline", 512, ("a", "b"))
