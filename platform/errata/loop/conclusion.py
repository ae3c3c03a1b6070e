"""How a night ends: what came of it, and who holds which alias from now on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from errata.database.store import Store
from errata.documents.decision import OutcomeDecision, leading_decision
from errata.documents.document import read_document
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import NO_CANDIDATE
from errata.documents.night import Night, today
from errata.documents.outcome import Outcome
from errata.documents.stage_reports import NoCandidate
from errata.loop.approval import approvers_needed, propose
from errata.workspace import Workspace
from registry.gate_result import GateResult, next_challenger, winner_of
from registry.promotion import promote


def night_outcome(workspace: Workspace, night: Night, evaluation: Evaluation, results: Sequence[GateResult]) -> Outcome:
    """What the record keeps of the night, and `errata nightly --json` prints."""
    winner = winner_of(results)
    needed = approvers_needed(workspace) if winner else 0
    promoted = winner if not needed else None
    with workspace.record.read() as store:
        corrected = store.labels.changed_transcripts(night.training_watermark, night.gate_watermark)
        is_first = night.training_watermark == 0
        joined = store.leak_groups.joined(night.gate_watermark) if is_first else None
    outcome = Outcome(
        night=night.label,
        ended_on=today(),
        verdict="bootstrap" if is_first else "no candidate",
        joined=joined,
        reason=_why_no_candidate(workspace.nights / night.label / NO_CANDIDATE),
        new_corrections=corrected,
        fresh_items=evaluation.fresh_items,
        equal_split_f1=evaluation.equal_split_f1,
        means=evaluation.means,
        lean=evaluation.lean,
        champion=night.champion,
        gate=night.gate,
        gate_change=night.gate_change,
        candidate_start=night.start,
        passed_over=next((start for start in night.starts if start != night.start), ""),
        candidate=next((result.model for result in results if result.name == "candidate"), ""),
        promoted=promoted.model if promoted else "",
        approvals_needed=needed,
        decisions=tuple(
            OutcomeDecision(result.name, result.model, result is promoted, result.sha256, result.decision)
            for result in results
        ),
    )
    leading = leading_decision(outcome.decisions)
    if leading is None:
        return outcome
    return _with_leading_result(outcome, next(result for result in results if result.name == leading.name), workspace)


def _why_no_candidate(path: Path) -> str:
    """Empty where training made one."""
    return read_document(NoCandidate, path, "run the night again").reason if path.exists() else ""


def _with_leading_result(outcome: Outcome, result: GateResult, workspace: Workspace) -> Outcome:
    """What the night says of itself: the result of the contender that it is about."""
    primary = result.evidence.primary
    return replace(
        outcome,
        verdict=result.decision.verdict,
        effect=primary.effect,
        low=primary.low,
        high=primary.high,
        p_value=primary.p_value,
        n=primary.n,
        needs=result.decision.needs,
        evidence=str(result.record.relative_to(workspace.root)),
    )


def conclude(workspace: Workspace, night: Night, results: Sequence[GateResult], outcome: Outcome) -> None:
    """Decides the aliases and finishes the night, in one transaction: no crash can part them."""
    with workspace.record.write() as store:
        _move_aliases(store, night, results, outcome.approvals_needed)
        store.nights.finish(outcome)


def _move_aliases(store: Store, night: Night, results: Sequence[GateResult], approvals_needed: int) -> None:
    """Promotes at most one, or proposes it, and lets at most one wait."""
    winner, waits = winner_of(results), next_challenger(results)
    if winner is not None and approvals_needed:
        propose(store, night, winner, approvals_needed)
    elif winner is not None:
        promote(store, winner.model, night.label, winner.record, "gate")
    challenger = waits.model if waits else ""
    # one that goes on waiting, or nobody as before, is no move
    if challenger != (store.aliases.model_of("challenger") or ""):
        reason, evidence = ("waits", waits.sha256) if waits else ("retired", None)
        store.aliases.assign_alias("challenger", challenger, reason, "gate", night.label, evidence)
