"""Carries out what release owners asked for: the service writes the requests, and moves nothing.

A request is settled in the transaction that moves the aliases, so it is carried out once, wherever the process is
killed: before, it still waits; afterwards, only MLflow is to be told, which the moves' own outbox remembers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from errata.database.store import Store
from errata.domain.pending_promotion import Approval
from errata.domain.registry_request import RegistryRequest, ReleaseWish
from errata.errors import BadInput, NotFound, Refused, Unavailable
from errata.loop.approval import approve, propose_by_hand
from errata.loop.hand_moves import settle_hand_moves, tell_mlflow, tell_mlflow_if_there
from errata.loop.lease import loop_lease
from errata.loop.leftovers import clear_git_locks
from errata.loop.mlflow_approvals import approved_in_mlflow
from errata.loop.moved_aliases import moved_aliases
from errata.loop.promotion_by_hand import check_exports, check_rollback
from errata.loop.publishing import publish_waiting, waiting_nights
from errata.progress import note
from errata.wording.approval_sentences import promotion_sentence
from errata.wording.request_sentences import request_sentence
from errata.workspace import Workspace
from registry.promotion import rollback

SECONDS = 1.0
"""Between two looks at the record: a request is carried out within about as long."""
MLFLOW_SECONDS = 60.0
"""Between two looks at what MLflow's aliases mean."""
NIGHT_SECONDS = 600.0
"""Between two tries to tell an MLflow that answers of a night that it didn't take: each hashes all models."""


def reconcile(workspace: Workspace) -> Sequence[RegistryRequest]:
    """Settles all requests that wait, and what somebody moved in MLflow, and tells MLflow of every night and every move
    that it hasn't been told; returns the settled requests.

    Raises Unavailable while another command holds the loop; and, once all is settled, where MLflow can't be told.
    """
    with loop_lease(workspace.record):
        clear_git_locks(workspace.root)  # of a night that was killed when it published
        settled = settle_requests(workspace)
        publish_waiting(workspace)
        with workspace.record.read() as store:
            untold = store.aliases.unapplied_moves() or store.pending_promotions.untold()
        if untold:
            tell_mlflow(workspace)
        else:
            settle_hand_moves(workspace)
    return settled


def settle_requests(workspace: Workspace) -> Sequence[RegistryRequest]:
    """The caller holds the loop's lease, and tells MLflow."""
    with workspace.record.read() as store:
        waiting = store.registry_requests.waiting()
    return [_settle(workspace, request) for request in waiting]


def carry_out_requests(workspace: Workspace) -> None:
    """Before a night compares with the champion; says what waits for people's approval. Where MLflow is away, the moves
    stay noted, and are told later."""
    settled = settle_requests(workspace)
    note_settled(settled)
    if settled:
        tell_mlflow_if_there(workspace)
    with workspace.record.read() as store:
        for waiting in store.pending_promotions.waiting():
            note(promotion_sentence(waiting))


def note_settled(requests: Sequence[RegistryRequest]) -> None:
    for request in requests:
        note(request_sentence(request))


def watch_requests(workspace: Workspace) -> None:
    """Reconciles within seconds of each request, and within a minute of an alias that somebody moved in MLflow, until
    the process that started this one is gone.

    While a night holds the loop, both wait for its end.
    """
    parent, next_look, next_night = os.getppid(), time.monotonic(), time.monotonic()
    while os.getppid() == parent:
        # a busy loop, a record or an MLflow that is away, or that was lost: the next look tries again
        with suppress(NotFound, Unavailable):
            with workspace.record.read() as store:
                waiting = store.registry_requests.waiting()
            if waiting:
                note_settled(reconcile(workspace))
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + MLFLOW_SECONDS
                # without the lease, which would keep other commands out each minute
                is_night_due = time.monotonic() >= next_night and bool(waiting_nights(workspace))
                if approved_in_mlflow(workspace) or moved_aliases(workspace) or is_night_due:
                    reconcile(workspace)
                    next_night = time.monotonic() + NIGHT_SECONDS  # where MLflow is away, it is tried at the next look
        time.sleep(SECONDS)


def _settle(workspace: Workspace, request: RegistryRequest) -> RegistryRequest:
    try:
        # both hash files, and so not in the transaction
        if request.wish.kind == "rollback":
            check_rollback(workspace)
        elif request.wish.kind == "promotion":
            check_exports(workspace, _evidence(workspace, request.wish))
        with workspace.record.write() as store:
            moved = _carry_out(workspace, store, request)
            settled = store.registry_requests.settle(request.number, "done", moved)
    except (BadInput, NotFound, Refused) as problem:
        with workspace.record.write() as store:
            settled = store.registry_requests.settle(request.number, "refused", {}, str(problem))
    return settled


def _carry_out(workspace: Workspace, store: Store, request: RegistryRequest) -> dict[str, str]:
    wish = request.wish
    champion = store.aliases.model_of("champion") or ""
    if champion != wish.champion:
        raise Refused(f"the champion was {wish.champion[:16]} when this was asked for, and is {champion[:16]} by now")
    if wish.kind == "rollback":
        moved = rollback(store, request.by, request.why)
        if moved["champion"] != wish.model:
            raise Refused(f"a rollback would bring back {moved['champion'][:16]} by now, and not {wish.model[:16]}")
        return moved
    pending = store.pending_promotions.newest_of(wish.evidence or "")
    if pending is not None and pending.state in ("rejected", "superseded"):
        raise Refused(promotion_sentence(pending))
    if wish.kind == "rejection":
        if pending is not None:
            store.pending_promotions.add(pending, Approval(request.by, request.why, "dashboard", approves=False))
        return {}
    before = store.aliases.moves()
    promotion = propose_by_hand(workspace, store, _evidence(workspace, wish))
    approve(workspace, store, promotion, Approval(request.by, request.why, "dashboard"))
    return {move.alias: move.model for move in store.aliases.moves()[len(before) :]}


def _evidence(workspace: Workspace, wish: ReleaseWish) -> Path:
    return workspace.nights / (wish.night or "") / f"{wish.evidence}.json"
