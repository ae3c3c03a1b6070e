"""What a release owner decides by, and asks the registry's side for. Nothing is moved here: a request is a row.

Who may ask, the service's door says, by their key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from errata.database.shipping import rollback_target
from errata.database.store import Store
from errata.database.tables import MoveRow, NightRow
from errata.documents.decision import Decision, TargetOutcome
from errata.domain.names import check_name
from errata.domain.pending_promotion import PendingPromotion, same_person
from errata.domain.registry_request import RegistryRequest, ReleaseWish, RequestKind
from errata.errors import Refused
from errata.operations.canary_trial import CanaryState, canary_state
from errata.operations.held_exports import held_exports
from errata.operations.reviewing import require
from errata.workspace import Workspace

NEWEST = 20
"""Requests and moves that are shown."""
LONGEST_REASON = 1_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class PromotableModel:
    """What a night's gate said `promote` of, against the present champion, and is not it: while people are to approve,
    and after a rollback. What somebody rejected, or a newer one superseded, is none."""

    model: str
    night: str
    evidence: str
    decision: Decision
    pending: PendingPromotion | None = None
    """Who approved so far; None where nobody was asked yet."""

    def has_approval_of(self, name: str, asked: Sequence[str]) -> bool:
        """`asked` are those whose approval nobody has carried out yet."""
        approved = self.pending is not None and self.pending.is_approved_by(name)
        return approved or any(same_person(name, each) for each in asked)

    def has_enough(self, asked: Sequence[str]) -> bool:
        needed, approved = (self.pending.needed, len(self.pending.approvers)) if self.pending else (1, 0)
        return bool(asked) and approved + len(asked) >= needed


@dataclass(frozen=True, slots=True)
class ReleaseDesk:
    champion: str
    """Empty for none."""
    before: str
    """Who would be champion again after a rollback; empty where nothing came before."""
    held_exports: Sequence[TargetOutcome]
    """Of the champion, those that were held back and don't ship by now either."""
    promotable: Sequence[PromotableModel]
    """The newest night's first."""
    requests: Sequence[RegistryRequest]
    """The newest first."""
    moves: Sequence[MoveRow]
    """Of all aliases, the newest first."""
    untold_moves: int
    """Of which MLflow has not been told."""
    canary: CanaryState | None
    """The one that runs, or the one that ended last."""
    decided: Sequence[PendingPromotion]
    """Promotions that people were asked about and that wait no more, the newest first."""

    def asked_by(self, kind: RequestKind, model: str) -> Sequence[str]:
        """Who asked for that, where nobody has carried it out: who is to be champion is `model`."""
        waiting = (each for each in self.requests if each.state == "waiting")
        wanted = (kind, model, self.champion)
        return [each.by for each in waiting if (each.wish.kind, each.wish.model, each.wish.champion) == wanted]


def release_desk(workspace: Workspace) -> ReleaseDesk:
    with workspace.record.read() as store:
        moves = store.aliases.moves()
        return ReleaseDesk(
            champion=store.aliases.model_of("champion") or "",
            before=_before(moves),
            held_exports=held_exports(store, workspace.models),
            promotable=list(promotable_models(store)),
            requests=store.registry_requests.newest(NEWEST),
            moves=moves[::-1][:NEWEST],
            untold_moves=sum(not move.applied for move in moves),
            canary=canary_state(store),
            decided=[each for each in store.pending_promotions.all() if each.state != "waiting"][::-1][:NEWEST],
        )


def ask_for_rollback(workspace: Workspace, champion: str, by: str, why: str) -> RegistryRequest:
    """Asks that `champion` give way to what was before it.

    Raises Refused where it is champion no more, or nothing came before it, and BadInput without a reason.
    """
    _check_reason(by, why)
    with workspace.record.write() as store:
        _check_champion(store, champion)
        before = _before(store.aliases.moves())
        if not before:
            raise Refused("nothing was promoted before the present champion, so there is nothing to roll back to")
        return store.registry_requests.add(ReleaseWish("rollback", champion, before), by, why)


def ask_for_promotion(workspace: Workspace, evidence: str, by: str, why: str) -> RegistryRequest:
    """Approves of the model that the evidence record with that SHA-256 says `promote` of.

    Raises Refused where it says so of nobody, or against another champion, or where `by` approved already, and BadInput
    without a reason.
    """
    _check_reason(by, why)
    with workspace.record.write() as store:
        chosen = _promotable(store, evidence)
        if chosen.pending is not None and chosen.pending.is_approved_by(by):
            raise Refused(f"{by} has approved of {chosen.model[:16]} already; it waits for another person's approval")
        return store.registry_requests.add(_wish(store, "promotion", chosen), by, why)


def ask_for_rejection(workspace: Workspace, evidence: str, by: str, why: str) -> RegistryRequest:
    """Asks that the promotion which waits on that evidence record shall not be. Raises as `ask_for_promotion` does, and
    Refused where none waits on it."""
    _check_reason(by, why)
    with workspace.record.write() as store:
        chosen = _promotable(store, evidence)
        if chosen.pending is None:
            raise Refused(f"the promotion of {chosen.model[:16]} waits for nobody; there is nothing to reject")
        return store.registry_requests.add(_wish(store, "rejection", chosen), by, why)


def _promotable(store: Store, evidence: str) -> PromotableModel:
    chosen = next((each for each in promotable_models(store) if each.evidence == evidence), None)
    if chosen is None:
        raise Refused(
            f"no evidence record {evidence[:16]!r} says 'promote' against the present champion and waits for approval; "
            "a night's gate has to say it first"
        )
    return chosen


def _wish(store: Store, kind: RequestKind, chosen: PromotableModel) -> ReleaseWish:
    champion = store.aliases.model_of("champion") or ""
    return ReleaseWish(kind, champion, chosen.model, chosen.night, chosen.evidence)


def _check_reason(by: str, why: str) -> None:
    require(by, "by")
    require(why, "why")
    check_name(by, "the name of who asks")
    if len(why) > LONGEST_REASON:
        raise Refused(f"why has {len(why):,} characters; {LONGEST_REASON:,} are the most")


def _check_champion(store: Store, champion: str) -> None:
    now = store.aliases.model_of("champion") or ""
    if now != champion:
        raise Refused(
            f"the champion is {now[:16] or 'nobody'} by now, and not {champion[:16] or 'nobody'}; look again, then ask"
        )


def _before(moves: Sequence[MoveRow]) -> str:
    target = rollback_target(moves).get("champion")
    return target.model if target else ""


def promotable_models(store: Store) -> Iterator[PromotableModel]:
    champion = store.aliases.model_of("champion")
    rows: Sequence[NightRow] = store.nights.all()
    for row in reversed(rows):
        for entry in row.outcome.decisions if row.outcome.champion == champion else ():
            if entry.decision.verdict != "promote" or entry.model == champion or not entry.evidence:
                continue
            asked = store.pending_promotions.newest_of(entry.evidence)
            if asked is None or asked.state in ("waiting", "promoted"):
                pending = asked if asked and asked.state == "waiting" else None
                yield PromotableModel(entry.model, row.label, entry.evidence, entry.decision, pending)
