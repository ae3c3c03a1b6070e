"""`errata compare`: models of every kind, on the items that both may be asked."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.documents.outcome import Outcome
from errata.domain.chapter import Chapter, Chapters
from errata.domain.prediction import Prediction
from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.inference.artefact import CARD, MANIFEST, TRAINING_TRANSCRIPTS, Card, seal, verify
from errata.inference.model_form import CONTEXT
from errata.loop.compared_models import PromptSettings
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_answers import ASKED, corrected
from tests.made_up_gguf import write_gguf
from tests.made_up_model import make_adapter, make_model
from tests.made_up_params import write_params
from tests.made_up_record import chapters, correction
from tests.made_up_server import Server, said, serving


@pytest.fixture
def workspace(tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("NO_COLOR", "1")
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    write_params(root)
    shutil.copyfile(empty, root / "errata.db")
    return Workspace.find(root)


def compare(workspace: Workspace, *words: object) -> dict[str, Any]:
    command = ["compare", *map(str, words), "-w", str(workspace.root), "--json"]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(workspace: Workspace, error: type[ErrataError], *words: object) -> str:
    with pytest.raises(error) as caught:
        compare(workspace, *words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def known(workspace: Workspace, answer: dict[int, float], seen: tuple[str, ...] = ()) -> str:
    """A model of the workspace's that is nothing but a card and these answers: the second chapter, by transcript."""
    place = workspace.models / "new"
    place.mkdir(parents=True)
    Card("inline", 128).write(place, made_for=str(answer))
    (place / TRAINING_TRANSCRIPTS).write_text(json.dumps(seen))
    identity = seal(place)
    place.rename(workspace.models / identity[:16])
    with workspace.record.write() as store:
        for seq, at in answer.items():
            store.predictions.add(Prediction(seq, identity, ASKED, chapters(0, at)))
    return identity


@pytest.fixture
def talks(workspace: Workspace) -> list[int]:
    talks = corrected(workspace.record, [f"t{number}" for number in range(10)])
    run_a_night(workspace, "one")
    return talks


def run_a_night(workspace: Workspace, label: str, finish: bool = True) -> None:
    """As far as the record goes: its watermarks, up to what was corrected last."""
    with workspace.record.write() as store:
        store.nights.begin(label, store.nights.last_gate_watermark(), store.corrections.newest())
        if finish:
            store.nights.finish(Outcome(night=label, verdict="underpowered"))


@pytest.fixture
def right(workspace: Workspace, talks: list[int]) -> str:
    """Knows the right answer to every talk, and is champion."""
    identity = known(workspace, dict.fromkeys(talks, 60))
    with workspace.record.write() as store:
        for alias in ("day0", "champion"):
            store.aliases.assign_alias(alias, identity, "day0", "test", None, None)
    return identity


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


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        state.reply = lambda _: said("0 Opening\n6 Later\n")
        yield state


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


# models with weights -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`full/`, sealed, and `adapter/` that goes on it."""
    folder = tmp_path_factory.mktemp("weights")
    identity = make_model(folder / "full", context=256)
    make_adapter(folder / "adapter", folder / "full", identity)
    return folder


def bare(folder: Path, out: Path) -> Path:
    """As somebody else would have it."""
    shutil.copytree(folder, out)
    for name in (CARD, MANIFEST, TRAINING_TRANSCRIPTS):
        (out / name).unlink(missing_ok=True)
    return out


def test_folders_of_every_form(workspace: Workspace, weights: Path, tmp_path: Path) -> None:
    """A full model, its GGUF and its adapter, sealed by us or not: the same weights give the same scores."""
    corrected(workspace.record, ["t0", "t1", "t2"], channels=3, lines=3)
    run_a_night(workspace, "one")
    identity = verify(weights / "full")
    shutil.copytree(weights / "full", workspace.models / identity[:16])
    with workspace.record.write() as store:
        store.aliases.assign_alias("day0", identity, "day0", "test", None, None)
    write_gguf(weights / "full", tmp_path / "gguf")
    full, adapter = bare(weights / "full", tmp_path / "full"), bare(weights / "adapter", tmp_path / "adapter")
    found = {
        name: compare(workspace, path, "day0", "--template", "inline:256")
        for name, path in {
            "sealed": weights / "full",
            "full": full,
            "gguf": tmp_path / "gguf",
            "gguf file": tmp_path / "gguf" / "model-F32.gguf",
            "adapter": adapter,
            "sealed adapter": weights / "adapter",
        }.items()
    }
    assert found["sealed"]["a"]["model"] == identity
    for name in ("sealed", "full", "gguf", "gguf file"):
        assert found[name]["metrics"]["f1"]["difference"]["effect"] == 0, name
        assert found[name]["a"]["kind"] == "folder" and not found[name]["a"]["foreign"]
    assert found["gguf"]["a"]["model"] == found["gguf file"]["a"]["model"] != found["full"]["a"]["model"] != identity
    assert found["adapter"]["metrics"]["f1"]["a"] == found["sealed adapter"]["metrics"]["f1"]["a"]
    assert found["adapter"]["a"]["template"] == "inline@1 limits@1"
    assert list((workspace.root / "work").iterdir()) == [], "nothing is left behind"
    with workspace.record.read() as store:
        assert store.counts()["predictions"] == 3 * 5, "two are one model, and each is asked once"


@pytest.mark.parametrize(
    ("files", "form"),
    [
        (["genai_config.json", "model.onnx", "config.json"], "onnx"),
        (["adapter_config.json", "adapter_model.safetensors"], "adapter"),
        (["config.json", "model.safetensors"], "full"),
        (["config.json", "tokenizer.json", "x-Q4_K_M.gguf"], "gguf"),
    ],
)
def test_what_a_folder_holds_is_told_by_its_files(
    workspace: Workspace, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], form: str
) -> None:
    corrected(workspace.record, ["t"])
    run_a_night(workspace, "two")
    loaded: list[str] = []

    def load(folder: Path, _: Path) -> None:
        loaded.append(Card.read(folder).form)
        raise Unavailable("no engine here")

    monkeypatch.setattr("errata.inference.model.load", load)
    (tmp_path / "model").mkdir()
    for name in files:
        (tmp_path / "model" / name).write_bytes(b"12345678{}")
    refused(workspace, Unavailable, tmp_path / "model", "champion")
    assert loaded == [form]


def test_a_folder_without_a_model_is_one_sentence(
    workspace: Workspace, talks: list[int], right: str, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    assert "holds no model" in refused(workspace, BadInput, tmp_path / "nothing", "champion")
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "nothing" / name).write_bytes(b"GGUF")
    said_so = refused(workspace, BadInput, tmp_path / "nothing", "champion")
    assert "2 .gguf files" in said_so and "a.gguf" in said_so
    assert "'nobody'" in refused(workspace, NotFound, "nobody", "champion")


# what is held out ----------------------------------------------------------------------------------------------------


def test_each_role_is_compared_on_by_its_name(workspace: Workspace, talks: list[int], right: str) -> None:
    held_out = {
        role: corrected(workspace.record, [f"{role} {n}" for n in range(3)], role)
        for role in ("dev", "anchor", "sealed")
    }
    for seqs in held_out.values():
        with workspace.record.write() as store:
            for seq in seqs:
                store.predictions.add(Prediction(seq, right, ASKED, chapters(0, 60)))
    found = {on: compare(workspace, right, "champion", "--on", on) for on in ("fresh", "dev", "anchor", "all")}
    assert {on: one["items"] for on, one in found.items()} == {"fresh": 10, "dev": 3, "anchor": 3, "all": 16}
    assert {name: one["n"] for name, one in found["all"]["slices"]["part"].items()} == {
        "fresh": 10, "dev": 3, "anchor": 3,
    }  # fmt: skip
    with workspace.record.read() as store:
        logged = [each.access for each in store.holdout.accesses()]
    assert [(one.role, one.items, one.models) for one in logged] == [("anchor", 3, (right, right))] * 2
    assert logged[0].why == f"errata compare {right} champion --on anchor"


def test_the_sealed_set_opens_four_times_a_year_and_shows_no_item(
    workspace: Workspace, talks: list[int], right: str
) -> None:
    sealed = corrected(workspace.record, ["s0", "s1", "s2"], "sealed")
    wrong = known(workspace, dict.fromkeys(sealed, 90))
    with workspace.record.write() as store:
        for seq in sealed:
            store.predictions.add(Prediction(seq, right, ASKED, chapters(0, 60)))
    with workspace.record.write() as store:
        store.corrections.add(correction(sealed[0], chapters(0, 60), kind="accept"))
    for _ in range(4):
        found = compare(workspace, "champion", wrong, "--on", "sealed")
        assert found["items"] == 3 and found["fixes"] == found["regressions"] == []
        assert found["slices"] == {}, "one of its kinds is a single item"
        assert found["metrics"]["f1"]["difference"]["effect"] > 0
    said_so = refused(workspace, Refused, "champion", wrong, "--on", "sealed")
    assert said_so.count("-") >= 5, "the dates"
    done = CliRunner().invoke(app, ["holdout", "-w", str(workspace.root), "--json"])
    listed = json.loads(done.stdout)
    assert (listed["counts"], listed["sealed_left"]) == ({"anchor": 0, "sealed": 4}, 0)
    assert "0 more times" in CliRunner().invoke(app, ["holdout", "-w", str(workspace.root)]).stdout


def test_a_look_is_counted_before_anybody_is_asked(
    workspace: Workspace, talks: list[int], right: str, server: Server
) -> None:
    """Also one that comes to nothing: what was counted afterwards could be seen and not counted."""
    for role in ("anchor", "sealed"):
        corrected(workspace.record, [f"{role} {n}" for n in range(2)], role)
    counted: list[int] = []

    def refuse(_: Any) -> Any:
        with workspace.record.read() as store:
            counted.append(len(store.holdout.accesses()))
        return 400, {}, {"error": "no such model"}

    server.reply = refuse
    for times, on in enumerate(("anchor", "sealed"), start=1):
        with pytest.raises(ErrataError):
            compare(workspace, server.url, "champion", "--on", on, "--model-name", "qwen")
        assert set(counted) == {times}
        counted.clear()
    for _ in range(3):
        with pytest.raises(ErrataError):
            compare(workspace, server.url, "champion", "--on", "sealed", "--model-name", "qwen")
    asked = len(server.asked)
    refused(workspace, Refused, server.url, "champion", "--on", "sealed", "--model-name", "qwen")
    assert len(server.asked) == asked


def test_without_items_there_is_nothing_to_compare(workspace: Workspace, talks: list[int], right: str) -> None:
    assert "sealed" in refused(workspace, NotFound, "champion", "champion", "--on", "sealed")
    with workspace.record.read() as store:
        assert store.holdout.accesses() == [], "nothing was opened"
