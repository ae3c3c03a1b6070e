"""One export of the champion, made anew and scored by hand: what a night has held back ships once it passes.

It is scored on more than a night had: on every talk that was corrected since the champion was trained, and on what is
held out. Each attempt is a test of its own, so its record is kept, whatever came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from errata.database.holdout_log import HoldoutAccess
from errata.database.shipping import NOTHING, AliasTarget, shipping_state
from errata.documents.evidence_record import EvidenceRecord
from errata.documents.params import UNKNOWN_GATE, GateParams, Target
from errata.documents.parity import Parity
from errata.domain.correction import Label
from errata.errors import NotFound, Refused
from errata.inference.artefact import model_folder, store_model, unfinished
from errata.loop.approval import approvers_needed, check_approver
from errata.loop.certificates import TALKS, certify
from errata.loop.hand_moves import tell_mlflow_if_there
from errata.loop.lease import loop_lease
from errata.loop.model_papers import write_papers
from errata.loop.registering import register_export
from errata.operations.model_names import resolve_model
from errata.progress import progress_bar
from errata.wording.target_sentences import held_back_sentence
from errata.workspace import Workspace
from evaluation.holdout import open_by_hand
from evaluation.items import ScoredModel, gathered_items, guardrail_items
from registry.evidence import read_evidence, write_evidence
from registry.export.targets import EXPORT_TARGETS, export_anew
from registry.gate import target_outcomes
from registry.gate_result import export_comparisons
from registry.parity import measure
from registry.policy import preset
from registry.promotion import promote_target


@dataclass(frozen=True, slots=True)
class ShippedExport:
    model: str
    """The export's identity."""
    items: int
    """Talks that it was scored on."""
    evidence: Path


def promote_export(workspace: Workspace, target: Target, name: str, by: str) -> ShippedExport:
    """Makes the export `target` of the champion, which `name` must mean, anew, scores it, and ships it.

    Raises Refused where two people must approve before what ships moves, where `name` is another model, where the
    model's own promotion is asked for, and where the export fails, or its items can't tell; then all stays, and the
    record of it is kept. Raises BadInput and Unavailable where it can't be made, and Unavailable where MLflow can't be
    told of it.
    """
    if approvers_needed(workspace) > 1:
        raise Refused(
            "release.approval asks two people before what ships moves, and an export alone ships on one person's word; "
            "let the next promotion bring it, or ask for one person's approval there"
        )
    with loop_lease(workspace.record):
        with workspace.record.read() as store:
            check_approver(store, by)
        champion, before = _champion(workspace, target, resolve_model(workspace, name))
        folder = model_folder(champion, workspace.models)
        labels = _labels(workspace, champion, before, by, f"errata promote --target {target}")
        with unfinished(workspace.models) as place:
            out = Path(place) / target
            export_anew(workspace, target, folder, out)
            parity = _score(workspace, folder, target, out, labels)
            record = _judge(before, target, parity, workspace.params().gate)
            path, _ = write_evidence(workspace.nights / before.night, record)
            outcome = next(each for each in record.decision.targets if each.target == target)
            if outcome.status != "ships":
                raise Refused(f"{held_back_sentence(outcome)} The record of it is {path}")
            store_model(out, workspace.models)
        talks = [label.transcript for label in labels[:TALKS]]
        certify(workspace, path, [target], talks)
        write_papers(workspace, model_folder(parity.model, workspace.models), champion, target, path)
        register_export(workspace, before.night, champion, target, parity.model, path.stem)
        with workspace.record.write() as store:
            promote_target(store, target, path, by)
        tell_mlflow_if_there(workspace)
    return ShippedExport(parity.model, parity.f1.n, path)


def _champion(workspace: Workspace, target: Target, model: str) -> tuple[str, EvidenceRecord]:
    """The champion, and the record on which a night promoted it."""
    if EXPORT_TARGETS[target].is_base:
        raise Refused(
            f"the {target} export ships together with its model; promote that: `errata promote MODEL --evidence FILE`"
        )
    with workspace.record.read() as store:
        champion = shipping_state(store.aliases.moves()).get("champion", NOTHING)
    if model != champion.model:
        raise Refused(f"{model[:16]} is not the champion, which is {champion.model[:16]}; its exports alone ship")
    return champion.model, read_evidence(_evidence(workspace, champion))[0]


def _evidence(workspace: Workspace, champion: AliasTarget) -> Path:
    if champion.evidence is None:
        raise Refused(
            f"the champion {champion.model[:16]} was promoted by no gate, so no export of it ships; `errata export` "
            "makes one, unscored"
        )
    found = next(workspace.nights.glob(f"*/{champion.evidence}.json"), None)
    if found is None:
        raise NotFound(
            f"{champion.evidence[:16]}….json is gone from {workspace.nights}; take it from that night's run in MLflow"
        )
    return found


def _labels(workspace: Workspace, champion: str, before: EvidenceRecord, by: str, why: str) -> list[Label]:
    """Fresh to the champion since it was trained, and held out; the look at the latter is logged before it is made."""
    with workspace.record.read() as store:
        upto = store.watermark()
    models = [
        ScoredModel("champion", champion, model_folder(champion, workspace.models), before.training_watermark),
        ScoredModel("day0", before.day0, model_folder(before.day0, workspace.models), 0),
    ]
    fresh = gathered_items(workspace.record, before.training_watermark, upto, models)
    held_out = guardrail_items(workspace.record, upto, models)
    if held_out:
        open_by_hand(workspace.record, HoldoutAccess("anchor", by, why, (champion,), len(held_out), upto))
    return [item.label for item in (*fresh, *held_out)]


def _score(workspace: Workspace, champion: Path, target: Target, export: Path, labels: Sequence[Label]) -> Parity:
    with progress_bar(f"parity of {target}", 2 * len(labels)) as advance:
        measured = measure(workspace.record, workspace.models, champion, {target: export}, labels, advance)
    return measured.whole()[target]


def _judge(before: EvidenceRecord, target: Target, parity: Parity, now: GateParams) -> EvidenceRecord:
    """The record of the promotion, with what was measured now of the one export; by the preset of then, with what is
    waived now, which whoever ships answers for."""
    then = before.gate_params if before.gate_params != UNKNOWN_GATE else GateParams(before.policy)
    params = replace(then, waive=now.waive)
    policy = preset(params)
    others = [rail for rail in before.gate.guardrails if policy.target_of(rail.name) != target]
    measured = [
        policy.guardrail(name, comparison)
        for name, comparison in export_comparisons(target, parity)
        if policy.limit(name) is not None
    ]
    unbuilt = {name: why for name, why in before.gate.unbuilt.items() if name != target}
    gate = replace(before.gate, guardrails=(*others, *measured), unbuilt=unbuilt)
    return replace(
        before,
        exports={**before.exports, target: parity.model},
        parity={**before.parity, target: parity},
        gate=gate,
        decision=replace(before.decision, targets=target_outcomes(gate, policy)),
        gate_params=params,
    )
