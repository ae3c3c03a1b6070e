"""A row of the last night's mixture, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.documents.file_names import MIXTURE, TRAINING_ROWS
from errata.documents.night import Night
from errata.inference.artefact import model_folder
from errata.inference.chapter_task import task_of
from errata.workspace import Workspace

if TYPE_CHECKING:
    from errata.documents.inspected_row import InspectedRow


def inspect_mixture(workspace: Workspace, number: int) -> InspectedRow:
    """Raises NotFound where no night has trained, and BadInput for a row that isn't there."""
    from retrain.inspection import inspect_row

    recipe = workspace.params().train
    identity, _ = Night.read(workspace.root).starting_model(recipe.start)
    task = task_of(model_folder(identity, workspace.models), workspace.models)
    rows = workspace.root / MIXTURE / TRAINING_ROWS
    return inspect_row(rows, number, recipe, task.template, task.tokenizer)
