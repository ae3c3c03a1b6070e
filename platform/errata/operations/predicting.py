"""The champion's answers, for reviewers to correct."""

from __future__ import annotations

import time
from typing import Any

from errata.inference.artefact import model_folder
from errata.inference.model import FolderModel
from errata.inference.recorded import RecordedModel
from errata.workspace import Workspace


def predict(workspace: Workspace, model: str = "champion") -> dict[str, Any]:
    """Drafts chapters, by `model` (an alias, or the beginning of an identity), of all that nobody has reviewed yet.

    A transcript that is reviewed needs no draft; a night asks models about it where it compares them.
    """
    from rich.console import Console
    from rich.progress import Progress

    identity = resolve(workspace, model)
    predictor = FolderModel(identity, model_folder(identity, workspace.models), workspace.models)
    with workspace.record.read() as store:
        wanted = store.transcripts.undrafted(predictor.key.model, predictor.key.template)
    began = time.monotonic()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"predict {identity[:8]}", total=len(wanted))
        made = RecordedModel(workspace.record, predictor).predict_all(wanted, lambda: progress.advance(task))
    return {
        "model": identity,
        "predicted": len(made),
        "with_problems": sum(bool(prediction.problems) for prediction in made.values()),
        "seconds": round(time.monotonic() - began, 1),
    }


def resolve(workspace: Workspace, name: str) -> str:
    """The identity behind an alias, or behind the beginning of an identity. Raises NotFound."""
    from errata.errors import NotFound

    with workspace.record.read() as store:
        held = store.aliases.model_of(name)
    if held is not None:
        return held
    from errata.inference.artefact import verify

    matches = [path for path in workspace.models.glob(f"{name[:16]}*") if path.is_dir()] if len(name) >= 4 else []
    if len(matches) != 1:
        raise NotFound(f"there is no model {name!r}; `errata status` lists the aliases and `errata history` the models")
    return verify(matches[0])
