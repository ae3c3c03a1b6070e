"""The gate's preset is frozen when a night begins, and its change between nights is on record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.decision import UNKNOWN, Decision, OutcomeDecision
from errata.documents.file_names import NIGHT
from errata.documents.night import GateChange, Night
from errata.documents.outcome import NO_OUTCOME, Outcome
from errata.documents.params import UNKNOWN_GATE, GateParams
from errata.errors import BadInput
from errata.loop.gate_step import gate_history
from errata.loop.night_plan import begin_night, plan_night
from errata.wording.night_sentences import gate_change_sentence
from errata.workspace import Workspace
from tests.made_up_answers import begun_workspace, contender, corrected
from tests.made_up_params import write_params

SMALL, ANNUAL = GateParams("small"), GateParams("annual")


@pytest.fixture
def workspace(tmp_path: Path, empty: Path) -> Workspace:
    return begun_workspace(tmp_path, empty)


def begin(workspace: Workspace, label: str, preset: str) -> Night:
    """The night as its stages are told it, with `preset` in `params.yaml`."""
    write_params(workspace.root, gate={"preset": preset})
    night = plan_night(workspace, begin_night(workspace, label))
    night.write(workspace.root)
    return night


def finish(workspace: Workspace, outcome: Outcome) -> None:
    with workspace.record.write() as store:
        store.nights.finish(outcome)


def test_a_night_keeps_the_preset_that_it_began_with(workspace: Workspace) -> None:
    corrected(workspace.record, ["a"])
    assert begin(workspace, "one", "small").gate == SMALL
    again = begin(workspace, "one", "annual")
    assert (again.gate, Night.read(workspace.root)) == (SMALL, again), "its scores may have been seen by now"
    (workspace.root / NIGHT).write_text("label: [")
    assert begin(workspace, "one", "annual").gate == SMALL, "the record knows how it began"
    again.write(workspace.root)
    (workspace.root / NIGHT).write_text((workspace.root / NIGHT).read_text().replace("small", "annual"))
    assert begin(workspace, "one", "annual").gate == SMALL, "and a file that somebody edits doesn't"


def test_a_night_that_an_older_version_began_keeps_its_file_s_preset(workspace: Workspace) -> None:
    corrected(workspace.record, ["a"])
    night = begin(workspace, "one", "small")
    with workspace.record.write() as store:
        store.nights.find("one").outcome = NO_OUTCOME
    assert begin(workspace, "one", "annual").gate == SMALL
    with workspace.record.write() as store:
        store.nights.find("one").outcome = NO_OUTCOME
    (workspace.root / NIGHT).unlink()
    assert begin(workspace, night.label, "annual").gate == ANNUAL, "nothing is known of how it began"


def test_a_gate_that_is_not_there_is_refused_and_not_kept(workspace: Workspace) -> None:
    corrected(workspace.record, ["a"])
    with pytest.raises(BadInput, match="no preset 'anual'"):
        begin(workspace, "one", "anual")
    assert begin(workspace, "one", "annual").gate == ANNUAL


def test_a_change_between_nights_is_on_record(workspace: Workspace) -> None:
    corrected(workspace.record, ["a"])
    first = begin(workspace, "one", "small")
    assert first.gate_change is None, "nothing was before it"
    finish(workspace, Outcome(night="one", verdict="bootstrap", gate=first.gate))
    corrected(workspace.record, ["b"])
    begin_night(workspace, "quiet")
    finish(workspace, Outcome(night="quiet", verdict="skipped"))
    second = begin(workspace, "two", "annual")
    assert second.gate_change == GateChange(SMALL, ANNUAL)
    assert "(preset from small to annual)" in gate_change_sentence(second.gate_change)
    finish(workspace, Outcome(night="two", verdict="reject", gate=second.gate, gate_change=second.gate_change))
    with workspace.record.read() as store:
        changes = [night.gate_change for night in store.nights.summaries()]
    assert changes == [None, None, GateChange(SMALL, ANNUAL)]
    corrected(workspace.record, ["c"])
    assert begin(workspace, "three", "annual").gate_change is None


def test_who_waited_for_another_test_is_let_go(workspace: Workspace) -> None:
    corrected(workspace.record, ["a"])
    first = begin(workspace, "one", "small")
    finish(workspace, Outcome(night="one", verdict="underpowered", gate=first.gate))
    waits = contender(workspace.models, "waits", "w").identity
    with workspace.record.write() as store:
        store.aliases.assign_alias("challenger", waits, "waits", "gate", "one", None)
    corrected(workspace.record, ["b"])
    assert begin(workspace, "two", "small").challenger == waits
    with workspace.record.write() as store:
        store.nights.find("two").outcome = NO_OUTCOME
    (workspace.root / NIGHT).unlink()
    assert begin(workspace, "two", "sequential").challenger == "", "small lets the one wait that looks best"


def test_only_another_test_is_another_test() -> None:
    gate = GateParams("sequential", 1.0)
    assert gate.tests_as(replace(gate, waive=("anchor",), blind_share=0.1))
    assert not gate.tests_as(replace(gate, min_effect=0.5))
    assert not gate.tests_as(GateParams("annual", 1.0))


def test_tonight_is_no_night_before_it(workspace: Workspace) -> None:
    """A year of 365 nights would else have 364, and take one challenger more."""
    corrected(workspace.record, ["a"])
    first = begin(workspace, "one", "sequential")
    finish(workspace, Outcome(night="one", verdict="bootstrap", gate=first.gate))
    corrected(workspace.record, ["b"])
    begin(workspace, "two", "sequential")
    with workspace.record.read() as store:
        assert gate_history(store).night == 1


def test_a_parameter_s_change_is_one_too() -> None:
    before, after = GateParams("small"), GateParams("small", 1.0, ("anchor", "collapses"))
    night = Night("n", 0, 1, "d", "d", 0, "", 0, "c", after, before)
    assert night.gate_change == GateChange(before, after)
    sentence = gate_change_sentence(night.gate_change)
    assert "(min_effect from 0.0 to 1.0, waive from nothing to anchor and collapses)" in sentence


def test_of_an_older_night_the_preset_is_read_from_its_decisions() -> None:
    preset = replace(UNKNOWN, name="annual")
    entry = OutcomeDecision("candidate", "c", False, "", Decision("reject", "worse", preset=preset))
    outcome = Outcome(night="n", verdict="reject", decisions=(entry,))
    assert outcome.gate_params == ANNUAL
    assert replace(outcome, decisions=()).gate_params == UNKNOWN_GATE
    night = Night("n", 0, 1, "d", "d", 0, "", 0, "c", SMALL, UNKNOWN_GATE)
    assert night.gate_change is None, "of what isn't known nothing is said to have changed"
    assert replace(night, gate_before=ANNUAL).gate_change == GateChange(ANNUAL, SMALL)
