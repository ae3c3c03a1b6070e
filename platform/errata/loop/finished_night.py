"""What a scored night went by, for what is asked of its models or tried on its rows again."""

from __future__ import annotations

import shlex
from pathlib import Path

from errata.documents.document import RESTORE, parse, read_document, read_yaml
from errata.documents.evaluation import Evaluation
from errata.documents.file_names import EVALUATION, PARAMS, PIPELINE_LOCK
from errata.documents.night import Night
from errata.documents.params import Recipe
from errata.errors import BadInput, NotFound, Refused
from errata.workspace import Workspace


def finished_night(workspace: Workspace) -> Night:
    """The newest that was scored: its rows still lie in the workspace, unless another has begun."""
    with workspace.record.read() as store:
        last = store.nights.last_scored()
    if last is None:
        raise NotFound(f"no night has been scored yet; run one: errata nightly -w {shlex.quote(str(workspace.root))}")
    night = Night.read(workspace.root)
    if night.label != last.label:
        raise Refused(
            f"the night {night.label} was not finished; finish it: errata nightly --date {shlex.quote(night.label)}"
        )
    return night


def recipe_of(folder: Path) -> Recipe:
    """By which the night trained, whatever `params.yaml` says by now."""
    path = folder / PIPELINE_LOCK
    lock = read_yaml(path, RESTORE)
    try:
        value = lock["stages"]["train"]["params"][PARAMS]["train"]
    except (LookupError, TypeError) as error:
        raise BadInput(f"{path} doesn't say how the night trained; {RESTORE}") from error
    return parse(Recipe, value, str(path), RESTORE)


def answering_exports(folder: Path) -> dict[str, str] | None:
    """By model, the exports by which a night's models were scored; None where they answered themselves."""
    path = folder / EVALUATION
    scoring = read_document(Evaluation, path, RESTORE).scoring if path.exists() else None
    return None if scoring is None else scoring.answering
