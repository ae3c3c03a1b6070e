"""People's approval of a promotion: what the gate said `promote` of waits in the record until enough have approved, and
is then promoted as the gate itself would have.

Who may, each door says: the service by the key of who asks; the command line and MLflow's tag, which take names on
trust, by who was appointed release owner, once somebody was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from errata.database.pending_promotions import check_waiting
from errata.database.store import Store
from errata.documents.night import Night
from errata.domain.names import check_name
from errata.domain.pending_promotion import APPROVERS, Approval, PendingPromotion
from errata.errors import BadInput, NotFound
from errata.loop.promotion_by_hand import check_written_by_a_night
from errata.operations.reviewing import require
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.gate_result import GateResult
from registry.models import ModelRegistry
from registry.promotion import check_promotion, promote

LONGEST_COMMENT = 1_000
"""Characters."""


def propose(store: Store, night: Night, winner: GateResult, needed: int) -> None:
    """Leaves a night's winner waiting for the approval of so many people.

    What waited until then is superseded: of two that the gate found better than the same champion the newer one has
    learnt more, and to choose by their results would favour the lucky one.
    """
    for waiting in store.pending_promotions.waiting():
        store.pending_promotions.settle(waiting, "superseded", f"the night {night.label} proposed {winner.model[:16]}")
    store.pending_promotions.open(night.label, winner.model, night.champion, winner.sha256, needed)


def approve(
    workspace: Workspace, store: Store, promotion: PendingPromotion, approval: Approval, reason: str = "promote"
) -> PendingPromotion:
    """Adds one person's approval, and promotes once enough have approved, in the caller's transaction.

    Raises Refused where it waits no more, can't be promoted (another is champion by now, evidence was changed), or has
    this person's approval already.
    """
    evidence = evidence_path(workspace, promotion)
    check_written_by_a_night(store, evidence)
    check_promotion(store, promotion.model, evidence)
    approved = store.pending_promotions.add(promotion, approval)
    if approved.missing:
        return approved
    promote(store, approved.model, approved.night, evidence, approved.by, reason)
    return store.pending_promotions.newest_of(approved.evidence) or approved


def propose_by_hand(workspace: Workspace, store: Store, evidence: Path) -> PendingPromotion:
    """What a person wants promoted: it takes one approval at least, their own. What waits already comes back."""
    record, sha256 = read_evidence(evidence)
    needed = max(1, approvers_needed(workspace))
    return store.pending_promotions.open(record.night, record.candidate, record.champion, sha256, needed)


def approvers_needed(workspace: Workspace) -> int:
    """Before what the gate says `promote` of ships: 0, 1 or 2 people."""
    return APPROVERS[workspace.params().release.approval]


def waiting_promotion(workspace: Workspace, name: str) -> PendingPromotion:
    """The one that waits, or of several the one of the model `name`: the beginning of its identity, or its version in
    MLflow.

    Raises NotFound where none does, Refused where that one waits no more, and BadInput where several do and none is
    named.
    """
    with workspace.record.read() as store:
        promotions = store.pending_promotions.all()
    waiting = [each for each in promotions if each.state == "waiting"]
    named = [each for each in promotions if each.model.startswith(name)]
    if not named and waiting and name.isdecimal():
        identity = ModelRegistry.of(workspace).identity_of(name)
        named = [each for each in promotions if each.model == identity]
    found = [each for each in named if each.state == "waiting"]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"{_models(found)} wait for approval; name the one that you mean")
    if name and named:
        check_waiting(named[-1])
    if waiting:
        raise NotFound(f"no promotion of {name!r} waits for approval, and {_models(waiting)} does")
    raise NotFound("no promotion waits for approval; `errata history` has those that were decided")


def _models(promotions: Sequence[PendingPromotion]) -> str:
    return " and ".join(each.model[:16] for each in promotions)


def check_approver(store: Store, by: str, comment: str = "") -> None:
    """Of a name that nobody vouches for. Raises BadInput for one that is none, and Refused unless it may."""
    require(by, "by")
    check_name(by, "the name of who approves")
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(f"the comment has {len(comment):,} characters; {LONGEST_COMMENT:,} are the most")
    store.reviewers.check(by, "release owner", "decide on a promotion")


def evidence_path(workspace: Workspace, promotion: PendingPromotion) -> Path:
    return workspace.nights / promotion.night / f"{promotion.evidence}.json"
