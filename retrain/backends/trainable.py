"""A model that is ready to train, from the backend that the recipe names."""

from __future__ import annotations

from typing import Any

from errata.documents.params import Recipe
from errata.inference.model_shape import ModelShape
from retrain.backends.start import Start
from retrain.precision import precision_of
from retrain.sharding import sharded_model


def trainable_model(start: Start, recipe: Recipe, context: int) -> Any:
    """With its adapter where the method has one, or this process's part of it alone where the start lies in parts."""
    from errata.inference.torch import adapt_to_cpu

    model = _model(start, recipe, context)
    adapt_to_cpu(model)
    return model


def _model(start: Start, recipe: Recipe, context: int) -> Any:
    from retrain.backends.transformers_backend import transformers_model
    from retrain.backends.unsloth_backend import unsloth_model

    if start.parts is not None:
        parameters = ModelShape.of_folder(start.base).parameters  # the base's files lack the weights
        return sharded_model(start.base, start.parts, precision_of(recipe, parameters))
    return unsloth_model(start, recipe, context) if recipe.backend == "unsloth" else transformers_model(start, recipe)
