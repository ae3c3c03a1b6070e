"""What becomes of an alias that somebody moved in MLflow: it is said, and adopted or put back, before MLflow is told of
anything else. So nobody's move is ever written over in silence.

MLflow doesn't keep who moved an alias. It is adopted where a tag of the version names who answers for it, and where
they could have had it from us: the gate said `promote` of the model against the present champion, or it was champion
before; and every file is whole.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from errata.database.shipping import former_champions
from errata.documents.alias_check import HandMove, MovedAlias
from errata.domain.names import check_name
from errata.domain.pending_promotion import Approval
from errata.errors import BadInput, NotFound, Refused, Unavailable
from errata.loop.approval import approve, check_approver, propose_by_hand
from errata.loop.mlflow_approvals import approved_in_mlflow, read_mlflow_approvals, tell_promotions
from errata.loop.moved_aliases import moved_aliases
from errata.loop.promotion_by_hand import check_exports, check_rollback
from errata.loop.version_pages import update_pages
from errata.operations.release_desk import promotable_models
from errata.progress import note
from errata.wording.alias_sentences import hand_move_sentence
from errata.wording.approval_sentences import promotion_sentence
from errata.workspace import Workspace
from registry.models import APPROVED_BY, ModelRegistry
from registry.promotion import rollback

ADOPTED = "adopted by hand"
"""The reason of a move that somebody made in MLflow first."""

HandMoves = tuple[HandMove, ...]


def tell_mlflow(workspace: Workspace) -> HandMoves:
    """Brings MLflow's aliases in line with the record, once it has taken approvals that stand there; returns what
    somebody had moved there. The caller holds the loop's lease.

    Raises NotFound where a model isn't registered, and Unavailable where MLflow can't be asked.
    """
    registry = ModelRegistry.of(workspace)
    registry.mlflow.check_reachable()
    read_mlflow_approvals(workspace)  # first: a move that was put back takes its version's approval with it
    settled: dict[tuple[str, str], HandMove] = {}
    # to settle one reads files, which takes its time: another look sees who has moved an alias meanwhile
    while unsettled := [each for each in _moved(workspace) if (each.alias, each.version) not in settled]:
        for each in unsettled:
            settled[each.alias, each.version] = _settle(workspace, registry, each)
    update_pages(workspace)  # before the outbox is emptied, which says what they lack
    registry.sync(workspace.record)
    for move in settled.values():
        note(hand_move_sentence(move))
        if move.moved.version:
            when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            registry.note_hand_move(move.moved.version, f"{when}: {hand_move_sentence(move)}")
    tell_promotions(workspace)
    return tuple(settled.values())


def _moved(workspace: Workspace) -> tuple[MovedAlias, ...]:
    """None in a registry that was lost: whether its models are there again, the telling finds out."""
    with suppress(NotFound):
        return moved_aliases(workspace)
    return ()


def tell_mlflow_if_there(workspace: Workspace) -> HandMoves:
    """Where MLflow is away the moves stay noted, and are told later."""
    try:
        return tell_mlflow(workspace)
    except (NotFound, Unavailable) as problem:
        note(f"the record has it, and MLflow is told by the next night, or by `errata reconcile`: {problem}")
        return ()


def settle_hand_moves(workspace: Workspace) -> HandMoves:
    """Where somebody moved an alias in MLflow, or approved there, settles it; where MLflow is away, whoever needs it
    finds out."""
    with suppress(NotFound, Unavailable):
        if approved_in_mlflow(workspace) or moved_aliases(workspace):
            return tell_mlflow(workspace)
    return ()


def _settle(workspace: Workspace, registry: ModelRegistry, moved: MovedAlias) -> HandMove:
    if workspace.params().release.hand_moves == "restore" or not moved.in_mlflow:
        return HandMove(moved)
    try:
        return HandMove(moved, adopted_by=_adopt(workspace, registry, moved))
    except (BadInput, NotFound, Refused) as problem:
        return HandMove(moved, why_not=str(problem))


def _adopt(workspace: Workspace, registry: ModelRegistry, moved: MovedAlias) -> str:
    """Makes the record say what MLflow says; returns who approved. Raises an ErrataError where that can't be."""
    with workspace.record.read() as store:
        now = store.aliases.model_of(moved.alias)
        last = store.aliases.moves(moved.alias)
    if now == moved.in_mlflow:  # an export that somebody moved with its champion, which was adopted just now
        return last[-1].by
    if moved.alias != "champion":
        raise Refused("by hand only the champion is moved, and what ships with it follows")
    if not last[-1].applied:
        raise Refused("the champion was moved in the record meanwhile")
    with workspace.record.read() as store:
        waiting = [each for each in store.pending_promotions.waiting() if each.model == moved.in_mlflow]
    if waiting:  # whoever approves by a tag was heard already
        raise Refused(promotion_sentence(waiting[0]))
    by = registry.approver(moved.version)
    if not by:
        raise Refused(f"nobody answers for it; set the tag {APPROVED_BY} of the version to a name, and move it again")
    check_name(by, f"the tag {APPROVED_BY}")
    _move_champion(workspace, moved.in_mlflow, by)
    return by


def _move_champion(workspace: Workspace, model: str, by: str) -> None:
    with workspace.record.read() as store:
        was_champion = model in former_champions(store.aliases.moves())
        promotable = next((each for each in promotable_models(store) if each.model == model), None)
    if was_champion:
        check_rollback(workspace, model)
        with workspace.record.write() as store:
            rollback(store, by, ADOPTED, model)
    elif promotable is not None:
        evidence = workspace.nights / promotable.night / f"{promotable.evidence}.json"
        check_exports(workspace, evidence)
        with workspace.record.write() as store:
            check_approver(store, by)
            promotion = propose_by_hand(workspace, store, evidence)
            promotion = approve(workspace, store, promotion, Approval(by, "", "MLflow"), ADOPTED)
        if promotion.missing:
            raise Refused(promotion_sentence(promotion))
    else:
        raise Refused(
            "it was no champion before, and no night's gate said `promote` of it against the present one, or somebody "
            "rejected it since"
        )
