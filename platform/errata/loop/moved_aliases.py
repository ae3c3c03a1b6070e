"""Aliases that somebody moved in MLflow: seen, and said. The record decides, and the next night tells MLflow again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from errata.errors import NotFound, Unavailable
from errata.operations.status import ALIASES, LoopStatus, MovedAlias
from errata.progress import note
from errata.wording.night_sentences import moved_alias_sentence
from errata.workspace import Workspace
from registry.models import ModelRegistry


def with_mlflow(workspace: Workspace, status: LoopStatus) -> LoopStatus:
    """The status, and what MLflow says otherwise; where it is away, why."""
    try:
        return replace(status, moved_aliases=moved_aliases(workspace))
    except (NotFound, Unavailable) as problem:
        return replace(status, mlflow_problem=str(problem))


def note_moved_aliases(workspace: Workspace) -> None:
    """Before a night tells MLflow what the record says. Where MLflow is away, the night finds out by itself."""
    with suppress(NotFound, Unavailable):
        for moved in moved_aliases(workspace):
            note(moved_alias_sentence(moved.alias, moved.model, moved.in_mlflow, moved.version))


def moved_aliases(workspace: Workspace) -> tuple[MovedAlias, ...]:
    """What MLflow has not been told of yet is no move of somebody's. Raises NotFound where MLflow's store is gone, and
    Unavailable where it can't be asked."""
    with workspace.record.read() as store:
        untold = {move.alias for move in store.aliases.unapplied_moves()}
        recorded = {alias: store.aliases.model_of(alias) or "" for alias in ALIASES if alias not in untold}
    if not any(recorded.values()):
        return ()
    registry = ModelRegistry.of(workspace)
    registry.check_reachable()
    registered = registry.aliases()
    if not registered:  # all of them at once: it was the store that was lost, not an alias that was moved
        raise NotFound("MLflow has none of this workspace's models any more; `errata init` registers them")
    moved = []
    for alias, model in recorded.items():
        version, identity = registered.get(alias, ("", ""))
        if identity != model or (version and not identity):
            moved.append(MovedAlias(alias, model, identity, version))
    return tuple(moved)
