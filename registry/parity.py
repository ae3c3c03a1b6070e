"""What ships is what was scored: each export against the model that it was made from, on the same items."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from errata.database.holdout_log import HoldoutAccess
from errata.database.record import Record
from errata.documents.comparison import Comparison
from errata.documents.document import write_document
from errata.documents.engine_agreement import AgreementReport
from errata.documents.file_names import CANDIDATE, EXPORTS, NO_CANDIDATE, PARITY_FOLDER, parity_file
from errata.documents.night import Night
from errata.documents.params import TARGETS
from errata.documents.parity import Footprint, Parity, ParityReport, UnbuiltExports
from errata.domain.chapter import Chapters
from errata.domain.correction import Label
from errata.domain.task_name import TaskName
from errata.domain.transcript import Unit
from errata.errors import NotFound
from errata.files import write_json
from errata.inference.artefact import model_folder, verify
from errata.inference.engine import EngineFault
from errata.inference.load import same_weights
from errata.progress import progress_bar
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from evaluation.holdout import log_night
from evaluation.items import chats_of, fresh_items, gathered_items, guardrail_items
from evaluation.metrics.answer_f1 import answer_f1
from evaluation.scoring_plan import NightModels, read_candidate
from evaluation.statistics.paired import compare
from registry.engine_agreement import agreement, recorded_answers
from registry.footprint import folder_size, measure_footprint
from registry.policy import preset

SEED = 20250101
"""Of the bootstrap: the same answers give the same interval on every night."""
TIMED = 20
"""Transcripts that latency is measured on."""
TRIED = 8
"""Transcripts that show that an export runs, where its weights leave nothing else to be shown."""


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """One transcript and its right chapters."""

    reference: Chapters
    duration: float
    """In `unit`."""
    unit: Unit
    cluster: str
    task: TaskName = "chapters"


def compare_f1(items: Sequence[LabelledItem], original: Sequence[Chapters], exported: Sequence[Chapters]) -> Comparison:
    """Points of F1, exported minus original; answer i of both is to item i."""
    return compare(_f1(items, exported), _f1(items, original), [item.cluster for item in items], SEED)


@dataclass(frozen=True, slots=True)
class MeasuredExports:
    """By target."""

    parities: Mapping[str, Parity]
    faults: Mapping[str, EngineFault]
    """Of those that their runtime does not run, why."""

    def whole(self) -> Mapping[str, Parity]:
        """The parity of all. Raises EngineFault for one that its runtime does not run."""
        for fault in self.faults.values():
            raise fault
        return self.parities

    def reasons(self) -> dict[str, str]:
        return {target: str(fault) for target, fault in self.faults.items()}


def measure(
    record: Record,
    models: Path,
    model: Path,
    exports: Mapping[str, Path],
    labels: Sequence[Label],
    advance: Callable[[], None] = lambda: None,
) -> MeasuredExports:
    """The parity of each of `exports` (target to folder) with `model`, on the labels' transcripts; one that its runtime
    does not run is no reason against the others.

    `models` is where an adapter's base is kept; `advance` is called once for every model and label. An export whose
    weights are the model's to the bit is asked about the first `TRIED` alone. Each model is asked once about a
    transcript, ever: answers are read from the record, and new ones are recorded. Raises NotFound for a folder whose
    files aren't those that were sealed.
    """
    items = _items(record, labels)

    def answers(folder: Path, batch: Sequence[Label]) -> list[Chapters]:
        transcripts = [label.transcript for label in batch]
        return recorded_answers(record, models, folder, transcripts, advance, chats_of(batch))

    original = answers(model, labels)

    def exported_answers(folder: Path) -> list[Chapters]:
        first = answers(folder, labels[:TRIED])
        if first == original[:TRIED] and same_weights(model, folder, models):
            for _ in labels[TRIED:]:  # not asked, and yet done
                advance()
            return original
        return first + answers(folder, labels[TRIED:])

    parities, faults = dict[str, Parity](), dict[str, EngineFault]()
    for target, folder in exports.items():
        try:
            parities[target] = _parity(folder, items, original, exported_answers(folder))
        except EngineFault as fault:
            faults[target] = fault
    return MeasuredExports(parities, faults)


def _parity(
    folder: Path, items: Sequence[LabelledItem], original: Sequence[Chapters], exported: Sequence[Chapters]
) -> Parity:
    return Parity(
        model=verify(folder),
        size=folder_size(folder),
        agreement=agreement(original, exported),
        f1=compare_f1(items, original, exported),
    )


def _items(record: Record, labels: Sequence[Label]) -> list[LabelledItem]:
    items = []
    with record.read() as store:
        for label in labels:
            transcript, cluster = store.transcripts.read(label.transcript), label.channel or label.transcript_hash
            items.append(LabelledItem(label.chapters, transcript.duration, transcript.unit, cluster, label.task))
    return items


def _f1(items: Sequence[LabelledItem], answers: Sequence[Chapters]) -> list[float]:
    pairs = zip(items, answers, strict=True)
    return [answer_f1(item.task, item.reference, answer, item.duration) for item, answer in pairs]


def _footprint(workspace: Workspace, night: Night, server: Path, labels: Sequence[Label]) -> Footprint:
    """Of what would serve, against what serves now."""
    with workspace.record.read() as store:
        serving = store.aliases.model_of("server") or night.champion
        transcripts = [store.transcripts.read(label.transcript) for label in labels]
    return measure_footprint(server, model_folder(serving, workspace.models), workspace.models, transcripts)


def night_parity(workspace: Workspace, night: Night) -> ParityReport:
    """Of the candidate's exports, on tonight's fresh items and the guardrails' items; empty without a candidate. Logs
    its access to the anchor."""
    candidate = read_candidate(CANDIDATE, night)
    if candidate is None:
        return ParityReport()
    models = NightModels.of(night, candidate, workspace.models)
    compared = (candidate, models.champion, models.day0)
    fresh = fresh_items(workspace.record, night.training_watermark, night.gate_watermark, compared)
    held_out = guardrail_items(workspace.record, night.gate_watermark, compared)
    labels = [item.label for item in (*fresh, *held_out)]
    folders: dict[str, Path] = {target: EXPORTS / target for target in TARGETS if (EXPORTS / target).is_dir()}
    with progress_bar("parity", len(labels) * (1 + len(folders))) as advance:
        measured = measure(workspace.record, workspace.models, candidate.folder, folders, labels, advance)
    exports = dict(measured.parities)
    _log_access(workspace, night, exports, len(held_out))
    limit = preset(night.gate).limit("latency")
    # It costs minutes, and a preset that doesn't decide by it has no use for it.
    if "server" in exports and labels and limit is not None and limit.decides:
        footprint = _footprint(workspace, night, folders["server"], labels[:TIMED])
        exports["server"] = replace(exports["server"], footprint=footprint)
    for target, engine in AgreementReport.read(EXPORTS).exports.items():
        if target in exports:
            exports[target] = replace(exports[target], engine=engine)
    return ParityReport(exports, UnbuiltExports.read(EXPORTS).problems | measured.reasons())


def challenger_parity(workspace: Workspace, night: Night) -> ParityReport:
    """Of the exports of the challenger that waits, on all that is fresh to it since it was made and the guardrails'
    items; empty where nobody waits. Logs its access to the anchor.

    By the items of the night that made it alone, an export of which they were too few to tell would be held back for
    good, however many its model gathers. What was answered then is read from the record. One whose files are gone or
    were changed is left out, and named among those of which there is none.
    """
    if not night.challenger:
        return ParityReport()
    models = NightModels.of(night, None, workspace.models)
    (challenger,) = models.rivals
    made = _when_made(workspace, challenger.identity)
    folders, gone = _folders(made.exports, workspace.models)
    if not folders:
        return ParityReport({}, made.unbuilt | gone)
    compared = (challenger, models.champion, models.day0)
    fresh = gathered_items(workspace.record, challenger.watermark, night.gate_watermark, compared)
    held_out = guardrail_items(workspace.record, night.gate_watermark, compared)
    labels = [item.label for item in (*fresh, *held_out)]
    with progress_bar("parity of the challenger", len(labels) * (1 + len(folders))) as advance:
        measured = measure(workspace.record, workspace.models, challenger.folder, folders, labels, advance)
    _log_access(workspace, night, measured.parities, len(held_out))
    exports = {
        target: replace(made.exports[target], agreement=parity.agreement, f1=parity.f1)
        for target, parity in measured.parities.items()
    }
    return ParityReport(exports, made.unbuilt | gone | measured.reasons())


def _when_made(workspace: Workspace, model: str) -> ParityReport:
    """Of a model's exports, by the night whose candidate it was."""
    with workspace.record.read() as store:
        label = next((row.label for row in store.nights.all() if row.outcome.candidate == model), None)
    return ParityReport() if label is None else ParityReport.read(workspace.nights / label / parity_file("candidate"))


def _folders(exports: Mapping[str, Parity], models: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """Where the exports are kept, and of those that aren't there as they were sealed, why; both by target."""
    folders, gone = dict[str, Path](), dict[str, str]()
    for target, export in exports.items():
        try:
            folder = model_folder(export.model, models)
            verify(folder)
        except NotFound as problem:
            gone[target] = str(problem)
        else:
            folders[target] = folder
    return folders, gone


def _log_access(workspace: Workspace, night: Night, exports: Mapping[str, Parity], held_out: int) -> None:
    if held_out:
        identities, why = tuple(parity.model for parity in exports.values()), f"{night.label}, exports"
        access = HoldoutAccess("anchor", "nightly", why, identities, held_out, night.gate_watermark)
        log_night(workspace.record, access)


def main() -> None:
    """Stage 9: a file for each contender that exports were made of, in `parity/`."""
    workspace = Workspace.find(Path.cwd())
    PARITY_FOLDER.mkdir(exist_ok=True)
    night = Night.read(workspace.root)
    reports = {"candidate": night_parity(workspace, night), "challenger": challenger_parity(workspace, night)}
    measured = {contender: report for contender, report in reports.items() if report != ParityReport()}
    for contender, report in measured.items():
        write_document(PARITY_FOLDER / parity_file(contender), report)
        _tell(contender, report)
    if not measured:
        write_json(PARITY_FOLDER / NO_CANDIDATE, {})  # of an empty folder DVC warns


def _tell(contender: str, report: ParityReport) -> None:
    for target, parity in report.exports.items():
        starts = (parity.agreement and parity.agreement.starts) or 0.0
        sys.stderr.write(f"parity: {contender} {target} {parity.size / 1e6:.1f} MB, {starts:.1f} % of starts agree\n")


if __name__ == "__main__":
    with stage_exit():
        main()
