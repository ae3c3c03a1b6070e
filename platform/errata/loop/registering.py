"""The contenders' files, to where models are kept and to MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from errata.documents.file_names import CANDIDATE, EXPORTS
from errata.inference.artefact import model_folder, store_model
from errata.workspace import Workspace
from registry.gate_result import GateResult
from registry.models import ModelRegistry


def store_candidate(workspace: Workspace, results: Sequence[GateResult]) -> None:
    """Copies tonight's candidate and its exports out of the stages' folders."""
    for result in results:
        if result.name == "candidate":
            for folder in (CANDIDATE, *(EXPORTS / target for target in result.exports)):
                store_model(workspace.root / folder, workspace.models)


def register_contenders(workspace: Workspace, label: str, results: Sequence[GateResult]) -> None:
    """The contenders, and each artefact that would ship, become versions in MLflow, with their evidence as tags."""
    registry = ModelRegistry.of(workspace)
    run = registry.open_run(label)
    for result in results:
        tags = {
            "errata.night": label,
            "errata.verdict": result.decision.verdict,
            "errata.effect": str(result.evidence.primary.effect),
            "errata.p_value": str(result.evidence.primary.p_value),
            "errata.evidence": result.sha256,
            "errata.of": result.model,
        }
        for kind, identity in {"model": result.model, **result.exports}.items():
            folder = model_folder(identity, workspace.models)
            registry.register(folder, identity, {**tags, "errata.artefact": kind}, run)
