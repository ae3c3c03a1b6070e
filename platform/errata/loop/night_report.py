"""A night's report, from what the night left in `nights/<label>/`."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import make_url

import errata
from errata.database.store import Store
from errata.database.tables import NightRow
from errata.documents import file_names as names
from errata.documents.alias_check import AliasCheck
from errata.documents.calibration import Calibrations
from errata.documents.candidate_choice import CandidateChoice
from errata.documents.certificate import Certificate
from errata.documents.decision import OutcomeDecision
from errata.documents.document import RESTORE, Document, read_document
from errata.documents.drift import DriftReport
from errata.documents.evaluation import Evaluation
from errata.documents.judging import Judging
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.params import TARGETS, GateParams
from errata.documents.parity import Parity, ParityReport
from errata.documents.scored_items import read_scored_items
from errata.documents.seed_spread import SeedSpread
from errata.documents.snapshot import SnapshotManifest
from errata.documents.stage_reports import CurationReport, MixtureReport, NightTiming, TrainingLog
from errata.domain.hashing import sha256
from errata.errors import NotFound
from errata.files import write_atomically, write_json
from errata.wording.agreement_sentences import agreement_sentence, scoring_sentence
from errata.workspace import Workspace
from evaluation.report.content import InService, NightFiles, NightLine, Report, shown_transcripts
from evaluation.report.markdown import code, summary
from evaluation.report.page import render
from evaluation.report.report_document import as_json
from registry.evidence import read_evidence
from registry.gate import decide
from registry.history import GateHistory
from registry.policy import preset

Kind = TypeVar("Kind", bound=Document)

HASHED = (names.MANIFEST, names.PIPELINE_LOCK, names.EVALUATION, names.ITEMS)
NIGHTLY = "nightly"
"""By whom a night's own look at held-out items is logged,"""
EXPORTS = ", exports"
"""and what then follows its label where its artefacts were scored on them."""


def write_report(workspace: Workspace, label: str | None) -> Path:
    """Writes a night's page, its summary and its JSON (the last decided night's, without a label); where they may
    only be read, they stay as they are.

    Returns the page; the other two lie beside it. Raises NotFound where that night has no scores, or no verdict yet.
    """
    nights = _scored_nights(workspace, label)
    report, folder = _report(workspace, nights), workspace.nights / nights[-1].label
    page = folder / names.REPORT_PAGE
    if page.exists() and not os.access(folder, os.W_OK):  # whoever may only read has the one that the night wrote
        return page
    write_json(folder / names.REPORT_DOCUMENT, as_json(report))
    write_atomically(folder / names.REPORT_SUMMARY, summary(report, f"[The whole report]({names.REPORT_PAGE})"))
    write_atomically(page, render(report))
    return page


def comment_summary(workspace: Workspace, label: str) -> str:
    """A night's summary for a reader who isn't in the workspace. Raises as `write_report` does."""
    page = (workspace.nights / label / names.REPORT_PAGE).relative_to(workspace.root)
    return summary(_report(workspace, _scored_nights(workspace, label)), f"The whole report: {code(str(page))}")


def _scored_nights(workspace: Workspace, label: str | None) -> list[NightRow]:
    """That night, or the last, after those before it. Raises NotFound where it has no scores, or no verdict yet."""
    with workspace.record.read() as store:
        decided = [row for row in store.nights.all() if row.finished]
    nights = [row for row in decided if (workspace.nights / row.label / names.EVALUATION).exists()]
    matching = [row for row in nights if label in (None, row.label)]
    if not matching and any(row.label == label and row.verdict != "skipped" for row in decided):
        place = workspace.nights / str(label) / names.EVALUATION
        raise NotFound(f"{place} is gone; {RESTORE}")
    if not matching:
        if label is not None and nights:
            raise NotFound(f"no night {label} has been scored and decided; `errata status` lists them")
        command = shlex.join(["errata", "nightly", "-w", str(workspace.root)])
        raise NotFound(f"no night has been scored and decided yet; run one: {command}")
    return [row for row in nights if row.number <= matching[-1].number]


def _report(workspace: Workspace, nights: Sequence[NightRow]) -> Report:
    """Of the last of them; by its own folder alone, so that an old night's page stays as it was when it is written
    again."""
    tonight = nights[-1]
    folder = workspace.nights / tonight.label
    decisions = _decisions(nights, folder)
    items, files, evaluation = read_scored_items(folder / names.ITEMS), _files(tonight, folder), _evaluation(folder)
    with workspace.record.read() as store:
        excerpts = {seq: store.transcripts.read(seq) for seq in shown_transcripts(items, decisions)}
        in_service = _in_service(store, nights, files.night)
        task = store.asked_task.name()
    return Report(
        nights=tuple(_line(row, _champions_after(nights, at)) for at, row in enumerate(nights)),
        approvals_needed=tonight.outcome.approvals_needed,
        evaluation=evaluation,
        decisions=decisions,
        items=items,
        excerpts=excerpts,
        facts=_facts(workspace, evaluation, files.parity),
        files=files,
        accesses=_accesses(workspace, {row.label for row in nights}),
        reason="" if decisions else tonight.outcome.reason,
        workspace=workspace.root.resolve().name,
        ended_on=tonight.outcome.ended_on,
        in_service=in_service,
        task=task,
        learnt=_learnt(workspace, nights, files.night.day0 if files.night else ""),
    )


def _decisions(nights: Sequence[NightRow], folder: Path) -> tuple[OutcomeDecision, ...]:
    """Tonight's. One that an older Errata kept as sentences is taken anew on its evidence record, which has the
    numbers."""
    history, decisions = GateHistory.of(row.outcome for row in nights[:-1]), []
    for entry in nights[-1].outcome.decisions:
        path = folder / f"{entry.evidence}.json"
        if entry.decision.cause is None and path.exists():
            record, _ = read_evidence(path)
            decision = decide(record.gate, preset(GateParams(record.policy)), history)
            # the presets of that time may have been others: what ends otherwise isn't what was decided
            same = decision.verdict == entry.decision.verdict
            entry = replace(entry, decision=decision) if same else entry
        decisions.append(entry)
        history = history.after(entry.model, entry.decision)
    return tuple(decisions)


def _in_service(store: Store, nights: Sequence[NightRow], night: Night | None) -> InService | None:
    """Who is champion after the last of the nights, whatever a person moved later."""
    model = nights[-1].outcome.promoted or (night.champion if night else "")
    if not model:
        return None
    moves = store.aliases.moves()
    promotions = [move for move in moves if move.alias == "champion" and move.model == model]
    evidence = {move.evidence for move in promotions if move.evidence}
    shipped = {move.alias for move in moves if move.evidence in evidence}
    return InService(
        model=model,
        is_day0=model == store.aliases.model_of("day0"),
        since=next((move.night for move in promotions if move.night), ""),
        exports=tuple(target for target in TARGETS if target in shipped),
    )


def _champions_after(nights: Sequence[NightRow], at: int) -> set[str]:
    """Whom the nights after this one compared with."""
    return {row.outcome.champion for row in nights[at + 1 :]}


def _promoted_contender(outcome: Outcome, champions_after: Collection[str]) -> str:
    """Who became champion, by the night itself or by people's approval since; empty where nobody did."""
    passed = (entry for entry in outcome.decisions if entry.decision.verdict == "promote")
    approved = next((entry.name for entry in passed if entry.model in champions_after), "")
    return outcome.promoted_contender or approved


def _line(row: NightRow, champions_after: Collection[str]) -> NightLine:
    outcome = row.outcome
    promoted = _promoted_contender(outcome, champions_after)
    return NightLine(
        label=row.label,
        verdict="proposed" if outcome.proposed and not promoted else row.verdict or "",
        new_corrections=outcome.new_corrections,
        fresh_items=outcome.fresh_items,
        means=outcome.means,
        promoted=promoted,
        start=outcome.candidate_start,
        effect=_candidate_effect(outcome),
    )


def _candidate_effect(outcome: Outcome) -> float | None:
    """Of the candidate that the night made, on the items of that night."""
    comparisons = [entry.decision.comparison for entry in outcome.decisions if entry.name == "candidate"]
    return next((comparison.effect for comparison in comparisons if comparison is not None), None)


def _learnt(workspace: Workspace, nights: Sequence[NightRow], day0: str) -> dict[str, frozenset[str]]:
    """By model, the nights whose corrections lie below the watermark up to which it was trained.

    Of Day-0, of tonight's contenders and of all that were ever in force: nights that promoted nobody aren't read.
    """
    watermarks = {day0: 0} if day0 else {}
    for at, row in enumerate(nights):
        if row is nights[-1] or _promoted_contender(row.outcome, _champions_after(nights, at)):
            contenders = _evaluation(workspace.nights / row.label).contenders
            watermarks |= {scores.model: scores.watermark for scores in contenders}
    return {
        model: frozenset(row.label for row in nights if row.training_watermark < row.gate_watermark <= watermark)
        for model, watermark in watermarks.items()
    }


def _files(tonight: NightRow, folder: Path) -> NightFiles:
    return NightFiles(
        night=_night(tonight, folder),
        manifest=_read(SnapshotManifest, folder / names.MANIFEST),
        curation=_read(CurationReport, folder / names.CURATION_COPY),
        mixture=_read(MixtureReport, folder / names.MIXTURE_COPY),
        training=_read(TrainingLog, folder / names.TRAINING),
        choice=_read(CandidateChoice, folder / names.CANDIDATE_CHOICE),
        parity=ParityReport.read(folder / names.parity_file("candidate")).exports,
        certificates=_certificates(tonight, folder),
        timing=_read(NightTiming, folder / names.NIGHT_TIMING),
        calibrations=_read(Calibrations, folder / names.CALIBRATION),
        seeds=_read(SeedSpread, folder / names.SEEDS),
        aliases=_read(AliasCheck, folder / names.ALIAS_CHECK),
        drift=_read(DriftReport, folder / names.DRIFT),
        judges=_judges(folder, [entry.name for entry in tonight.outcome.decisions]),
        sha256={name: sha256((folder / name).read_bytes()) for name in HASHED if (folder / name).exists()},
    )


def _night(row: NightRow, folder: Path) -> Night:
    """What the stages were told; where a night's folder lacks it, what the record says of the night alone."""
    if (folder / names.NIGHT).exists():
        return Night.read(folder)
    return Night(row.label, row.training_watermark, row.gate_watermark, "", "", 0, "", 0, "")


def _certificates(tonight: NightRow, folder: Path) -> tuple[Certificate, ...]:
    passed = (entry.evidence for entry in tonight.outcome.decisions if entry.decision.verdict == "promote")
    evidence = next(passed, "")  # also while it waits for approval
    found = [_read(Certificate, folder / names.certificate_file(target, evidence)) for target in TARGETS]
    return tuple(certificate for certificate in found if certificate is not None)


def _judges(folder: Path, contenders: Sequence[str]) -> dict[str, Judging]:
    """What judges said of each contender that they were asked about."""
    judgings = {name: _read(Judging, folder / names.judging_file(name)) for name in contenders}
    return {name: judging for name, judging in judgings.items() if judging and judging.judges}


def _accesses(workspace: Workspace, labels: set[str]) -> dict[str, int]:
    """By role, up to the last look of these nights: what came later isn't of this page."""
    with workspace.record.read() as store:
        accesses = store.holdout.accesses()
    nightly = [logged for logged in accesses if logged.access.by == NIGHTLY]
    ours = [logged.seq for logged in nightly if logged.access.why.removesuffix(EXPORTS) in labels]
    last = max(ours, default=0)
    return dict(sorted(Counter(logged.access.role for logged in accesses if logged.seq <= last).items()))


def _facts(workspace: Workspace, evaluation: Evaluation, parity: Mapping[str, Parity]) -> dict[str, str]:
    """What else belongs to the night; nothing that changes when the page is written again."""
    facts = {"Night": evaluation.night}
    if evaluation.scoring is not None:
        facts["Scored by"] = scoring_sentence(evaluation.scoring)
    for target, export in parity.items():
        starts = export.agreement.starts if export.agreement else None
        name = "Export for llama.cpp" if target == "gguf" else f"Export for a {target}"
        facts[name] = (
            f"{export.model[:16]}, {export.size / 1e6:.1f} MB, "
            f"{'–' if starts is None else format(starts, '.1f')} % of chapter starts as the model itself"
        )
        if export.engine:
            facts["llama.cpp and transformers"] = agreement_sentence(export.engine)
    uri = make_url(workspace.settings.mlflow_uri).render_as_string(hide_password=True)
    facts["MLflow"] = f"mlflow ui --backend-store-uri {uri}"
    facts["Errata"] = errata.__version__
    return facts


def _evaluation(folder: Path) -> Evaluation:
    return read_document(Evaluation, folder / names.EVALUATION, RESTORE)


def _read(kind: type[Kind], path: Path) -> Kind | None:
    """None where a night left no such file."""
    return read_document(kind, path, RESTORE) if path.exists() else None
