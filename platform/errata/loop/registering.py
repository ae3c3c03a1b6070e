"""The contenders' files, to where models are kept and to MLflow, with all that a release owner asks of a version.

MLflow is told from what the record and the night's folder hold, so that it can be told at any time: tonight, or when it
is there again.
"""

from __future__ import annotations

from collections.abc import Sequence

from errata.database.shipping import ALIASES
from errata.documents.comparison import Comparison
from errata.documents.decision import OutcomeDecision
from errata.documents.file_names import CANDIDATE, EXPORTS, REPORT_PAGE
from errata.documents.outcome import Outcome
from errata.documents.params import TARGETS, Target
from errata.inference.artefact import model_folder, store_model
from errata.loop.model_papers import model_facts, write_papers
from errata.loop.version_pages import TARGET_OF, write_page
from errata.wording.gate_sentences import causes
from errata.wording.target_sentences import held_back_sentence
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.gate_result import GateResult
from registry.models import REPORT, ModelRegistry
from registry.papers.model_facts import ModelFacts

DAY0_RUN = "day0"
"""Of what no night has made."""
HELD_BACK = "errata.held_back"
"""Of an export that doesn't ship with its model, why."""


def store_candidate(workspace: Workspace, results: Sequence[GateResult]) -> None:
    """Copies tonight's candidate and its exports out of the stages' folders."""
    for result in results:
        if result.name == "candidate":
            for folder in (CANDIDATE, *(EXPORTS / target for target in result.exports)):
                store_model(workspace.root / folder, workspace.models)


def candidate_run(registry: ModelRegistry, label: str) -> str:
    """Within a night's run, that of its candidate, under which its files lie."""
    return registry.runs.open_part(registry.runs.open_night(label), "candidate", f"{label}: candidate")


def register_contenders(workspace: Workspace, outcome: Outcome) -> None:
    """A night's contenders, and each artefact that was made of them, become versions in MLflow, with their evidence as
    tags.

    Raises NotFound where the files of one are not whole here.
    """
    registry, label = ModelRegistry.of(workspace), outcome.night
    night = registry.runs.open_night(label)
    for entry in outcome.decisions:
        own_run = candidate_run(registry, label) if entry.model == outcome.candidate else night
        evidence = workspace.nights / label / f"{entry.evidence}.json"
        record, _ = read_evidence(evidence)
        held = _held_back(entry)
        tags = {
            "errata.night": label,
            "errata.of": entry.model,
            **evidence_tags(entry, record.gate.primary),
            REPORT: f"runs:/{night}/{REPORT_PAGE}",
        }
        for target, identity in _artefacts(entry.model, record.exports):
            folder = model_folder(identity, workspace.models)
            facts = model_facts(workspace, folder, entry.model, target, evidence)
            own = {"errata.artefact": target or "model", HELD_BACK: held.get(target, ""), **_fact_tags(facts)}
            page = write_page(workspace, registry, facts)
            registry.register(folder, identity, {**tags, **own}, own_run, page)
        registry.runs.close(own_run)
    registry.runs.close(night)


def _artefacts(model: str, exports: dict[str, str]) -> list[tuple[Target | None, str]]:
    """The trained model, then each of its exports."""
    return [(None, model), *((target, exports[target]) for target in TARGETS if target in exports)]


def _held_back(entry: OutcomeDecision) -> dict[str | None, str]:
    """By target that doesn't ship with its model, why."""
    outcomes = entry.decision.held_targets if entry.decision.verdict == "promote" else ()
    return {outcome.target: held_back_sentence(outcome) for outcome in outcomes}


def register_export(workspace: Workspace, label: str, model: str, target: Target, export: str, evidence: str) -> None:
    """An export of `model`, which the night `label` promoted, that was made and scored by hand."""
    registry, folder = ModelRegistry.of(workspace), model_folder(export, workspace.models)
    night, facts = registry.runs.open_night(label), model_facts(workspace, folder, model, target)
    of = {"errata.night": label, "errata.of": model, "errata.artefact": target, **_fact_tags(facts)}
    tags = {**of, "errata.verdict": "promote", "errata.evidence": evidence, HELD_BACK: ""}
    registry.register(folder, export, tags, night, write_page(workspace, registry, facts))
    registry.runs.close(night)


def register_missing(workspace: Workspace) -> None:
    """What an alias means and MLflow has no version of: none yet, or not any more, where its store was lost.

    Raises NotFound where a model's own files are not whole, once those that are were registered.
    """
    with workspace.record.read() as store:
        models = {alias: store.aliases.model_of(alias) for alias in ALIASES}
        champion = models["champion"] or ""
        outcomes = [night.outcome for night in store.nights.all()]
    nights = {
        entry.model: outcome
        for outcome in outcomes
        for entry in outcome.decisions
        if (workspace.nights / outcome.night / f"{entry.evidence}.json").is_file()  # an older Errata kept none
    }
    registry = ModelRegistry.of(workspace)
    for alias, model in models.items():
        if model and not registry.has(model):
            source = champion if alias in TARGETS else model
            if source in nights:
                register_contenders(workspace, nights[source])
            if not registry.has(model):
                _register_alone(workspace, registry, model, source, TARGET_OF.get(alias))
            registry.tag_promotions(workspace.record, model)


def _register_alone(
    workspace: Workspace, registry: ModelRegistry, model: str, source: str, target: Target | None
) -> None:
    """What no night decided on: Day-0 above all."""
    folder = model_folder(model, workspace.models)
    facts = write_papers(workspace, folder, source, target)
    run = registry.runs.open_night(DAY0_RUN)
    tags = {"errata.artefact": target or "model", **_fact_tags(facts)}
    registry.register(folder, model, tags, run, write_page(workspace, registry, facts))
    registry.runs.close(run)


def _fact_tags(facts: ModelFacts) -> dict[str, str]:
    """What it was made from, for lists of versions."""
    base = facts.base
    tags = {"errata.base": base.name or base.identity[:16], "errata.licence": base.licence or "not named"}
    if facts.training is None:
        return tags
    return tags | {
        "errata.trained_on": f"corrections up to {facts.training.watermark}",
        "errata.snapshot": facts.training.snapshot,
    }


def evidence_tags(entry: OutcomeDecision, primary: Comparison) -> dict[str, str]:
    """Why a version was decided on as it was, in short; MLflow shows tags as they are."""
    decision = entry.decision
    rails = "; ".join(f"{rail.name} {rail.status}" for rail in decision.guardrails if rail.decides)
    return {
        "errata.verdict": decision.verdict,
        "errata.reason": causes(decision)[0],
        "errata.effect": "" if primary.effect is None else str(primary.effect),
        "errata.interval": _interval(primary),
        "errata.p_value": "" if primary.p_value is None else str(primary.p_value),
        "errata.guardrails": rails,
        "errata.evidence": entry.evidence,
    }


def _interval(comparison: Comparison) -> str:
    """In points of F1; empty where it isn't known."""
    if comparison.low is None or comparison.high is None:
        return ""
    return f"{comparison.low:+z.1f} to {comparison.high:+z.1f} (90 %)"
