"""Continue or retrain? What a night's candidate goes on from: as asked, as planned, and as the night began."""

from __future__ import annotations

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
from errata.workspace import Workspace
from tests.made_up_answers import begun_workspace, contender, corrected
from tests.made_up_params import write_params


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    workspace = begun_workspace(tmp_path, empty)
    write_params(workspace.root)
    return workspace


def begin(workspace: Workspace, label: str, kind: CandidateKind | None = None) -> Night:
    night = plan_night(workspace, begin_night(workspace, label), kind)
    night.write(workspace.root)
    return night


def finish(
    workspace: Workspace, label: str, start: CandidateStart, passed_over: CandidateStart = "", promoted: bool = False
) -> None:
    """`promoted`: from then on the champion isn't Day-0."""
    outcome = Outcome(night=label, verdict="reject", candidate="a" * 64, candidate_start=start, passed_over=passed_over)
    with workspace.record.write() as store:
        if promoted:
            champion = contender(workspace.models, "champion", "c")
            store.aliases.assign_alias("champion", champion.identity, "better", "test", label, None)
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


def test_every_third_night_makes_a_fresh_one_beside(workspace: Workspace) -> None:
    """While Day-0 is champion both would be the same model, and one is made."""
    write_params(workspace.root, train={"fresh_every": 3})
    starts, beside = list[CandidateStart](), list[tuple[CandidateStart, ...]]()
    for label in ("one", "two", "three", "four", "five", "six", "seven"):
        corrected(workspace.record, [label])
        night = begin(workspace, label)
        starts.append(night.start)
        beside.append(night.starts)
        other: CandidateStart = "base" if night.starts else ""
        finish(workspace, label, night.start, passed_over=other, promoted=label == "three")
    assert starts == ["champion", "champion", "base", "champion", "champion", "champion", "champion"]
    assert beside == [(), (), (), (), (), ("champion", "base"), ()]


def test_both_kinds_are_made_where_they_are_asked_for_and_differ(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    corrected(workspace.record, ["a"])
    night = begin(workspace, "one", "both")
    assert (night.start, night.starts) == ("base", ()), "the champion is Day-0"
    assert begin(workspace, "one", "both").start == "base" and not capsys.readouterr().err
    finish(workspace, "one", "base", promoted=True)
    corrected(workspace.record, ["b"])
    assert begin(workspace, "two", "both").starts == ("champion", "base")
    # as the night's last step leaves it where dev prefers the fresh one; it is chosen anew, and the same
    replace(Night.read(workspace.root), start="base").write(workspace.root)
    again = begin(workspace, "two", "continue")
    assert (again.start, again.starts) == ("champion", ("champion", "base"))
    assert "began with a candidate from the champion and one from base and keeps it" in capsys.readouterr().err


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return replace(read_params(project_file(PARAMS)).train, fresh_every=2)


def test_a_fresh_one_waits_for_a_night_on_which_it_is_tested(recipe: Recipe) -> None:
    made = [Outcome(night="one", verdict="underpowered", candidate="a" * 64, candidate_start="champion")]
    assert is_fresh_due(made, recipe, place_taken=False)
    assert not is_fresh_due(made, recipe, place_taken=True)
    assert not is_fresh_due([], recipe, place_taken=False)
    beside = replace(made[0], passed_over="base")
    assert not is_fresh_due([beside], recipe, place_taken=False), "it was made, though dev preferred the other"


def test_nights_without_a_candidate_don_t_count(recipe: Recipe) -> None:
    none = Outcome(night="one", verdict="no candidate", candidate_start="champion")
    assert not is_fresh_due([none, none], recipe, place_taken=False)
