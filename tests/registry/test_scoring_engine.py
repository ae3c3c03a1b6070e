"""By whom a night is scored: by the models' .gguf exports where those agree with them, all of them or none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import errata
from errata.database.record import Record
from errata.documents.document import as_json, from_json
from errata.documents.engine_agreement import (
    AGREEING_STARTS,
    AgreementReport,
    AnswerAgreement,
    EngineAgreement,
    EngineFallback,
    EngineFallbackReason,
    ScoringEngine,
    TokenAgreement,
)
from errata.documents.night import Night
from errata.domain.prediction import Prediction
from errata.inference.artefact import Card, seal, store_model, verify
from errata.inference.model import answer_key
from errata.settings import FILE
from errata.wording.agreement_sentences import scoring_sentence
from errata.workspace import Workspace
from evaluation.harness import ScoringOptions, evaluate
from evaluation.items import ScoredModel
from evaluation.scoring_plan import read_candidate
from registry.kept_exports import keep_export, kept_exports
from registry.scoring_engine import NightAgreement, disagreement, night_agreement
from tests.made_up_answers import answered, corrected, mark
from tests.made_up_params import write_params
from tests.made_up_record import chapters

TINY = Path(errata.__file__).parent / "tiny"
SAME = TokenAgreement(10, 10)


def found(tokens: TokenAgreement | None = SAME, starts: float | None = 100.0) -> EngineAgreement:
    return EngineAgreement("e" * 64, "llama.cpp", tokens, 8, AnswerAgreement(50.0, starts, 90.0), None)


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [
        (found(), None),
        (found(starts=AGREEING_STARTS), None),
        (found(starts=AGREEING_STARTS - 0.1), "other answers"),
        (found(tokens=TokenAgreement(10, 9)), "other tokens"),
        (found(tokens=None), "not installed"),
        (found(starts=None), "nothing asked"),
    ],
)
def test_an_export_answers_for_its_model_where_both_agree(
    agreement: EngineAgreement, reason: EngineFallbackReason | None
) -> None:
    assert disagreement(agreement) == reason


@pytest.mark.parametrize(
    ("fallback", "words"),
    [
        (EngineFallback("not exported"), "export.targets names no gguf"),
        (EngineFallback("not installed"), "not installed (extra gguf)"),
        (EngineFallback("nothing asked", "champion", found(starts=None)), "the champion’s export"),
        (EngineFallback("other tokens", "champion", found(TokenAgreement(10, 7))), "of some lines (3 of 10)"),
        (EngineFallback("other answers", "candidate", found(starts=91.25)), "chapter starts (91.2 %): 95 % are"),
    ],
)
def test_the_report_says_who_scored_and_why(fallback: EngineFallback, words: str) -> None:
    sentence = scoring_sentence(ScoringEngine("transformers", fallback=fallback))
    assert sentence.startswith("transformers and not llama.cpp, since ") and words in sentence
    assert scoring_sentence(ScoringEngine("llama.cpp")) == "llama.cpp, each model by its own .gguf export"
    report = AgreementReport({}, ScoringEngine("transformers", {"a": "b"}, fallback))
    assert from_json(AgreementReport, json.loads(json.dumps(as_json(report))), "it", "mend it") == report


# scored by what ships ------------------------------------------------------------------------------------------------


def card(folder: Path, form: str = "full", **facts: str) -> str:
    folder.mkdir(parents=True)
    Card("inline", 128, form).write(folder, **facts)
    if form == "gguf":
        (folder / "model-Q8_0.gguf").write_bytes(folder.name.encode())
    return seal(folder)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, str]:
    """A champion, which is Day-0, and a candidate, each with a .gguf export: identities by name."""
    made = {}
    for name in ("champion", "candidate"):
        made[name] = card(tmp_path / name, name=name)
        made[f"{name}'s export"] = card(tmp_path / f"{name}-gguf", "gguf", original=made[name])
        for folder in (name, f"{name}-gguf"):
            store_model(tmp_path / folder, tmp_path / "models")
    return made


def test_all_are_scored_by_their_exports_and_what_they_said_themselves_is_not_looked_at(
    record: Record, models: dict[str, str], tmp_path: Path
) -> None:
    seqs = [*corrected(record, [f"t{number}" for number in range(6)]), *corrected(record, ["held"], "anchor")]
    with record.write() as store:
        for name, at in (("champion's export", 90), ("candidate's export", 60)):
            key = answer_key(models[name], tmp_path / f"{name[:-9]}-gguf")
            for seq in seqs:
                store.predictions.add(Prediction(seq, key.model, key.template, chapters(0, at)))
    night = Night("2026-03-01", 0, mark(record), models["champion"], models["champion"], 0, "", 0, "c" * 64)
    candidate = ScoredModel("candidate", models["candidate"], tmp_path / "candidate", 0)
    exports = {models[name]: models[f"{name}'s export"] for name in ("champion", "candidate")}
    engine = ScoringEngine("llama.cpp", exports)
    result, rows = evaluate(record, night, candidate, tmp_path / "models", 7, ScoringOptions(engine=engine))
    (scores,) = result.contenders
    assert result.scoring == engine and scores.model == models["candidate"]
    assert scores.primary.mean_new == 100.0 and (scores.primary.mean_old or 0) < 100.0
    assert {row.model for row in rows} == {models["champion"], models["candidate"]}, (
        "an export's scores are its model's"
    )

    for name, at in (("champion", 60), ("candidate", 90)):  # the other way round: by transformers
        answered(record, ScoredModel(name, models[name], tmp_path / name, 0), seqs, at=at)
    watermark = mark(record)
    assert evaluate(record, night, candidate, tmp_path / "models", 7, ScoringOptions(engine=engine))[0] == result
    fallback = ScoringEngine("transformers", fallback=EngineFallback("nothing asked", "candidate", found()))
    for other in (None, fallback):
        by_themselves, _ = evaluate(record, night, candidate, tmp_path / "models", 7, ScoringOptions(engine=other))
        assert by_themselves.contenders[0].primary.mean_old == 100.0 and by_themselves.scoring == other
    assert mark(record) == watermark


def test_a_kept_export_is_found_by_its_model_and_precision(models: dict[str, str], tmp_path: Path) -> None:
    exports = {models[name]: models[f"{name}'s export"] for name in ("champion", "candidate")}
    assert kept_exports(tmp_path / "models", "q8_0") == exports
    assert kept_exports(tmp_path / "models", "f16") == {}


# a night's decision --------------------------------------------------------------------------------------------------


class MadeUpNight:
    """The models above in a workspace, whose exports agree as `agreements` says by name."""

    def __init__(self, root: Path, models: dict[str, str], patch: pytest.MonkeyPatch) -> None:
        (root / FILE).write_text("")
        self.workspace, self.models, self.agreements = Workspace(root), models, dict[str, EngineAgreement]()
        self.measured: list[str] = []
        patch.setattr(NightAgreement, "measure", self._measure)
        patch.setattr("registry.scoring_engine.has_llama_cpp", lambda: True)
        self.params("llama.cpp", ["server", "gguf"])

    def _measure(self, model: ScoredModel, export: Path) -> EngineAgreement:
        assert verify(export) == self.models[f"{model.name}'s export"]
        self.measured.append(model.name)
        return self.agreements.get(model.name, found())

    def params(self, engine: str, targets: list[str]) -> None:
        write_params(self.workspace.root, evaluate={"engine": engine}, export={"targets": targets})

    def engine(self) -> ScoringEngine | None:
        self.measured.clear()
        champion = self.models["champion"]
        night = Night("2026-03-01", 0, mark(self.workspace.record), champion, champion, 0, "", 0, "c" * 64)
        candidate = read_candidate(self.workspace.root / "candidate", night)
        return NightAgreement(self.workspace, night, candidate).scoring_engine(found())


@pytest.fixture
def night(tmp_path: Path, empty: Path, models: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> MadeUpNight:
    (tmp_path / "errata.db").write_bytes(empty.read_bytes())
    return MadeUpNight(tmp_path, models, monkeypatch)


def test_llama_cpp_scores_where_the_candidate_and_the_champion_agree(night: MadeUpNight) -> None:
    models = night.models
    exports = {models[name]: models[f"{name}'s export"] for name in ("champion", "candidate")}
    assert night.engine() == ScoringEngine("llama.cpp", exports)
    assert night.measured == ["champion"], "the candidate's was measured before"


@pytest.mark.parametrize("name", ["champion"])
def test_one_export_that_answers_otherwise_leaves_all_to_transformers(night: MadeUpNight, name: str) -> None:
    night.agreements[name] = found(starts=80.0)
    fallback = EngineFallback("other answers", name, night.agreements[name])
    assert night.engine() == ScoringEngine("transformers", fallback=fallback)


def test_what_can_not_be_asked_for_is_said(night: MadeUpNight, monkeypatch: pytest.MonkeyPatch) -> None:
    night.params("llama.cpp", ["server"])
    assert night.engine() == ScoringEngine("transformers", fallback=EngineFallback("not exported"))
    night.params("transformers", ["server", "gguf"])
    assert night.engine() is None and night.measured == []
    night.params("llama.cpp", ["server", "gguf"])
    monkeypatch.setattr("registry.scoring_engine.has_llama_cpp", lambda: False)
    assert night.engine() == ScoringEngine("transformers", fallback=EngineFallback("not installed"))


# with llama.cpp itself -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_night_of_errata_tiny_is_scored_by_llama_cpp(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its champion's export is made, and kept: a later night finds it."""
    pytest.importorskip("gguf")
    pytest.importorskip("xllamacpp")
    (tmp_path / "errata.db").write_bytes(empty.read_bytes())
    (tmp_path / FILE).write_text("")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace(tmp_path)
    champion = store_model(TINY, workspace.models)
    write_params(tmp_path, evaluate={"engine": "llama.cpp"}, export={"targets": ["server", "gguf"], "gguf": "f16"})
    corrected(workspace.record, ["a", "b"], lines=6)
    night = Night("2026-03-01", 0, mark(workspace.record), champion, champion, 0, "", 0, "c" * 64)
    report = night_agreement(workspace, night)
    assert report.scoring is not None and report.scoring.fallback is None, report.scoring
    assert report.scoring.exports == kept_exports(workspace.models, "f16")
    result, _ = evaluate(workspace.record, night, None, workspace.models, 7, ScoringOptions(engine=report.scoring))
    assert result.means["champion"].n == 2 and result.scoring == report.scoring
    export = report.scoring.exports[champion]
    with workspace.record.read() as store:
        key = answer_key(export, workspace.models / export[:16])
        assert key.template.endswith("llama.cpp")
        assert all(store.predictions.find(seq, key.model, key.template) is not None for seq in (1, 3))
    monkeypatch.setattr("registry.scoring_engine.keep_export", lambda *_: pytest.fail("it was made twice"))
    assert night_agreement(workspace, replace(night, label="2026-03-02")).scoring == report.scoring
    assert keep_export(TINY, workspace.models, "f16") == export, "the same model gives the same file"
