"""Continue or retrain? What a night's candidate goes on from: as asked, as planned, and as the night began."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.file_names import PARAMS
from errata.documents.night import CandidateKind, CandidateStart, Night
from errata.documents.outcome import Outcome
from errata.documents.params import Recipe, read_params
from errata.loop.candidate_start import is_fresh_due
from errata.loop.night_plan import begin_night, plan_night
from errata.project_files import project_file
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_answers import contender, corrected
from tests.made_up_params import write_params


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    (tmp_path / FILE).touch()
    shutil.copyfile(empty, tmp_path / "errata.db")
    workspace = Workspace.find(tmp_path)
    day0 = contender(workspace.models, "day0", "d")
    with workspace.record.write() as store:
        for alias in ("day0", "champion"):
            store.aliases.assign_alias(alias, day0.identity, "day0", "test", None, None)
    write_params(workspace.root)
    return workspace


def begin(workspace: Workspace, label: str, kind: CandidateKind | None = None) -> Night:
    night = plan_night(workspace, begin_night(workspace, label), kind)
    night.write(workspace.root)
    return night


def finish(workspace: Workspace, label: str, start: CandidateStart) -> None:
    outcome = Outcome(night=label, verdict="reject", candidate="a" * 64, candidate_start=start)
    with workspace.record.write() as store:
        store.nights.finish(outcome)


def test_a_candidate_goes_on_from_the_champion_unless_somebody_asks_for_a_fresh_one(workspace: Workspace) -> None:
    corrected(workspace.record, ["a"])
    night = begin(workspace, "one")
    assert (night.start, night.starting_model("base")) == ("champion", (night.champion, night.champion_watermark))
    finish(workspace, "one", "champion")
    corrected(workspace.record, ["b"])
    fresh = begin(workspace, "two", "fresh")
    assert (fresh.start, fresh.starting_model("champion")) == ("base", (fresh.day0, 0))


def test_a_night_keeps_the_candidate_that_it_began_with(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    corrected(workspace.record, ["a"])
    assert begin(workspace, "one", "fresh").start == "base"
    assert begin(workspace, "one").start == "base", "its scores may have been seen by now"
    assert begin(workspace, "one", "continue").start == "base"
    assert "began with a candidate from base and keeps it" in capsys.readouterr().err


def test_every_third_night_is_fresh(workspace: Workspace) -> None:
    write_params(workspace.root, train={"fresh_every": 3})
    starts = list[CandidateStart]()
    for label in ("one", "two", "three", "four", "five", "six", "seven"):
        corrected(workspace.record, [label])
        starts.append(begin(workspace, label).start)
        finish(workspace, label, starts[-1])
    assert starts == ["champion", "champion", "base", "champion", "champion", "base", "champion"]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return replace(read_params(project_file(PARAMS)).train, fresh_every=2)


def test_a_fresh_one_waits_for_a_night_on_which_it_is_tested(recipe: Recipe) -> None:
    made = [Outcome(night="one", verdict="underpowered", candidate="a" * 64, candidate_start="champion")]
    assert is_fresh_due(made, recipe, place_taken=False)
    assert not is_fresh_due(made, recipe, place_taken=True)
    assert not is_fresh_due([], recipe, place_taken=False)


def test_nights_without_a_candidate_don_t_count(recipe: Recipe) -> None:
    none = Outcome(night="one", verdict="no candidate", candidate_start="champion")
    assert not is_fresh_due([none, none], recipe, place_taken=False)
