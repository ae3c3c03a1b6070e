"""What waits for people's approval, who gave it, and what came of it, in sentences."""

from __future__ import annotations

from errata.domain.pending_promotion import Approval, ApprovalDoor, PendingPromotion, PromotionState
from errata.wording.counts import counted

DOORS: dict[ApprovalDoor, str] = {"command line": "", "dashboard": ", on the dashboard", "MLflow": ", in MLflow"}

STATES: dict[PromotionState, str] = {
    "waiting": "waits",
    "promoted": "approved",
    "rejected": "rejected",
    "superseded": "superseded",
}


def promotion_sentence(promotion: PendingPromotion) -> str:
    """How a promotion stands, whom it is by, and what it still needs."""
    proposed = f"{promotion.model[:16]}, proposed by the night {promotion.night}"
    said = "; ".join(map(approval_phrase, promotion.approvals))
    match promotion.state:
        case "waiting":
            return f"{proposed}, {waits_phrase(promotion)}" + (f": {said}" if said else "")
        case "promoted":
            return f"{proposed}, is promoted: {said}"
        case "rejected":
            return f"{proposed}, is rejected: {said}"
        case "superseded":
            return f"{proposed}, is superseded: {promotion.why}" + (f" ({said})" if said else "")


def waits_phrase(promotion: PendingPromotion) -> str:
    """`waits for approval by 2 people`, or by another one."""
    if promotion.approvers:
        return f"waits for approval by {counted(promotion.missing, 'more person', 'more people')}"
    return f"waits for approval by {approvers_phrase(promotion.needed)}"


def approvers_phrase(needed: int) -> str:
    return "one person" if needed == 1 else f"{needed} different people"


def approval_phrase(approval: Approval) -> str:
    """`approved by ann on 2026-03-01 (reads well)`."""
    word = "approved" if approval.approves else "rejected"
    door = DOORS[approval.via]
    comment = f" ({approval.comment})" if approval.comment else ""
    return f"{word} by {approval.by} on {approval.at:%Y-%m-%d}{door}{comment}"


def refused_approval_sentence(promotion: PendingPromotion, by: str, problem: str) -> str:
    """Of one that was given in MLflow."""
    return f"the approval of {promotion.model[:16]} by {by}, in MLflow, doesn't count: {problem}"


def proposed_sentence(needed: int) -> str:
    """Of a night that has just ended."""
    return f"It waits for approval by {approvers_phrase(needed)}, and nothing that ships has moved."


def verdict_words(verdict: str | None, state: PromotionState | None) -> str:
    """A night's verdict, and what people made of it where they were asked: `promote, waits`."""
    return f"{verdict}, {STATES[state]}" if verdict and state else verdict or ""
