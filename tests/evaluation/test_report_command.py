"""Where a night's report is gathered from and written to: `errata.loop.night_report` on a workspace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from errata.database.holdout_log import HoldoutAccess
from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.document import read_document, write_document
from errata.documents.evaluation import ContenderScores, Evaluation
from errata.documents.evidence import Evidence
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.file_names import CURATION_COPY, EVALUATION, ITEMS, MANIFEST, MIXTURE_COPY, TRAINING
from errata.documents.outcome import Outcome
from errata.documents.scored_items import write_scored_items
from errata.domain.hashing import sha256
from errata.errors import NotFound
from errata.loop.night_report import _learnt, write_report
from errata.workspace import Workspace
from evaluation.holdout import log_night, open_by_hand
from evaluation.report.content import shown_transcripts
from evaluation.statistics.paired import compare
from registry.evidence import write_evidence
from registry.gate import decide
from registry.policy import SMALL
from tests.made_up_record import talk
from tests.made_up_report import files, full_report, judges, taught


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Workspace:
    return Workspace(shutil.copytree(made, tmp_path / "workspace"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scored nights and one that was skipped; the record holds the transcripts that their pages quote."""
    place = Workspace(tmp_path_factory.mktemp("made"))
    (place.root / "errata.toml").write_text("")
    place.record.migrate()
    night = full_report(1)
    with place.record.write() as store:
        quoted = shown_transcripts(night.items, night.decisions)
        seqs = {at: store.transcripts.add(talk(f"talk-{at:04d}")).seq for at in quoted}
    rows = [replace(row, transcript=seqs.get(row.transcript, 1000 + row.transcript)) for row in night.items]
    left = files()
    for label in ("first", "second"):
        folder = place.nights / label
        write_document(folder / EVALUATION, replace(night.evaluation, night=label))
        write_scored_items(folder / ITEMS, rows)
        for name, document in ((TRAINING, left.training), (MIXTURE_COPY, left.mixture), (CURATION_COPY, left.curation)):
            assert document is not None
            write_document(folder / name, document)
    for label in ("first", "quiet", "second"):
        finish(place, label, night.decisions)
    return place.root


def finish(place: Workspace, label: str, decisions: tuple[OutcomeDecision, ...]) -> None:
    verdict = "skipped" if label == "quiet" else "promote"
    with place.record.write() as store:
        store.nights.begin(label, 900, 5020)
        store.nights.finish(
            Outcome(night=label, verdict=verdict, new_corrections=71, fresh_items=64, decisions=decisions)
        )


def with_contender(folder: Path, change: Callable[[ContenderScores], ContenderScores]) -> None:
    """The night's evaluation with its contender changed."""
    evaluation = read_document(Evaluation, folder / EVALUATION, "mend the test")
    [scores] = evaluation.contenders
    write_document(folder / EVALUATION, replace(evaluation, contenders=(change(scores),)))


def look(why: str, by: str = "nightly", items: int = 40) -> HoldoutAccess:
    return HoldoutAccess("anchor", by, why, ("m" * 64,), items, 5020)


def told(page: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(page.with_suffix(".json").read_text())
    return value


def test_three_files_are_written_of_the_last_scored_night(workspace: Workspace):
    page = write_report(workspace, None)
    assert page == workspace.nights / "second" / "report.html"
    assert {path.name for path in page.parent.glob("report.*")} == {"report.html", "report.md", "report.json"}
    assert told(page)["night"] == "second"
    assert [night["label"] for night in told(page)["nights"]] == ["first", "second"]
    assert "<h1>Promoted" in page.read_text()
    assert page.with_suffix(".md").read_text().startswith("## Promoted")


def test_an_earlier_night_knows_nothing_of_later_ones(workspace: Workspace):
    assert [night["label"] for night in told(write_report(workspace, "first"))["nights"]] == ["first"]


def test_a_night_without_scores_is_not_found(workspace: Workspace):
    for label in ("quiet", "never"):
        with pytest.raises(NotFound, match=label):
            write_report(workspace, label)


def test_a_night_whose_scores_were_deleted_is_not_said_to_have_none(workspace: Workspace):
    (workspace.nights / "second" / "evaluation.json").unlink()
    with pytest.raises(NotFound, match=r"second/evaluation\.json is gone; take it from that night's run in MLflow"):
        write_report(workspace, "second")


def test_a_night_that_was_cut_short_has_no_report_yet(workspace: Workspace):
    """Its scores lie there from before its verdict is recorded."""
    with workspace.record.write() as store:
        store.nights.begin("third", 5020, 5100)
    shutil.copytree(workspace.nights / "second", workspace.nights / "third")
    assert write_report(workspace, None).parent.name == "second"
    with pytest.raises(NotFound, match="no night third has been scored and decided"):
        write_report(workspace, "third")


def test_without_any_night_there_is_one_sentence(tmp_path: Path):
    bare = Workspace(tmp_path)
    (tmp_path / "errata.toml").write_text("")
    bare.record.migrate()
    with pytest.raises(NotFound, match=r"^no night has been scored"):
        write_report(bare, None)


def test_writing_again_changes_nothing_whatever_happened_since(workspace: Workspace):
    log_night(workspace.record, look("first"))
    log_night(workspace.record, look("first, exports"))
    page = write_report(workspace, "first")
    before = {path.name: path.read_bytes() for path in page.parent.iterdir()}
    open_by_hand(workspace.record, look("errata compare a b", by="somebody"))
    log_night(workspace.record, look("second", items=41))
    (workspace.root / "dvc.lock").write_text("changed: since\n")
    write_report(workspace, "first")
    assert {path.name: path.read_bytes() for path in page.parent.iterdir()} == before
    assert told(page)["accesses"] == {"anchor": 2}
    assert told(write_report(workspace, "second"))["accesses"] == {"anchor": 4}


def test_the_nights_own_files_are_its_lineage(workspace: Workspace):
    folder = workspace.nights / "second"
    manifest = files().manifest
    assert manifest is not None
    write_document(folder / MANIFEST, manifest)
    (folder / "dvc.lock").write_text("stages: {}\n")
    lineage = {(row["group"], row["name"]): row["value"] for row in told(write_report(workspace, "second"))["lineage"]}
    assert lineage["Record", "Training watermark"] == 900
    assert lineage["Snapshot", "Rows, replaced ones too"] == 212
    assert lineage["Snapshot", "Manifest, SHA-256"] == sha256((folder / "manifest.json").read_bytes())
    assert lineage["Pipeline", "dvc.lock, SHA-256"] == sha256((folder / "dvc.lock").read_bytes())
    assert lineage["Curated", "Left out: its reviewers disagree"] == 1


def test_judges_and_earlier_nights_are_shown_where_the_night_has_them(workspace: Workspace):
    folder = workspace.nights / "second"
    assert told(write_report(workspace, "second"))["judges"] is None
    write_document(folder / "judges.json", judges())
    with_contender(folder, taught)
    found = told(write_report(workspace, "second"))
    assert [judge["name"] for judge in found["judges"]["judges"]] == ["ada", "bo", "cy"]
    assert len(found["continual"]["heat"]) == 5


def test_what_a_model_was_trained_on_is_told_by_its_watermark(workspace: Workspace):
    """The night that promoted it kept the watermark; of a night's corrections, those up to it were learnt from."""
    contests = {"first": ("m1", 900), "second": ("m2", 5020)}
    for label, (model, watermark) in contests.items():
        with_contender(workspace.nights / label, partial(replace, model=model, watermark=watermark))
    with workspace.record.read() as store:
        nights = [row for row in store.nights.all() if row.label in contests]
    found = _learnt(workspace, nights, "day0's")
    assert found == {"day0's": frozenset(), "m1": frozenset(), "m2": frozenset(contests)}


def older_night(place: Workspace, label: str, verdict: str = "") -> Decision:
    """A night whose decision the record has in sentences alone, beside its evidence record; what the gate said."""
    same = compare([60.0] * 60, [60.0] * 60, [str(at % 12) for at in range(60)], 1)
    rails = tuple(SMALL.guardrail(limit.name, same) for limit in SMALL.limits if limit.required)
    evidence = Evidence(same, rails)
    decision = decide(evidence, SMALL)
    sentences = Decision(decision.verdict, notes=("As it was worded then.",))
    record = EvidenceRecord(label, "m" * 64, "c" * 64, "d" * 64, {}, 900, 5020, "small", evidence, sentences, {}, {})
    _, name = write_evidence(place.nights / label, record)
    shutil.copytree(place.nights / "second", place.nights / label, dirs_exist_ok=True)
    with place.record.write() as store:
        store.nights.begin(label, 5020, 5100)
        notes = replace(sentences, verdict=verdict or decision.verdict)
        entry = OutcomeDecision("candidate", "m" * 64, False, name, notes)
        store.nights.finish(Outcome(night=label, verdict=notes.verdict, decisions=(entry,)))
    return decision


def test_a_decision_that_was_kept_as_sentences_has_its_numbers_from_the_evidence(workspace: Workspace):
    decision = older_night(workspace, "older")
    verdict = told(write_report(workspace, "older"))["verdict"]
    assert verdict["verdict"] == decision.verdict != "promote" and verdict["preset"] == "small"
    rails = {rail["key"]: (rail["n"], rail["worst"], rail["allowed"]) for rail in verdict["guardrails"]}
    assert rails == {rail.name: (rail.n, rail.bound, -rail.margin) for rail in decision.guardrails}
    assert "As it was worded then." not in verdict["findings"]


def test_its_sentences_stay_where_the_gate_of_today_would_decide_otherwise(workspace: Workspace):
    older_night(workspace, "older", "promote")
    verdict = told(write_report(workspace, "older"))["verdict"]
    assert verdict["verdict"] == "promote" and verdict["guardrails"] == []
    assert verdict["findings"] == ["As it was worded then."]


def test_a_challengers_judges_lie_beside_the_candidates(workspace: Workspace):
    folder = workspace.nights / "second"
    write_document(folder / "judges.json", replace(judges(), judges=()))
    write_document(folder / "challenger-judges.json", judges())
    assert told(write_report(workspace, "second"))["judges"] is None, "nobody called challenger contended"
