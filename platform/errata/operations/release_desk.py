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
    """What a night's gate said `promote` of, against the present champion, and is not it: after a rollback, and of two
    that passed."""

    model: str
    night: str
    evidence: str
    decision: Decision


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

    def waits(self, wish: RequestKind, model: str) -> bool:
        """Whether that was asked for already, and nobody has carried it out: who is to be champion is `model`."""
        waiting = (each.wish for each in self.requests if each.state == "waiting")
        return any((each.kind, each.model, each.champion) == (wish, model, self.champion) for each in waiting)


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

    Raises Refused where it says so of nobody, or against another champion, and BadInput without a reason.
    """
    _check_reason(by, why)
    with workspace.record.write() as store:
        chosen = next((each for each in promotable_models(store) if each.evidence == evidence), None)
        if chosen is None:
            raise Refused(
                f"no evidence record {evidence[:16]!r} says 'promote' against the present champion; a night's gate has "
                "to say it first"
            )
        champion = store.aliases.model_of("champion") or ""
        wish = ReleaseWish("promotion", champion, chosen.model, chosen.night, chosen.evidence)
        return store.registry_requests.add(wish, by, why)


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
            if entry.decision.verdict == "promote" and entry.model != champion and entry.evidence:
                yield PromotableModel(entry.model, row.label, entry.evidence, entry.decision)
