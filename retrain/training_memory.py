"""What a training needs of memory, about, and what is free."""

from __future__ import annotations

from typing import Literal

from errata.documents.params import Recipe
from errata.inference.model_shape import ModelShape
from retrain.precision import Precision

PROCESS = 600_000_000
"""Bytes that Python and the libraries take before a model is loaded."""


def training_memory(
    shape: ModelShape, recipe: Recipe, precision: Precision, longest: int, learnt: int, parts: int = 1
) -> int:
    """Bytes for rows of `longest` tokens, `learnt` of which are labels, which pass one at a time, in a process that
    holds one of `parts` of a model (`retrain.sharding`)."""
    width: Literal[2, 4] = 2 if precision == "bf16" else 4
    whole = shape.training_memory(longest, learnt, recipe.method, recipe.rank, width, recipe.layers)
    return PROCESS + whole - (shape.shared_out(parts, width) if parts > 1 else 0)


def learning_weights(shape: ModelShape, recipe: Recipe) -> int:
    """All of a model, or those of a new adapter on its linear layers."""
    return shape.parameters if recipe.method == "full" else shape.trainable(recipe.rank, recipe.layers)


def free_memory() -> int:
    """Bytes on the first GPU, or else of the machine's own memory."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)
