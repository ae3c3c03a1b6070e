"""A row of the last night's mixture, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from errata.documents.file_names import MIXTURE, TRAINING_ROWS
from errata.documents.night import Night
from errata.inference.artefact import Card, model_folder, model_parts
from errata.inference.tokenizer import load_tokenizer
from errata.tasks import templates
from errata.workspace import Workspace

if TYPE_CHECKING:
    from errata.documents.inspected_row import InspectedRow


def inspect_mixture(workspace: Workspace, number: int) -> InspectedRow:
    """Raises NotFound where no night has trained, and BadInput for a row that isn't there."""
    from retrain.inspection import inspect_row

    recipe = workspace.params().train
    identity, _ = Night.read(workspace.root).starting_model(recipe.start)
    folder = model_folder(identity, workspace.models)
    template, (base, _) = templates.find(Card.read(folder).template), model_parts(folder, workspace.models)
    return inspect_row(workspace.root / MIXTURE / TRAINING_ROWS, number, recipe, template, load_tokenizer(base))
