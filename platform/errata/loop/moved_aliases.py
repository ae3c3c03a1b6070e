"""Aliases that somebody moved in MLflow, seen: `hand_moves.py` settles them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from errata.database.shipping import ALIASES
from errata.database.tables import MoveRow
from errata.documents.alias_check import MovedAlias
from errata.errors import NotFound, Unavailable
from errata.operations.status import LoopStatus
from errata.workspace import Workspace
from registry.models import ModelRegistry


def with_mlflow(workspace: Workspace, status: LoopStatus) -> LoopStatus:
    """The status, and what MLflow says otherwise; where it is away, why."""
    try:
        return replace(status, moved_aliases=moved_aliases(workspace))
    except (NotFound, Unavailable) as problem:
        return replace(status, mlflow_problem=str(problem))


def moved_aliases(workspace: Workspace) -> tuple[MovedAlias, ...]:
    """Raises NotFound where MLflow's store, or all that it knew of the workspace, is gone, and Unavailable where it
    can't be asked."""
    with workspace.record.read() as store:
        moves = store.aliases.moves()
    if not moves:
        return ()
    registry = ModelRegistry.of(workspace)
    registry.mlflow.check_reachable()
    in_mlflow = registry.aliases()
    if not in_mlflow and any(move.applied for move in moves):
        # all of them at once: it was the store that was lost, not an alias that was moved
        raise NotFound("MLflow has none of this workspace's models any more; `errata init` registers them")
    return tuple(_moved(moves, in_mlflow))


def _moved(moves: Sequence[MoveRow], in_mlflow: Mapping[str, tuple[str, str]]) -> Iterator[MovedAlias]:
    """Those that mean what we never told MLflow: a move that it is about to be told, or was told when a crash kept us
    from noting it, is nobody else's."""
    recorded = {move.alias: move.model for move in moves}
    for alias in ALIASES:
        version, identity = in_mlflow.get(alias, ("", ""))
        if (version and not identity) or identity not in _told(alias, moves):
            yield MovedAlias(alias, recorded.get(alias, ""), identity, version)


def _told(alias: str, moves: Sequence[MoveRow]) -> set[str]:
    """What MLflow may have by us: the last model that it was told, and those that it hasn't been told for sure."""
    mine = [move for move in moves if move.alias == alias]
    applied = [move.model for move in mine if move.applied]
    return {applied[-1] if applied else "", *(move.model for move in mine if not move.applied)}
