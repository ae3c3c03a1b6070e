"""The exports of a challenger that waits are measured on all that it gathers, not on its first night's items alone."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.document import parse, write_document
from errata.documents.engine_agreement import AnswerAgreement, EngineAgreement
from errata.documents.evaluation import ContenderScores
from errata.documents.file_names import EVALUATION, ITEMS, PARITY_FOLDER, parity_file
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.params import GateParams
from errata.documents.parity import ParityReport
from errata.inference.artefact import Card, Form, move_model
from errata.loop.gate_step import run_gates
from errata.loop.stages import collect_results
from errata.settings import FILE
from errata.wording.target_sentences import held_back_sentence
from errata.workspace import Workspace
from evaluation.items import ScoredModel, fresh_items
from registry.parity import challenger_parity, main, measure
from tests.made_up_answers import answered, corrected, mark

ENGINE = EngineAgreement("e" * 64, "llama.cpp", None, 0, AnswerAgreement(None, None, None), None)


@dataclass(frozen=True)
class Waiting:
    """A workspace on whose first night a challenger was made and its exports measured on three talks. Two more, and one
    that is held out, have come since: the device's export answers those wrongly."""

    workspace: Workspace
    night: Night
    """The second one."""
    exports: dict[str, str]
    """By target, identities."""

    def folder(self, target: str) -> Path:
        return self.workspace.models / self.exports[target][:16]


def model(workspace: Workspace, name: str, form: Form = "full") -> ScoredModel:
    """Nothing but a card: what it answers is on record."""
    folder = workspace.models / name
    folder.mkdir(parents=True)
    Card("inline", 128, form).write(folder, name=name)
    identity = move_model(folder, workspace.models)
    return ScoredModel(name, identity, workspace.models / identity[:16], 0)


@pytest.fixture
def waiting(tmp_path: Path, empty: Path) -> Waiting:
    (tmp_path / FILE).touch()
    shutil.copyfile(empty, tmp_path / "errata.db")
    workspace = Workspace.find(tmp_path)
    record, day0, challenger = workspace.record, model(workspace, "day0"), model(workspace, "challenger")
    server, device = model(workspace, "server", "onnx"), model(workspace, "device", "onnx")
    early = corrected(record, ["a", "b", "c"])
    first = mark(record)
    for each in (challenger, server, device):
        answered(record, each, early)
    labels = [item.label for item in fresh_items(record, 0, first, [])]
    folders = {"server": server.folder, "device": device.folder}
    measured = measure(record, workspace.models, challenger.folder, folders, labels).whole()
    made = {target: replace(parity, engine=ENGINE) for target, parity in measured.items()}
    write_document(
        workspace.nights / "first" / parity_file("candidate"), ParityReport(made, {"gguf": "gguf is not installed"})
    )
    with record.write() as store:
        store.nights.begin("first", 0, first)
        store.nights.finish(Outcome(night="first", verdict="underpowered", candidate=challenger.identity))
    late = [*corrected(record, ["d", "e"]), *corrected(record, ["f"], "anchor")]
    second = mark(record)
    for each, at in ((challenger, 60), (server, 60), (device, 90)):
        answered(record, each, late, at)
    night = Night(
        label="second",
        training_watermark=first,
        gate_watermark=second,
        day0=day0.identity,
        champion=day0.identity,
        champion_watermark=0,
        challenger=challenger.identity,
        challenger_watermark=0,
        code="c" * 64,
        gate=GateParams("small"),
    )
    return Waiting(workspace, night, {target: parity.model for target, parity in made.items()})


def test_what_has_come_since_counts(waiting: Waiting) -> None:
    made = ParityReport.read(waiting.workspace.nights / "first" / parity_file("candidate"))
    found = challenger_parity(waiting.workspace, waiting.night)
    assert {target: (parity.f1.n, parity.f1.effect) for target, parity in made.exports.items()} == {
        "server": (3, 0.0),
        "device": (3, 0.0),
    }
    server, device = found.exports["server"], found.exports["device"]
    assert (server.f1.n, server.f1.effect) == (6, 0.0), "two fresh ones and the anchor's"
    assert device.f1.n == 6 and device.f1.effect is not None and device.f1.effect < 0
    assert device.agreement is not None and device.agreement.answers == 50.0
    assert device.engine == ENGINE, "found out before anything was scored"
    assert found.unbuilt == made.unbuilt


def test_it_is_one_look_at_what_is_held_out_however_often_a_night_is_resumed(waiting: Waiting) -> None:
    assert challenger_parity(waiting.workspace, waiting.night) == challenger_parity(waiting.workspace, waiting.night)
    with waiting.workspace.record.read() as store:
        [logged] = store.holdout.accesses("anchor")
    assert logged.access.items == 1 and set(logged.access.models) == set(waiting.exports.values())


def test_an_export_that_is_gone_or_was_changed_is_named_and_the_others_are_measured(waiting: Waiting) -> None:
    Card("inline", 256, "onnx").write(waiting.folder("device"))
    changed = challenger_parity(waiting.workspace, waiting.night)
    assert changed.exports.keys() == {"server"} and "errata.json is missing or was changed" in changed.unbuilt["device"]
    for target in waiting.exports:
        shutil.rmtree(waiting.folder(target))
    gone = challenger_parity(waiting.workspace, waiting.night)
    assert not gone.exports and gone.unbuilt.keys() == {"server", "device", "gguf"}
    assert "errata fsck" in gone.unbuilt["server"]


def test_nobody_who_waits_is_nothing_to_measure(waiting: Waiting) -> None:
    assert challenger_parity(waiting.workspace, replace(waiting.night, challenger="")) == ParityReport()


def test_the_gate_goes_by_what_a_challenger_has_gathered(
    waiting: Waiting, contender: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, night = waiting.workspace, waiting.night
    shutil.rmtree(waiting.folder("device"))
    monkeypatch.chdir(workspace.root)
    night.write(workspace.root)
    main()  # on a night that trained nobody
    assert [path.name for path in PARITY_FOLDER.iterdir()] == ["challenger-parity.json"]
    folder = workspace.nights / "second"
    collect_results(workspace.root, folder)
    for name in (ITEMS, EVALUATION):
        (folder / name).touch()
    values = {**contender, "name": "challenger", "model": night.challenger}
    scores = parse(ContenderScores, values, "the contender", "mend the test")
    [result] = run_gates(workspace, night, [scores], {})
    assert {rail.name: rail.n for rail in result.decision.guardrails}["parity_server"] == 6
    assert result.exports == {"server": waiting.exports["server"]}
    held = {outcome.target: held_back_sentence(outcome) for outcome in result.decision.targets}
    assert "is held back: there is none (there is no model" in held["device"] and "not installed" in held["gguf"]
    assert json.loads(result.record.read_text())["parity"]["server"]["f1"]["n"] == 6
