"""Stage 7. Does llama.cpp answer as transformers does, and which of them scores tonight's models?

It stands before the evaluation, so that a file that is another model is known before anything is scored. Where
`evaluate.engine` is `llama.cpp`, every model that is scored answers by its own .gguf export: all of them or none, since
each is compared with another. The rivals' exports and the champion's, which decide, must agree with their models.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from errata.documents.document import write_document
from errata.documents.engine_agreement import (
    AGREEING_STARTS,
    AgreementReport,
    EngineAgreement,
    EngineFallback,
    EngineFallbackReason,
    ScoringEngine,
)
from errata.documents.file_names import AGREEMENT, CANDIDATE, EXPORTS
from errata.documents.night import Night
from errata.inference.artefact import model_folder, store_model
from errata.inference.load import has_llama_cpp
from errata.progress import progress_bar
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from evaluation.best_champion import past_champions
from evaluation.items import ScoredModel, fresh_items
from evaluation.scoring_plan import NightModels, read_candidate
from registry.engine_agreement import measure
from registry.kept_exports import keep_export, kept_exports

TALKS = 8
"""Of tonight's fresh ones: enough to see another model, and few enough for one that is slow."""
TARGET = "gguf"


def disagreement(found: EngineAgreement) -> EngineFallbackReason | None:
    """Why an export may not answer for its model; None where it may."""
    if found.tokens is None:
        return "not installed"
    if found.tokens.same < found.tokens.lines:
        return "other tokens"
    if found.answers.starts is None:
        return "nothing asked"
    return "other answers" if found.answers.starts < AGREEING_STARTS else None


class NightAgreement:
    """Tonight's models, and how their exports agree with them on tonight's talks."""

    def __init__(self, workspace: Workspace, night: Night, candidate: ScoredModel | None) -> None:
        self._workspace, self._night, self._params = workspace, night, workspace.params()
        self._models = NightModels.of(night, candidate, workspace.models)

    @cached_property
    def _talks(self) -> list[int]:
        compared, night = self._models.by_identity.values(), self._night
        fresh = fresh_items(self._workspace.record, night.training_watermark, night.gate_watermark, compared)
        return [item.label.transcript for item in fresh[:TALKS]]

    def measure(self, model: ScoredModel, export: Path) -> EngineAgreement:
        workspace = self._workspace
        with progress_bar(f"agreement of the {model.name}", 2 * len(self._talks)) as advance:
            return measure(workspace.record, workspace.models, model.folder, export, self._talks, advance)

    def scoring_engine(self, candidate: EngineAgreement | None) -> ScoringEngine | None:
        """Who scores tonight; `candidate` is what was found of the candidate's export. None where nothing but
        transformers is asked for."""
        if self._params.evaluate.engine == "transformers":
            return None
        if TARGET not in self._params.export.targets:
            return _fallback("not exported")
        if not has_llama_cpp():
            return _fallback("not installed")
        exports = kept_exports(self._workspace.models, self._params.export.gguf)
        for model in (*self._models.rivals, self._models.champion):
            export = self._export_of(model, exports)
            known = candidate if model.name == "candidate" else None
            found = known or self.measure(model, export)
            reason = disagreement(found)
            if reason is not None:
                return _fallback(reason, model.name, found)
        self._export_of(self._models.day0, exports)
        compared = {*self._models.by_identity, *self._champions()}
        return ScoringEngine("llama.cpp", {model: exports[model] for model in sorted(compared & exports.keys())})

    def _export_of(self, model: ScoredModel, exports: dict[str, str]) -> Path:
        """Kept, and noted in `exports`; made where there is none yet."""
        models = self._workspace.models
        if model.identity not in exports:
            exported = EXPORTS / TARGET
            tonights = model.name == "candidate" and exported.is_dir()
            made = store_model(exported, models) if tonights else self._make(model)
            exports[model.identity] = made
        return model_folder(exports[model.identity], models)

    def _make(self, model: ScoredModel) -> str:
        sys.stderr.write(f"agreement: the {model.name} is exported, to be scored by llama.cpp\n")
        return keep_export(model.folder, self._workspace.models, self._params.export.gguf)

    def _champions(self) -> Sequence[str]:
        """Every model that ever was one: tonight's are held against some of them."""
        with self._workspace.record.read() as store:
            return past_champions(store.aliases.moves("champion"), "")


def _fallback(reason: EngineFallbackReason, name: str = "", agreement: EngineAgreement | None = None) -> ScoringEngine:
    return ScoringEngine("transformers", fallback=EngineFallback(reason, name, agreement))


def night_agreement(workspace: Workspace, night: Night) -> AgreementReport:
    """Of the candidate's .gguf export, where there is one; and by whom tonight's models are scored."""
    candidate = read_candidate(CANDIDATE, night)
    agreement, exports = NightAgreement(workspace, night, candidate), dict[str, EngineAgreement]()
    if candidate is not None and (EXPORTS / TARGET).is_dir():
        exports[TARGET] = agreement.measure(candidate, EXPORTS / TARGET)
    return AgreementReport(exports, agreement.scoring_engine(exports.get(TARGET)))


def main() -> None:
    """`exports/agreement.json`, where there is something to say."""
    workspace = Workspace.find(Path.cwd())
    report = night_agreement(workspace, Night.read(workspace.root))
    if report == AgreementReport():
        return
    EXPORTS.mkdir(exist_ok=True)
    write_document(EXPORTS / AGREEMENT, report)
    for target, found in report.exports.items():
        same = "" if found.tokens is None else f"{found.tokens.same} of {found.tokens.lines} lines in the same tokens, "
        starts = "no starts" if found.answers.starts is None else f"{found.answers.starts:.1f} % of starts alike"
        sys.stderr.write(f"agreement: {target} by {found.engine}, {same}{starts} on {found.talks} talks\n")
    if report.scoring is not None:
        fallback = report.scoring.fallback
        why = f" ({' '.join(filter(None, (fallback.name, fallback.reason)))})" if fallback else ""
        sys.stderr.write(f"agreement: tonight's models are scored by {report.scoring.engine}{why}\n")


if __name__ == "__main__":
    with stage_exit():
        main()
