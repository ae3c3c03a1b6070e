"""What a release owner does by hand: promote on evidence, roll back, export."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from errata.database.shipping import AliasTarget, shipping_state
from errata.documents.params import Target
from errata.domain.pending_promotion import Approval, PendingPromotion
from errata.inference.artefact import model_folder, original_of, verify
from errata.inference.checksums import SIGNATURE, check_signature, trusted_keys
from errata.loop.approval import approve, check_approver, evidence_path, propose_by_hand, waiting_promotion
from errata.loop.hand_moves import tell_mlflow_if_there
from errata.loop.lease import loop_lease
from errata.loop.mlflow_approvals import read_mlflow_approvals
from errata.loop.model_papers import write_papers
from errata.loop.promotion_by_hand import (
    check_exports,
    check_rollback,
    check_target_rollback,
    check_written_by_a_night,
    former_champion,
)
from errata.loop.request_reconciler import note_settled, settle_requests
from errata.loop.whole_folder import whole_folder
from errata.operations.model_names import resolve_model
from errata.workspace import Workspace
from registry.evidence import read_evidence
from registry.export.targets import export_anew
from registry.promotion import check_promotion, roll_back_target, rollback


@dataclass(frozen=True, slots=True)
class ExportedModel:
    model: str
    """The artefact's own identity."""
    source: str
    """The model that it was made from."""
    scored: bool
    """Whether it is what ships, as it was scored; else it was made anew."""
    champion: str
    licence: str
    """Of the base, as that names it; empty where it doesn't."""
    signed: bool


def promote_by_hand(workspace: Workspace, name: str, evidence: Path, by: str) -> PendingPromotion | None:
    """Makes a model champion where `by`'s approval is enough; else it waits for another person's, and what it waits for
    is returned. None where it is champion on that evidence already.

    Raises NotFound where there is no such evidence, and Refused where it doesn't say `promote` of the model, or `by`
    has approved already or may not.
    """
    identity = resolve_model(workspace, name)
    with loop_lease(workspace.record):
        promotion = _promote(workspace, identity, evidence, by)
        # after it: what was asked of the champion before is refused, and not done besides
        note_settled(settle_requests(workspace))
        tell_mlflow_if_there(workspace)
    return promotion


def _promote(workspace: Workspace, identity: str, evidence: Path, by: str) -> PendingPromotion | None:
    _, sha256 = read_evidence(evidence)
    with workspace.record.read() as store:
        check_written_by_a_night(store, evidence)
        check_approver(store, by)
        if shipping_state(store.aliases.moves()).get("champion") == AliasTarget(identity, sha256):
            return None
        check_promotion(store, identity, evidence)
    check_exports(workspace, evidence)
    with workspace.record.write() as store:
        return approve(workspace, store, propose_by_hand(workspace, store, evidence), Approval(by, "", "command line"))


def approve_by_hand(workspace: Workspace, name: str, by: str, comment: str) -> PendingPromotion:
    """Approves of the promotion that waits, of the model `name` where several do; it is promoted once enough have.

    Raises NotFound where none waits, and Refused where `by` has approved already or may not, where another is champion
    by now, or where files are not whole.
    """
    with loop_lease(workspace.record):
        # before it: somebody may have approved, or rolled back, on the dashboard or in MLflow
        read_mlflow_approvals(workspace)
        note_settled(settle_requests(workspace))
        promotion = waiting_promotion(workspace, name)
        check_exports(workspace, evidence_path(workspace, promotion))
        with workspace.record.write() as store:
            check_approver(store, by, comment)
            promotion = approve(workspace, store, promotion, Approval(by, comment, "command line"))
        tell_mlflow_if_there(workspace)
    return promotion


def reject_by_hand(workspace: Workspace, name: str, by: str, comment: str) -> PendingPromotion:
    """Ends the promotion that waits: one person's no is enough. Raises as `approve_by_hand` does."""
    with loop_lease(workspace.record):
        note_settled(settle_requests(workspace))
        promotion = waiting_promotion(workspace, name)
        with workspace.record.write() as store:
            check_approver(store, by, comment)
            rejection = Approval(by, comment, "command line", approves=False)
            promotion = store.pending_promotions.add(promotion, rejection)
        tell_mlflow_if_there(workspace)
    return promotion


def roll_back(workspace: Workspace, reason: str, by: str, to: str = "") -> Mapping[str, str]:
    """Brings back what shipped before the last promotion, or with the former champion `to`; returns each alias that
    moved with its model, empty for none. MLflow may be away, and is told later.

    Raises Refused where nothing was promoted, or `to` was no champion, and where what shipped then can't ship again:
    its files are not whole; NotFound for a `to` that is no model.
    """
    with loop_lease(workspace.record):
        model = former_champion(workspace, to) if to else ""
        check_rollback(workspace, model)
        with workspace.record.write() as store:
            models = rollback(store, by, reason, model)
        # after it: else a roll-back that somebody asked for would go one promotion further
        note_settled(settle_requests(workspace))
        tell_mlflow_if_there(workspace)
    return models


def roll_target_back(workspace: Workspace, target: Target, reason: str, by: str) -> str:
    """Brings back the export of one target that shipped before, the champion staying; returns it, empty for none.
    MLflow may be away, and is told later.

    Raises Refused as `roll_back_target` does, and where that export's files are not whole.
    """
    with loop_lease(workspace.record):
        check_target_rollback(workspace, target)
        with workspace.record.write() as store:
            model = roll_back_target(store, target, by, reason)
        tell_mlflow_if_there(workspace)
    return model


def export(workspace: Workspace, target: Target, out: Path, name: str) -> ExportedModel:
    """Copies what ships as `target`, where `name` is `champion` or the model that it was made from; exports any other
    model anew. Its papers lie beside it, and all of it appears at once.

    Raises BadInput if `out` exists and for a model that the target can't be made of, and Unavailable where `out` can't
    be written.
    """
    identity = resolve_model(workspace, name)
    with workspace.record.read() as store:
        champion, shipping = (store.aliases.model_of(alias) or "" for alias in ("champion", target))
    # where the champion's own is held back, an older champion's ships
    source = _source(workspace, shipping, champion) if shipping else ""
    scored = bool(source) and (name == "champion" or source == identity)
    with whole_folder(out) as folder:
        if scored:
            _copy(workspace, shipping, folder)
        else:
            source = identity
            export_anew(workspace, target, model_folder(identity, workspace.models), folder)
        facts = write_papers(workspace, folder, source, target, _evidence(workspace, target) if scored else None)
        exported = verify(folder)
    signed = (out / SIGNATURE).is_file()
    return ExportedModel(exported, source, scored, champion, facts.base.licence, signed)


def _copy(workspace: Workspace, model: str, folder: Path) -> None:
    """Of what ships, once it is found whole."""
    kept = model_folder(model, workspace.models)
    verify(kept)
    check_signature(kept, trusted_keys(workspace.root))
    shutil.copytree(kept, folder)


def _evidence(workspace: Workspace, target: Target) -> Path | None:
    """On which what ships as `target` was promoted."""
    with workspace.record.read() as store:
        evidence = store.aliases.moves(target)[-1].evidence
    return next(workspace.nights.glob(f"*/{evidence}.json"), None)


def _source(workspace: Workspace, export: str, champion: str) -> str:
    """What an export that ships was made from. One of an older Errata doesn't say: it moved with its champion."""
    return original_of(model_folder(export, workspace.models)) or champion
