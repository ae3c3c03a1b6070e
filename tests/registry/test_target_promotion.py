"""One export of the champion, shipped by hand: real models, a real record, MLflow's own store."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from errata.documents.certificate import Certificate
from errata.documents.decision import OutcomeDecision
from errata.documents.document import read_document
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.parity import Parity
from errata.errors import NotFound, Refused
from errata.inference.artefact import model_folder, original_of, store_model, verify
from errata.loop.certificates import certify
from errata.loop.deliver import export
from errata.loop.registry_check import check_registry
from errata.loop.target_promotion import promote_export
from errata.operations.held_exports import held_exports
from errata.operations.release_desk import release_desk
from errata.workspace import Workspace
from registry.evidence import read_evidence, write_evidence
from registry.export.server import export_server
from registry.gate import decide
from registry.models import ModelRegistry
from registry.policy import SMALL
from registry.promotion import install_day0, promote, rollback
from tests.command_line import in_this_process
from tests.made_up_record import chapters, correction, talk
from tests.registry.test_gate import UNCHANGED, evidence, lost

TALKS = 24


@pytest.fixture(scope="module")
def made(
    laid_out: Path, adapter: Path, base: Path, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """A night has promoted the adapter with its server's export, and held back its gguf, which fails."""
    root = Path(shutil.copytree(laid_out, tmp_path_factory.mktemp("targets") / "workspace"))
    params = (root / "params.yaml").read_text(encoding="utf-8")
    (root / "params.yaml").write_text(params.replace("gguf: q8_0", "gguf: f16").replace("sequential  ", "small"))
    place = Workspace.find(root)
    place.record.migrate()
    day0, champion = store_model(base, place.models), store_model(adapter, place.models)
    export_server(adapter, place.models, root / "exports" / "server")
    server = store_model(root / "exports" / "server", place.models)
    with place.record.write() as store:
        for number in range(TALKS):
            seq = store.transcripts.add(talk(f"t{number}", channel=f"c{number % 6}", lines=4), "train").seq
            store.corrections.add(correction(seq, chapters(0, 20), "ann"))
        install_day0(store, day0, "init")
    night = Night("n1", 0, 1, day0, day0, 0, "", 0, "e" * 64)
    (place.nights / "n1").mkdir(parents=True)
    night.write(place.nights / "n1")
    gate = evidence(parity_gguf=lost(9.0), without=("parity_device",))
    record = EvidenceRecord(
        night="n1",
        candidate=champion,
        champion=day0,
        day0=day0,
        exports={"server": server, "gguf": "9" * 64},
        training_watermark=0,
        gate_watermark=1,
        policy="small",
        gate=gate,
        decision=decide(gate, SMALL),
        scores={},
        parity={
            "server": Parity(model=server, size=1, f1=UNCHANGED),
            "gguf": Parity(model="9" * 64, size=1, f1=UNCHANGED),
        },
    )
    path, sha256 = write_evidence(place.nights / "n1", record)
    entry = OutcomeDecision("candidate", champion, True, sha256, record.decision)
    outcome = Outcome(night="n1", verdict="promote", champion=day0, candidate=champion, decisions=(entry,))
    with place.record.write() as store:
        store.nights.begin("n1", 0, 1)
        promote(store, champion, "n1", path, "gate")
        store.nights.finish(replace(outcome, promoted=champion))
    return place


@pytest.fixture
def workspace(made: Workspace, tmp_path: Path) -> Workspace:
    return Workspace.find(Path(shutil.copytree(made.root, tmp_path / "workspace", symlinks=True)))


def register_all(workspace: Workspace) -> None:
    registry = ModelRegistry.of(workspace)
    run = registry.runs.open_night("n1")
    for name in ("day0", "champion", "server"):
        registry.register(model_folder(alias(workspace, name), workspace.models), alias(workspace, name), {}, run)


def alias(workspace: Workspace, name: str) -> str:
    with workspace.record.read() as store:
        return store.aliases.model_of(name) or ""


def held(workspace: Workspace) -> list[str]:
    with workspace.record.read() as store:
        return [outcome.target for outcome in held_exports(store, workspace.models)]


@pytest.mark.slow  # the certificate loads each model in a process of its own
def test_an_export_that_was_held_back_is_made_anew_and_ships_once_it_passes(
    workspace: Workspace,
) -> None:
    register_all(workspace)
    root, champion = workspace.root, alias(workspace, "champion")
    said = " ".join(in_this_process("status", "-w", root).stdout.split())
    told = "The gguf export is held back: it fails parity_gguf, with -9.0 points of F1"
    assert held(workspace) == ["gguf"] and told in said and "`errata promote champion --target gguf`" in said
    assert f"3: {told}" in " ".join(in_this_process("history", "-w", root).stdout.split())
    history = json.loads(in_this_process("history", "--json", "-w", root).stdout)
    assert [move.get("held_back") for move in history] == [None, None, ["gguf"], None]
    assert [outcome.target for outcome in release_desk(workspace).held_exports] == ["gguf"]

    shipped = promote_export(workspace, "gguf", "champion", "me")
    assert shipped.items == TALKS and alias(workspace, "gguf") == shipped.model
    assert original_of(model_folder(shipped.model, workspace.models)) == champion == alias(workspace, "champion")
    assert held(workspace) == [] and "held back" not in in_this_process("status", "-w", root).stdout
    record, _ = read_evidence(shipped.evidence)
    assert record.parity["gguf"].model == record.shipping["gguf"] == shipped.model
    assert (record.candidate, record.decision.verdict) == (champion, "promote")
    with workspace.record.read() as store:
        move = store.aliases.moves()[-1]
    assert (move.alias, move.by, move.reason, move.applied) == ("gguf", "me", "promote", True)
    assert check_registry(workspace).findings == ()
    assert ModelRegistry.of(workspace).aliases()["gguf"][1] == shipped.model

    [path] = shipped.evidence.parent.glob("certificate-*.json")
    certificate = read_document(Certificate, path, "mend the test")
    assert path.stem == f"certificate-gguf-{shipped.evidence.stem[:16]}"
    assert (certificate.target, certificate.model, certificate.source) == ("gguf", shipped.model, champion)
    assert certificate.status == "ships" and [rail.name for rail in certificate.guardrails] == ["parity_gguf"]
    assert certificate.prompts == certificate.same_prompts >= 3, "the export's tokenizer is the model's own"
    for cost in (certificate.cost, certificate.source_cost):
        assert cost.talks == 3 and cost.tokens > 0 and cost.seconds > 0 and cost.memory > 10_000_000
    assert (
        certificate.source_cost.runtime == "transformers" and certificate.cost.tokens == certificate.source_cost.tokens
    )
    card = (model_folder(shipped.model, workspace.models) / "README.md").read_text(encoding="utf-8")
    same = f"{certificate.prompts} of {certificate.prompts}"
    assert f"| Prompts of the same token ids | {same} |" in card and "tokens a second; the model itself" in card

    again = promote_export(workspace, "gguf", "champion", "me")
    assert again.model == shipped.model, "the same bytes, and no other move"
    with workspace.record.read() as store:
        assert len([move for move in store.aliases.moves() if move.alias == "gguf"]) == 1
    assert len(list(shipped.evidence.parent.glob("certificate-*.json"))) == 1, "the same record, the same name"
    said = in_this_process("rollback", "--target", "gguf", "-w", root).stdout
    assert "gguf is nothing again" in said and alias(workspace, "gguf") == ""
    assert alias(workspace, "champion") == champion and "gguf" not in ModelRegistry.of(workspace).aliases()
    both = in_this_process("rollback", "--target", "gguf", "--to", "day0", "-w", root, check=False)
    assert both.returncode == 2 and "--to is about the champion" in both.stderr
    assert promote_export(workspace, "gguf", "champion", "me").model == shipped.model
    exported = export(workspace, "gguf", workspace.root / "out", "champion")
    assert "tokens a second" in (workspace.root / "out" / "README.md").read_text(encoding="utf-8")
    assert exported.scored and exported.model == verify(workspace.root / "out") == shipped.model
    with workspace.record.write() as store:
        rollback(store, "me", "all of it")
    assert (alias(workspace, "champion"), alias(workspace, "gguf")) == (alias(workspace, "day0"), "")


@pytest.mark.slow
def test_an_export_that_can_not_be_run_takes_no_other_s_certificate(
    workspace: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    [evidence_path] = [path for path in (workspace.nights / "n1").glob("*.json") if len(path.stem) == 64]
    with workspace.record.read() as store:
        talks = [label.transcript for label in store.labels.between(0, store.watermark())][:1]
    (workspace.models / ("9" * 16)).mkdir()
    certify(workspace, evidence_path, ["gguf", "server"], talks)
    [path] = evidence_path.parent.glob("certificate-*.json")
    certificate = read_document(Certificate, path, "mend the test")
    assert (certificate.target, certificate.cost.runtime) == ("server", "transformers")
    assert "costs to run can't be measured" in capfd.readouterr().err


def test_one_that_can_t_be_told_ships_nothing_and_its_record_is_kept(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        for label in store.labels.between(0, store.watermark())[3:]:
            store.corrections.add(correction(label.transcript, chapters(), "ann", kind="reject"))
    before = set((workspace.nights / "n1").glob("*.json"))
    stored = set(workspace.models.iterdir())
    untold = r"items can’t tell yet whether it passes parity_gguf.*The record of it is "
    with pytest.raises(Refused, match=untold) as raised:
        promote_export(workspace, "gguf", "champion", "me")
    [kept] = set((workspace.nights / "n1").glob("*.json")) - before
    assert str(kept) in str(raised.value) and read_evidence(kept)[0].decision.held_targets
    assert (alias(workspace, "gguf"), set(workspace.models.iterdir())) == ("", stored)


@pytest.mark.parametrize(
    ("target", "model", "kind", "says"),
    [
        ("server", "champion", Refused, "ships together with its model"),
        ("gguf", "day0", Refused, "is not the champion"),
        ("gguf", "nobody", NotFound, "there is no model 'nobody'"),
    ],
)
def test_what_can_t_be_asked_is_one_sentence(
    made: Workspace, target: str, model: str, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        promote_export(made, target, model, "me")


def test_a_champion_that_no_gate_promoted_ships_no_export(workspace: Workspace) -> None:
    with workspace.record.write() as store:
        rollback(store, "me", "bad")
    with pytest.raises(Refused, match="was promoted by no gate"):
        promote_export(workspace, "gguf", "day0", "me")


def test_the_command_asks_for_evidence_or_a_target(made: Workspace) -> None:
    for words in ((), ("--target", "gguf", "--evidence", "x.json")):
        failed = in_this_process("promote", "champion", *words, "-w", made.root, check=False)
        assert failed.returncode == 2 and "--evidence" in failed.stderr and "--target" in failed.stderr
