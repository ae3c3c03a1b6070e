"""Whether the record is what was written, and whether the models that ship, or would ship again, are whole."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.database.fsck import Findings, fsck, repair
from errata.database.repairs import RepairResult
from errata.database.shipping import rollback_target
from errata.errors import NotFound, Unavailable
from errata.inference.artefact import Card, model_folder, store_model, verify
from errata.operations.status import ALIASES
from errata.progress import note
from errata.workspace import Workspace
from registry.models import ModelRegistry


@dataclass(frozen=True, slots=True)
class WorkspaceCheck:
    findings: Findings
    repaired: RepairResult | None
    """All that was made anew of the record; None where nobody asked for it."""
    restored: tuple[str, ...]
    """Models whose files MLflow gave back."""


def check_workspace(workspace: Workspace, repair_by: str | None = None) -> WorkspaceCheck:
    """What is wrong, after what can be mended was, where somebody, who is kept in the record, asks for it."""
    # the repair first: the findings are what it leaves
    repaired = None if repair_by is None else repair(workspace.record, repair_by)
    findings = fsck(workspace.record)
    restored = tuple(_restore_models(workspace)) if repair_by is not None else ()
    problems = (*findings.problems, *_model_problems(workspace).values())
    return WorkspaceCheck(replace(findings, problems=problems), repaired, restored)


def _model_problems(workspace: Workspace) -> dict[str, str]:
    """By the model's identity, a sentence."""
    problems: dict[str, str] = {}
    for model, use in _models_in_use(workspace).items():
        try:
            verify(model_folder(model, workspace.models))
        except NotFound as problem:
            remedy = "`errata fsck --repair` takes it from MLflow; else restore it from a backup, or roll back"
            problems[model] = f"the {use}, {model[:16]}, is not whole: {problem}; {remedy}"
    return problems


def _models_in_use(workspace: Workspace) -> Mapping[str, str]:
    """Each with what it is: an alias's, what a rollback would bring back, and the full model that one of these is an
    adapter on."""
    with workspace.record.read() as store:
        uses = {store.aliases.model_of(alias) or "": alias for alias in ALIASES}
        before = rollback_target(store.aliases.moves())
    uses = {target.model: f"{alias} before the last promotion" for alias, target in before.items()} | uses
    bases = {_base(workspace, model): f"model that the {use} goes on" for model, use in uses.items() if model}
    return {model: use for model, use in (bases | uses).items() if model}


def _base(workspace: Workspace, model: str) -> str:
    """Empty for a full model, and for one that can't be asked."""
    try:
        return Card.read(model_folder(model, workspace.models)).base
    except NotFound:
        return ""


def _restore_models(workspace: Workspace) -> list[str]:
    """Takes what is not whole from MLflow, where it has it; what it lacks stays a problem."""
    restored = []
    for model in _model_problems(workspace):
        try:
            with TemporaryDirectory() as place:
                files = ModelRegistry.of(workspace).fetch(model, Path(place))
                shutil.rmtree(workspace.models / model[:16], ignore_errors=True)
                store_model(files, workspace.models)
            restored.append(model)
        except (NotFound, Unavailable) as problem:
            note(f"MLflow can't give {model[:16]} back: {problem}")
    return restored
