"""A data set in the chapter-llama layout, from its files to scores and to chapters beside the right ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from errata.demo import days
from errata.demo.material import Share
from errata.domain.transcript import Transcript
from errata.inference.artefact import read_training_transcripts, verify
from errata.workspace import Workspace
from tests.command_line import Errata, in_this_process, json_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
TWIN = "an-upload-again"
RECIPE = """\
about: twelve steps of errata-tiny
model: errata-tiny
template: inline
context: 2048
params:
  train: {max_steps: 12}
  augment: {share: 0.0}
"""


@pytest.fixture(scope="module")
def as_json() -> Callable[..., Any]:
    return json_of(in_this_process)


@pytest.fixture(scope="module")
def errata() -> Errata:
    return in_this_process


def data_set(folder: Path, day: Share, count: int, twins: dict[str, Path]) -> Path:
    """The first talks of a day; `twins` are talks that come again here, under another id: the first of each file."""
    chapters = days.write_with_chapters(folder, day)
    for file, part in ((chapters, "chapters"), (folder / "asrs" / f"asrs_{day}.json", "asrs")):
        talks = dict(islice(json.loads(file.read_text()).items(), count))
        for name, source in twins.items():
            talks[name] = next(iter(json.loads((source / part / f"{part}_day-3.json").read_text()).values()))
        file.write_text(json.dumps(talks))
    return chapters


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Day-1's speech is a dict of lists, day-3's a list of dicts; the first talk of day-3 stands in both."""
    place = tmp_path_factory.mktemp("tune")
    data_set(place / "apart", "day-3", 6, {})
    data_set(place / "data", "day-1", 24, {TWIN: place / "apart"})
    return place


@pytest.fixture(scope="module")
def tuning(place: Path, as_json: Callable[..., Any]) -> Any:
    (place / "short.yaml").write_text(RECIPE)
    return as_json(*command(place))


def command(place: Path) -> list[str | Path]:
    source, held_out = (place / "data/chapters/chapters_day-1.json", place / "apart/chapters/chapters_day-3.json")
    return ["tune", source, "--held-out", held_out, "--recipe", place / "short.yaml", "--out", place / "ws"]


def test_it_says_how_good_the_chapters_are_and_not_only_how_low_the_loss(tuning: Any) -> None:
    assert len(tuning["training"]["loss"]) == 12
    comparison = tuning["comparison"]
    assert comparison["items"] >= 6 and comparison["equal_split_f1"] > 0
    for name in ("f1", "precision_5s", "recall_5s", "pk", "title_f1"):
        assert {"effect", "low", "high"} <= set(comparison["metrics"][name]["difference"])
    assert comparison["a"]["model"] == tuning["model"] and comparison["b"]["given"] == "day0"


def test_what_is_scored_was_never_trained_on_nor_was_its_copy(tuning: Any, place: Path) -> None:
    record = Workspace.find(place / "ws").record
    with record.read() as store:
        twin = store.transcripts.hash_of(store.transcripts.find(TWIN))
    scored = {Transcript.from_json(talk["transcript"]).hash for talk in tuning["talks"]}
    learnt = read_training_transcripts(Path(tuning["folder"]))
    assert learnt and scored and not learnt & (scored | {twin})


def test_the_talk_that_is_shown_is_one_that_was_given_to_be_held_out(tuning: Any, place: Path) -> None:
    given = json.loads((place / "apart/chapters/chapters_day-3.json").read_text())
    assert tuning["talks"][0]["transcript"]["external_id"] in given


def test_right_chapters_stand_beside_the_models(tuning: Any) -> None:
    assert all(talk["right"] for talk in tuning["talks"])
    assert any(talk["after"] for talk in tuning["talks"])


def test_the_model_loads_in_plain_transformers_and_is_sealed(tuning: Any) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(tuning["folder"])
    assert verify(folder)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id, (
        "it was taught to stop, and servers see where"
    )


def test_again_it_trains_nothing_anew_and_says_the_same(tuning: Any, place: Path, errata: Errata) -> None:
    done = errata(*command(place), "--json")
    again = json.loads(done.stdout)
    assert (again["imported"]["new"], again["held_out"]["new"]) == (0, 0)
    assert "steps, loss" not in done.stderr
    assert (again["model"], again["talks"]) == (tuning["model"], tuning["talks"])
    assert again["comparison"]["metrics"] == tuning["comparison"]["metrics"]


def test_a_night_of_that_workspace_begins_as_in_any(tuning: Any, place: Path, as_json: Callable[..., Any]) -> None:
    assert as_json("status", "-w", place / "ws")["nights"] == []
    assert not (place / "ws/data/snapshot").exists(), "shards never go back, and a first night trains on nothing"


def test_without_held_out_talks_nothing_is_trained(place: Path, errata: Errata, tmp_path: Path) -> None:
    few = data_set(tmp_path / "few", "day-1", 2, {})
    refused = errata("tune", few, "--out", tmp_path / "ws", check=False)
    assert refused.returncode == 2 and "--held-out" in refused.stderr
    assert not (tmp_path / "ws/candidate").exists()
