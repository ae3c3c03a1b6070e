"""What a release owner does by hand: promote on evidence, roll back, export."""

from __future__ import annotations

import getpass
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.database.store import Store
from errata.errors import BadInput, Refused
from errata.inference.artefact import model_folder, verify
from errata.loop.lease import held
from errata.operations.predicting import resolve
from errata.workspace import Workspace


def promote_by_hand(workspace: Workspace, name: str, evidence: Path) -> str:
    """Raises Refused where the evidence doesn't say `promote` of this model."""
    from registry.models import ModelRegistry
    from registry.promotion import promote

    identity = resolve(workspace, name)
    with held(workspace.record):
        with workspace.record.write() as store:
            _check_written_by_a_night(store, evidence)
            promote(store, identity, None, evidence, by=getpass.getuser())
        ModelRegistry.of(workspace).sync(workspace.record)
    return f"champion is {identity[:16]}"


def _check_written_by_a_night(store: Store, evidence: Path) -> None:
    """A record's name proves its bytes; that a night wrote it, only the night's own outcome can say."""
    written = {decision["evidence"] for row in store.nights.all() for decision in row.outcome.get("decisions", [])}
    if evidence.stem not in written:
        raise Refused(
            f"{evidence} was written by no night of this workspace; `errata status --json` names those that were"
        )


def roll_back(workspace: Workspace, reason: str) -> str:
    """Raises Refused where nothing was promoted."""
    from registry.models import ModelRegistry
    from registry.promotion import rollback

    with held(workspace.record):
        with workspace.record.write() as store:
            moved = rollback(store, by=getpass.getuser(), reason=reason)
        ModelRegistry.of(workspace).sync(workspace.record)
    return "; ".join(f"{alias} is {model[:16] or 'nothing'} again" for alias, model in moved.items())


def export(workspace: Workspace, target: str, out: Path, name: str) -> str:
    """Copies what the gate scored with the champion; exports any other model anew. Raises BadInput if `out` exists."""
    if out.exists():
        raise BadInput(f"{out} is there already; name a new folder")
    identity = resolve(workspace, name)
    with workspace.record.read() as store:
        scored = store.aliases.model_of(target) if identity == store.aliases.model_of("champion") else None
    if scored is not None:
        folder = model_folder(scored, workspace.models)
        verify(folder)
        shutil.copytree(folder, out)
        return f"{out}: {target} {scored[:16]}, as the gate scored it"
    made = _export_anew(workspace, target, model_folder(identity, workspace.models), out)
    return f"{out}: {target} {made[:16]}, made anew from {identity[:16]} and not scored"


def _export_anew(workspace: Workspace, target: str, model: Path, out: Path) -> str:
    from registry.export.device import export_device
    from registry.export.server import export_server

    if target == "server":
        return export_server(model, workspace.models, out)
    with TemporaryDirectory() as place:
        export_server(model, workspace.models, Path(place) / "server")
        return export_device(Path(place) / "server", out, workspace.params()["export"]["device"])
