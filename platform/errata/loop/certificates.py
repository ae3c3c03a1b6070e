"""The certificates of what ships, written once a model is promoted: what it costs to run takes processes to measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from errata.documents.certificate import Certificate
from errata.documents.decision import Decision
from errata.documents.document import write_document
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.file_names import ITEMS, certificate_file
from errata.documents.guardrail import GuardrailResult
from errata.documents.scored_items import read_scored_items
from errata.errors import Unavailable
from errata.inference.artefact import model_folder
from errata.progress import note
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.export.targets import EXPORT_TARGETS
from registry.gate_result import GateResult, winner_of
from registry.running_cost import MeasuredCost, measure_cost

TALKS = 3
"""That each model answers once more, to be timed."""


def write_certificates(workspace: Workspace, results: Sequence[GateResult]) -> None:
    """Of each export of the night's winner, into the night's folder; nothing where nobody won. Where a model can't be
    measured the night says so and goes on: that decides nothing."""
    winner = winner_of(results)
    if winner is None:
        return
    rows = read_scored_items(winner.record.parent / ITEMS)
    talks = sorted({row.transcript for row in rows if row.name == winner.name and row.part == "fresh"})[:TALKS]
    if talks:
        certify(workspace, winner.record, list(winner.exports), talks)


def certify(workspace: Workspace, evidence: Path, targets: Sequence[str], talks: Sequence[int]) -> None:
    """Writes the certificates of the exports in an evidence record for `targets`, by the transcripts `talks`, beside
    it; one that is there stays."""
    missing = [target for target in targets if not _path(evidence, target).is_file()]
    if not missing:
        return
    record, _ = read_evidence(evidence)
    source = _measured(workspace, record.candidate, talks)
    if source is None:
        return
    for target in missing:
        measured = _measured(workspace, record.exports[target], talks)
        if measured is not None:
            write_document(_path(evidence, target), _certificate(record, target, measured, source))


def _measured(workspace: Workspace, model: str, talks: Sequence[int]) -> MeasuredCost | None:
    try:
        return measure_cost(workspace, model_folder(model, workspace.models), talks)
    except Unavailable as problem:
        note(str(problem))
        return None


def _certificate(record: EvidenceRecord, target: str, measured: MeasuredCost, source: MeasuredCost) -> Certificate:
    outcomes = {outcome.target: outcome for outcome in record.decision.targets}
    pairs = zip(measured.prompts, source.prompts, strict=False)
    return Certificate(
        night=record.night,
        target=target,
        model=record.exports[target],
        source=record.candidate,
        status=outcomes[target].status if target in outcomes else "ships",
        guardrails=_guardrails(record.decision, target),
        parity=record.parity[target],
        prompts=max(len(measured.prompts), len(source.prompts)),
        same_prompts=sum(ours == theirs for ours, theirs in pairs),
        cost=measured.cost,
        source_cost=source.cost,
    )


def _guardrails(decision: Decision, target: str) -> tuple[GuardrailResult, ...]:
    """That decide on the export: those of the base are among the model's."""
    if EXPORT_TARGETS[target].is_base:
        return tuple(rail for rail in decision.guardrails if rail.name in (f"parity_{target}", f"starts_{target}"))
    return next((outcome.guardrails for outcome in decision.targets if outcome.target == target), ())


def _path(evidence: Path, target: str) -> Path:
    return evidence.with_name(certificate_file(target, evidence.stem))
