"""A night that makes a candidate from the champion and one from base: both by the pipeline, and what it left of the one
that dev prefers is the night's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.candidate_choice import CandidateChoice
from errata.documents.document import read_document
from errata.documents.file_names import CANDIDATE, CANDIDATE_CHOICE
from errata.documents.night import CandidateKind, Night
from errata.documents.outcome import Outcome
from errata.inference.artefact import store_model, verify
from errata.loop.candidate_choice import MadeCandidate, choice_of, choose_candidate
from errata.loop.init import init
from errata.loop.night_plan import begin_night, plan_night
from errata.loop.stages import run_stages
from errata.workspace import Workspace
from tests.made_up_answers import corrected
from tests.made_up_params import write_params


def live(workspace: Workspace, label: str, kind: CandidateKind) -> Night:
    """A day's corrections, and its night up to the training."""
    corrected(workspace.record, [f"{label}, talk {number}" for number in range(8)])
    night = choose_candidate(workspace, plan_night(workspace, begin_night(workspace, label), kind))
    night.write(workspace.root)
    run_stages(workspace.root, "train")
    with workspace.record.write() as store:
        store.nights.finish(Outcome(night=label, verdict="reject", candidate_start=night.start))
    return night


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_both_are_made_and_the_better_one_on_dev_is_the_nights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    workspace = init(tmp_path / "workspace")
    write_params(workspace.root, mix={"least": 4}, train={"max_steps": 2}, augment={"share": 0.0})
    corrected(workspace.record, [f"held out {number}" for number in range(6)], role="dev")
    live(workspace, "one", "continue")
    live(workspace, "two", "continue")
    with workspace.record.write() as store:
        champion = store_model(workspace.root / CANDIDATE, workspace.models)
        store.aliases.assign_alias("champion", champion, "better", "test", "two", None)
    monkeypatch.setattr("errata.loop.candidate_choice.choice_of", preferring_the_first)
    capfd.readouterr()
    night = live(workspace, "three", "both")
    assert (night.start, night.starts) == ("champion", ("champion", "base"))
    choice = read_document(CandidateChoice, workspace.nights / "three" / CANDIDATE_CHOICE, "run it again")
    assert choice.gain.n == 6
    models = {candidate.start: candidate.model for candidate in choice.candidates}
    assert len({*models.values(), champion}) == 3
    assert verify(workspace.root / CANDIDATE) == models["champion"] == choice.model
    assert capfd.readouterr().err.count("train: candidate") == 2, "the one that was taken is not trained again"
    again = choose_candidate(workspace, replace(night, start="base"))  # as a night that was cut short
    assert (again.start, verify(workspace.root / CANDIDATE)) == ("champion", choice.model)
    assert "train: candidate" not in capfd.readouterr().err


def preferring_the_first(made: Sequence[MadeCandidate], bootstrap: int) -> CandidateChoice:
    """Which one a few steps make better is luck; what the first has left the second has written over."""
    return replace(choice_of(made, bootstrap), taken="champion")
