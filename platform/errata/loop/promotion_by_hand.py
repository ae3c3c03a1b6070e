"""What is checked before a person moves what ships: that a night wrote the evidence, that files are whole."""

from __future__ import annotations

from pathlib import Path

from errata.database.shipping import rollback_moves
from errata.database.store import Store
from errata.errors import NotFound, Refused
from errata.inference.artefact import model_folder, verify
from errata.workspace import Workspace
from registry.evidence import read_evidence


def check_written_by_a_night(store: Store, evidence: Path) -> None:
    """A record's name proves its bytes; that a night wrote it, only the night's own outcome can say. Raises Refused."""
    _, sha256 = read_evidence(evidence)
    written = {entry.evidence for row in store.nights.all() for entry in row.outcome.decisions}
    if sha256 not in written:
        raise Refused(
            f"{evidence} was written by no night of this workspace; `errata status --json` names those that were"
        )


def check_rollback(workspace: Workspace) -> None:
    """Raises Refused where what a rollback would bring back can't ship again: its files are not whole.

    Files are hashed, so it is no part of a transaction; the caller holds the loop's lease, and nobody else moves.
    """
    with workspace.record.read() as store:
        back = rollback_moves(store.aliases.moves())
    for alias, target in back.items():
        try:
            if target.model:
                verify(model_folder(target.model, workspace.models))
        except NotFound as problem:
            raise Refused(
                f"the {alias} that shipped then can't ship again ({problem}); `errata fsck --repair` takes it from "
                "MLflow, then roll back"
            ) from problem
