"""The connectors of a model in training: they learn beside its weights, or its adapter's, and its checkpoints hold
them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from errata.documents.params import Recipe
from errata.errors import BadInput
from errata.inference.artefact import CONNECTORS, Card
from retrain.backends.start import Start
from retrain.row_collator import has_frames


def check_senses(rows: pa.Table, recipe: Recipe, card: Card) -> None:
    """Raises BadInput where rows name frames that the model, the backend or the objective can't take."""
    if not has_frames(rows):
        return
    if not card.senses:
        raise BadInput(
            "the rows name frames, and the model's card names no senses to take them by; make a model that has"
        )
    if recipe.backend == "unsloth":
        raise BadInput("unsloth reads words alone; set train.backend to transformers for rows that name frames")
    if recipe.objective != "sft":
        raise BadInput(f"{recipe.objective} compares answers to words alone; set train.objective to sft for frames")


def connected(model: Any, card: Card, start: Start) -> None:
    """Gives a model that can be trained the connectors that its card names: those it starts from, or new ones."""
    if not card.senses:
        return
    from errata.inference.connector import attach, load_connectors, new_connectors

    if start.connectors is None:
        connectors = new_connectors(model, card.senses)
    else:
        connectors = load_connectors(start.connectors, model, card.senses)
    attach(model, connectors.train())


def write_connectors(model: Any, folder: Path) -> None:
    """Where the model has any."""
    from errata.inference.connector import connectors_of, save_connectors

    connectors = connectors_of(model)
    if connectors is not None:
        save_connectors(connectors, folder)


def disconnect(model: Any) -> None:
    """So that the model's own files hold its own weights alone."""
    from errata.inference.connector import attach

    attach(model, None)


def read_connectors(model: Any, folder: Path) -> None:
    """Back into the model, where the checkpoint in `folder` has any."""
    from safetensors.torch import load_file

    from errata.inference.connector import connectors_of

    connectors = connectors_of(model)
    if connectors is not None:
        connectors.load_state_dict(load_file(folder / CONNECTORS))
