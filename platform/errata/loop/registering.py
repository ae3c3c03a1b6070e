"""The contenders' files, to where models are kept and to MLflow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from errata.documents.file_names import CANDIDATE, EXPORTS
from errata.inference.artefact import model_folder, store_model
from errata.workspace import Workspace

if TYPE_CHECKING:
    from registry.contest import Contest


def store_candidate(workspace: Workspace, contests: Sequence[Contest]) -> None:
    """Copies tonight's candidate and its exports out of the stages' folders, which are the next night's."""
    for contest in contests:
        if contest.name == "candidate":
            for folder in (CANDIDATE, *(EXPORTS / target for target in contest.exports)):
                store_model(workspace.root / folder, workspace.models)


def register_contenders(workspace: Workspace, label: str, contests: Sequence[Contest]) -> None:
    """The contenders, and each artefact that would ship, become versions in MLflow, with their evidence as tags."""
    from registry.models import ModelRegistry

    registry = ModelRegistry.of(workspace)
    run = registry.open_run(label)
    for contest in contests:
        tags = {
            "errata.night": label,
            "errata.verdict": contest.decision.verdict,
            "errata.effect": str(contest.evidence.primary.effect),
            "errata.p_value": str(contest.evidence.primary.p_value),
            "errata.evidence": contest.sha256,
            "errata.of": contest.model,
        }
        for kind, identity in {"model": contest.model, **contest.exports}.items():
            folder = model_folder(identity, workspace.models)
            registry.register(folder, identity, {**tags, "errata.artefact": kind}, run)
