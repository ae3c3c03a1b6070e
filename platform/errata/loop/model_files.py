"""The models that ship, wait, or would ship again: whether each is whole on this machine, and how it comes back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.database.shipping import ALIASES, export_before, rollback_target
from errata.documents.params import TARGETS
from errata.errors import NotFound, Refused, Unavailable
from errata.inference.artefact import Card, model_folder, store_model, verify
from errata.inference.checksums import check_signature, trusted_keys
from errata.progress import note
from errata.workspace import Workspace
from registry.models import ModelRegistry


@dataclass(frozen=True, slots=True)
class BrokenModel:
    use: str
    """The alias, or what else it is in use as."""
    model: str
    problem: str
    """What is wrong with which file, in a sentence."""


def broken_models(workspace: Workspace) -> list[BrokenModel]:
    """Reads every byte of what is in use."""
    return [
        BrokenModel(use, model, problem)
        for model, use in _models_in_use(workspace).items()
        if (problem := _problem(workspace, model))
    ]


def _problem(workspace: Workspace, model: str) -> str:
    """Empty for a model that is whole."""
    try:
        verify(model_folder(model, workspace.models))
        check_signature(model_folder(model, workspace.models), trusted_keys(workspace.root))
    except (NotFound, Refused) as problem:
        return str(problem)
    return ""


def _models_in_use(workspace: Workspace) -> Mapping[str, str]:
    """Each with what it is: an alias's, what a rollback would bring back, and the full model that one of these is an
    adapter on."""
    with workspace.record.read() as store:
        uses = {store.aliases.model_of(alias) or "": alias for alias in ALIASES}
        before = rollback_target(store.aliases.moves())
        exports = {target: export_before(store.aliases.moves(), target) for target in TARGETS}
    former = {target.model: f"{alias} before this one" for alias, target in exports.items() if target is not None}
    uses = former | {target.model: f"{alias} before the last promotion" for alias, target in before.items()} | uses
    bases = {_base(workspace, model): f"model that the {use} goes on" for model, use in uses.items() if model}
    return {model: use for model, use in (bases | uses).items() if model}


def _base(workspace: Workspace, model: str) -> str:
    """Empty for a full model, and for one that can't be asked."""
    try:
        return Card.read(model_folder(model, workspace.models)).base
    except NotFound:
        return ""


def restore_models(workspace: Workspace) -> list[str]:
    """Takes what is not whole from MLflow, where it has it; what it lacks stays broken. Returns the restored."""
    restored = []
    for broken in broken_models(workspace):
        model = broken.model
        try:
            with TemporaryDirectory() as place:
                files = ModelRegistry.of(workspace).fetch(model, Path(place))
                shutil.rmtree(workspace.models / model[:16], ignore_errors=True)
                store_model(files, workspace.models)
            restored.append(model)
        except (NotFound, Unavailable) as problem:
            note(f"MLflow can't give {model[:16]} back: {problem}")
    return restored
