"""Whether this machine and a workspace are well, and what to do where they aren't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.documents.file_names import PIPELINE_LOCK
from errata.errors import ErrataError, Refused
from errata.inference.artefact import Card, model_folder, verify
from errata.loop.moved_aliases import moved_aliases
from errata.loop.pipeline import check_pipeline, is_whole_lock
from errata.operations.machine import HealthCheck, abilities, machine_checks
from errata.operations.ownership import check_owner
from errata.settings import without_password
from errata.wording.alias_sentences import moved_alias_sentence
from errata.wording.counts import counted
from errata.workspace import Workspace
from registry.models import ModelRegistry


@dataclass(frozen=True, slots=True)
class Examination:
    machine: Sequence[HealthCheck]
    abilities: Sequence[HealthCheck]
    workspace: Sequence[HealthCheck]
    """Empty where none was asked about."""

    @property
    def problems(self) -> int:
        return sum(check.state == "problem" for check in (*self.machine, *self.abilities, *self.workspace))


def examine(workspace: Workspace | None = None) -> Examination:
    place = Path.cwd() if workspace is None else workspace.root
    checks = [] if workspace is None else [_check(workspace, name, look) for name, look in CHECKS.items()]
    return Examination(list(machine_checks(place)), list(abilities()), checks)


def _check(workspace: Workspace, name: str, look: Callable[[Workspace], str]) -> HealthCheck:
    """What a look finds, or the sentence of what is wrong, which says what to do."""
    try:
        return HealthCheck(name, "ok", look(workspace))
    except ErrataError as problem:
        return HealthCheck(name, "problem", str(problem))


def _record(workspace: Workspace) -> str:
    check_owner(workspace)
    with workspace.record.read() as store:
        counts = store.counts()
        talks, reviews = counted(counts["transcripts"], "transcript"), counted(counts["corrections"], "correction")
        return f"{talks}, {reviews}, watermark {store.watermark()}"


def _params(workspace: Workspace) -> str:
    params = workspace.params()
    return f"train.method {params.train.method}, export.targets {', '.join(params.export.targets) or 'none'}"


def _champion(workspace: Workspace) -> str:
    identity = _champion_identity(workspace)
    return f"{verify(model_folder(identity, workspace.models))[:16]}, every byte as it was sealed"


def _context(workspace: Workspace) -> str:
    card = Card.read(model_folder(_champion_identity(workspace), workspace.models))
    return f"{card.context} tokens a window, template {card.template}"


def _pipeline(workspace: Workspace) -> str:
    check_pipeline(workspace.root)
    lock = workspace.root / PIPELINE_LOCK
    if not is_whole_lock(lock):
        return f"dvc.yaml makes what a night needs; {lock.name} was cut short, and the next night makes it anew"
    return "dvc.yaml makes what a night needs"


def _mlflow(workspace: Workspace) -> str:
    registry = ModelRegistry.of(workspace)
    registry.mlflow.check_reachable()
    with workspace.record.read() as store:
        untold = len(store.aliases.unapplied_moves())
    moved = moved_aliases(workspace)
    if moved:
        raise Refused(" ".join(map(moved_alias_sentence, moved)).rstrip("."))
    backlog = f"; the next night tells it of {counted(untold, 'move')}" if untold else ""
    address = without_password(workspace.settings.mlflow_uri)  # what doctor prints is shown to others
    return f"{len(registry.aliases())} aliases at {address}{backlog}"


def _champion_identity(workspace: Workspace) -> str:
    with workspace.record.read() as store:
        return store.aliases.model_of("champion") or ""


CHECKS: dict[str, Callable[[Workspace], str]] = {
    "record": _record,
    "params.yaml": _params,
    "champion": _champion,
    "context": _context,
    "pipeline": _pipeline,
    "MLflow": _mlflow,
}
