"""What is checked before a person moves what ships: that a night wrote the evidence, that files are whole."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from errata.database.shipping import former_champions, rollback_moves
from errata.database.store import Store
from errata.documents.params import Target
from errata.errors import NotFound, Refused, Unavailable
from errata.inference.artefact import model_folder, verify
from errata.operations.model_names import SHORTEST
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.models import ModelRegistry
from registry.promotion import export_to_bring_back


def check_written_by_a_night(store: Store, evidence: Path) -> None:
    """A record's name proves its bytes; that a night wrote it, only the night's own outcome can say. Raises Refused."""
    _, sha256 = read_evidence(evidence)
    written = {entry.evidence for row in store.nights.all() for entry in row.outcome.decisions}
    if sha256 not in written:
        raise Refused(
            f"{evidence} was written by no night of this workspace; `errata status --json` names those that were"
        )


def former_champion(workspace: Workspace, name: str) -> str:
    """The model that a rollback shall bring back, by the beginning of its identity, `day0`, or its version in MLflow.

    Raises NotFound where there is none, and Unavailable for a version where MLflow can't be asked.
    """
    with workspace.record.read() as store:
        former, day0 = former_champions(store.aliases.moves()), store.aliases.model_of("day0")
    if name == "day0" and day0:
        return day0
    found = [model for model in former if len(name) >= SHORTEST and model.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not name.isdecimal():
        raise NotFound(f"no model {name!r} was champion before the present one; `errata history` lists those that were")
    registry = ModelRegistry.of(workspace)
    try:
        registry.mlflow.check_reachable()
        return registry.identity_of(name)
    except Unavailable as problem:
        raise Unavailable(f"{problem}; without MLflow, name the model as `errata history` does") from problem


def check_exports(workspace: Workspace, evidence: Path) -> None:
    """Raises Refused where the model that evidence is about, or an export that ships with it, is not whole."""
    record, _ = read_evidence(evidence)
    _check_whole(workspace, {"champion": record.candidate, **record.shipping}.items())


def check_rollback(workspace: Workspace, to: str = "") -> None:
    """Raises Refused where what a rollback would bring back can't ship again: its files are not whole.

    Files are hashed, so it is no part of a transaction; the caller holds the loop's lease, and nobody else moves.
    """
    with workspace.record.read() as store:
        back = rollback_moves(store.aliases.moves(), to)
    _check_whole(workspace, ((alias, target.model) for alias, target in back.items()))


def check_target_rollback(workspace: Workspace, target: Target) -> None:
    """The same of one target alone; refuses what `roll_back_target` does."""
    with workspace.record.read() as store:
        before = export_to_bring_back(store, target)
    _check_whole(workspace, [(target, before.model)])


def _check_whole(workspace: Workspace, models: Iterable[tuple[str, str]]) -> None:
    for alias, model in models:
        try:
            if model:
                verify(model_folder(model, workspace.models))
        except NotFound as problem:
            raise Refused(
                f"the {alias} that shipped then can't ship again ({problem}); `errata fsck --repair` takes it from "
                "MLflow, then try again"
            ) from problem
