"""Approvals in MLflow: each that somebody gave, by a tag of the version that waits, is taken into the record once, and
the version says how its promotion stands."""

from __future__ import annotations

from contextlib import suppress

from errata.domain.pending_promotion import Approval, PendingPromotion
from errata.errors import BadInput, NotFound, Refused, Unavailable
from errata.loop.approval import approve, check_approver, evidence_path
from errata.loop.promotion_by_hand import check_exports
from errata.progress import note
from errata.wording.approval_sentences import promotion_sentence, refused_approval_sentence
from errata.workspace import Workspace
from registry.models import ModelRegistry


def approved_in_mlflow(workspace: Workspace) -> bool:
    """Whether there is an approval to be taken; asks MLflow only while a promotion waits. Raises Unavailable where that
    is away."""
    with workspace.record.read() as store:
        waiting = store.pending_promotions.waiting()
    return bool(waiting) and any(_approver(workspace, each) for each in waiting)


def read_mlflow_approvals(workspace: Workspace) -> bool:
    """Takes each approval that stands there; whether there was any. The caller holds the loop's lease, and tells MLflow
    what came of it. Where MLflow is away, whoever needs it finds out."""
    with workspace.record.read() as store:
        waiting = store.pending_promotions.waiting()
    taken = False
    with suppress(NotFound, Unavailable):
        for promotion in waiting:
            if by := _approver(workspace, promotion):
                taken = True
                problem = _take(workspace, promotion, by)
                if problem:
                    note(problem)
                ModelRegistry.of(workspace).take_approval(promotion.model, by, problem)
    return taken


def tell_promotions(workspace: Workspace) -> None:
    """Says on the version of each promotion that was opened or decided how it stands. Raises Unavailable where MLflow
    is away; then it is told later."""
    with workspace.record.read() as store:
        untold = store.pending_promotions.untold()
    for promotion in untold:
        with suppress(NotFound):  # a version that somebody deleted says nothing
            registry = ModelRegistry.of(workspace)
            registry.note_promotion(promotion.model, promotion_sentence(promotion), promotion.approvers)
        with workspace.record.write() as store:
            store.pending_promotions.mark_told(promotion)


def _approver(workspace: Workspace, promotion: PendingPromotion) -> str:
    registry = ModelRegistry.of(workspace)
    registry.mlflow.check_reachable()
    return registry.approver_of(promotion.model)


def _take(workspace: Workspace, promotion: PendingPromotion, by: str) -> str:
    """Empty where it counts; else why not, in a sentence."""
    try:
        check_exports(workspace, evidence_path(workspace, promotion))
        with workspace.record.write() as store:
            check_approver(store, by)
            approve(workspace, store, promotion, Approval(by, "", "MLflow"))
    except (BadInput, NotFound, Refused) as problem:
        return refused_approval_sentence(promotion, by, str(problem))
    return ""
