"""Whether the record is what was written, and whether the models that ship, or would ship again, are whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from errata.database.fsck import Findings, fsck, repair
from errata.database.repairs import RepairResult
from errata.loop.model_files import broken_models, restore_models
from errata.operations.media_check import check_media
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WorkspaceCheck:
    findings: Findings
    repaired: RepairResult | None
    """All that was made anew of the record; None where nobody asked for it."""
    restored: tuple[str, ...]
    """Models whose files MLflow gave back."""
    recordings: int
    """How many were looked at."""
    alone: int
    """How many recordings lie on this machine's disks alone."""


def check_workspace(workspace: Workspace, repair_by: str | None = None) -> WorkspaceCheck:
    """What is wrong, after what can be mended was, where somebody, who is kept in the record, asks for it."""
    # the repair first: the findings are what it leaves
    repaired = None if repair_by is None else repair(workspace.record, repair_by)
    findings = fsck(workspace.record)
    restored = tuple(restore_models(workspace)) if repair_by is not None else ()
    media = check_media(workspace)
    problems = (*findings.problems, *_model_problems(workspace), *media.problems)
    return WorkspaceCheck(replace(findings, problems=problems), repaired, restored, media.recordings, media.alone)


def _model_problems(workspace: Workspace) -> Iterator[str]:
    remedy = "`errata fsck --repair` takes it from MLflow; else restore it from a backup, or roll back"
    for broken in broken_models(workspace):
        yield f"the {broken.use}, {broken.model[:16]}, is not whole: {broken.problem}; {remedy}"
