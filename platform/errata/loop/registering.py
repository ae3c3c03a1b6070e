"""The contenders' files, to where models are kept and to MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from errata.database.shipping import ALIASES
from errata.documents.comparison import Comparison
from errata.documents.file_names import CANDIDATE, EXPORTS
from errata.documents.params import TARGETS
from errata.inference.artefact import model_folder, store_model
from errata.wording.gate_sentences import causes, reasons
from errata.wording.target_sentences import held_back_sentence
from errata.workspace import Workspace
from registry.gate_result import GateResult
from registry.models import ModelRegistry

HELD_BACK = "errata.held_back"
"""Of an export that doesn't ship with its model, why."""


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
        tags = {"errata.night": label, "errata.of": result.model, **evidence_tags(result)}
        outcomes = result.decision.held_targets if result.decision.verdict == "promote" else ()
        held = {outcome.target: {HELD_BACK: held_back_sentence(outcome)} for outcome in outcomes}
        for kind, identity in {"model": result.model, **result.exports}.items():
            folder, own = model_folder(identity, workspace.models), {"errata.artefact": kind, **held.get(kind, {})}
            registry.register(folder, identity, {**tags, **own}, run, version_description(result))


def register_export(workspace: Workspace, label: str, model: str, target: str, export: str, evidence: str) -> None:
    """An export of `model`, which the night `label` promoted, that was made and scored by hand."""
    registry = ModelRegistry.of(workspace)
    run = registry.open_run(label)
    of = {"errata.night": label, "errata.of": model, "errata.artefact": target}
    tags = {**of, "errata.verdict": "promote", "errata.evidence": evidence, HELD_BACK: ""}
    registry.register(model_folder(export, workspace.models), export, tags, run, f"The {target} export of {model[:16]}")
    registry.close_run(run)


def register_missing(workspace: Workspace) -> None:
    """What an alias means and MLflow has no version of: none yet, or not any more, where its store was lost.

    Raises NotFound where a model's own files are not whole, once those that are were registered.
    """
    with workspace.record.read() as store:
        models = {alias: store.aliases.model_of(alias) for alias in ALIASES}
    registry = ModelRegistry.of(workspace)
    missing = {alias: model for alias, model in models.items() if model and not registry.has(model)}
    if missing:
        run = registry.open_run("day0")
        for alias, model in missing.items():
            kind = alias if alias in TARGETS else "model"
            registry.register(model_folder(model, workspace.models), model, {"errata.artefact": kind}, run)
        registry.close_run(run)


def version_description(result: GateResult) -> str:
    """What a release owner reads on the version's page in MLflow: the verdict, and all it rests on, in Markdown."""
    cause, *findings = reasons(result.decision)
    bullets = "\n".join(f"- {finding}" for finding in findings)
    return f"{result.decision.verdict}: {cause}\n\n{bullets}"  # MLflow's list of versions shows how it begins, as it is


def evidence_tags(result: GateResult) -> dict[str, str]:
    """The same in short, for lists of versions; MLflow shows tags as they are."""
    primary, decision = result.evidence.primary, result.decision
    rails = "; ".join(f"{rail.name} {rail.status}" for rail in decision.guardrails if rail.decides)
    return {
        "errata.verdict": decision.verdict,
        "errata.reason": causes(decision)[0],
        "errata.effect": "" if primary.effect is None else str(primary.effect),
        "errata.interval": _interval(primary),
        "errata.p_value": "" if primary.p_value is None else str(primary.p_value),
        "errata.guardrails": rails,
        "errata.evidence": result.sha256,
    }


def _interval(comparison: Comparison) -> str:
    """In points of F1; empty where it isn't known."""
    if comparison.low is None or comparison.high is None:
        return ""
    return f"{comparison.low:+z.1f} to {comparison.high:+z.1f} (90 %)"
