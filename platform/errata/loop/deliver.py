"""What a release owner does by hand: promote on evidence, roll back, export."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from errata.documents.params import Target
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import model_folder, original_of, verify
from errata.inference.checksums import SIGNATURE, check_signature, trusted_keys
from errata.loop.hand_moves import tell_mlflow_if_there
from errata.loop.lease import loop_lease
from errata.loop.model_papers import write_papers
from errata.loop.promotion_by_hand import check_rollback, check_written_by_a_night, former_champion
from errata.loop.request_reconciler import note_settled, settle_requests
from errata.operations.model_names import resolve_model
from errata.workspace import Workspace
from registry.export.targets import export_anew
from registry.promotion import promote, rollback


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


def promote_by_hand(workspace: Workspace, name: str, evidence: Path, by: str) -> str:
    """Makes a model champion; returns its identity.

    Raises NotFound where there is no such evidence, and Refused where it doesn't say `promote` of the model.
    """
    identity = resolve_model(workspace, name)
    with loop_lease(workspace.record):
        with workspace.record.write() as store:
            check_written_by_a_night(store, evidence)
            promote(store, identity, None, evidence, by)
        # after it: what was asked of the champion before is refused, and not done besides
        note_settled(settle_requests(workspace))
        tell_mlflow_if_there(workspace)
    return identity


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


def export(workspace: Workspace, target: Target, out: Path, name: str) -> ExportedModel:
    """Copies what ships as `target`, where `name` is `champion` or the model that it was made from; exports any other
    model anew. Its papers lie beside it.

    Raises BadInput if `out` exists, and Unavailable where it can't be written.
    """
    if out.exists():
        raise BadInput(f"{out} is there already; name a new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{out} can't be made ({error.strerror}); name another folder") from error
    identity = resolve_model(workspace, name)
    with workspace.record.read() as store:
        champion, shipping = (store.aliases.model_of(alias) or "" for alias in ("champion", target))
    # where the champion's own is held back, an older champion's ships
    source = _source(workspace, shipping, champion) if shipping else ""
    scored = bool(source) and (name == "champion" or source == identity)
    if not scored:
        exported = export_anew(workspace, target, model_folder(identity, workspace.models), out)
        source = identity
    else:
        exported, folder = shipping, model_folder(shipping, workspace.models)
        verify(folder)
        check_signature(folder, trusted_keys(workspace.root))
        shutil.copytree(folder, out)
    facts = write_papers(workspace, out, source, target)
    signed = (out / SIGNATURE).is_file()
    return ExportedModel(exported, source, scored, champion, facts.base.licence, signed)


def _source(workspace: Workspace, export: str, champion: str) -> str:
    """What an export that ships was made from. One of an older Errata doesn't say: it moved with its champion."""
    return original_of(model_folder(export, workspace.models)) or champion
