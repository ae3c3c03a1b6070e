"""A model that is ready to train, from the backend that the recipe names."""

from __future__ import annotations

from typing import Any

from errata.documents.params import Recipe
from retrain.backends.start import Start


def trainable_model(start: Start, recipe: Recipe, context: int) -> Any:
    """With its adapter where the method has one."""
    from errata.inference.torch import adapt_to_cpu
    from retrain.backends.transformers_backend import transformers_model
    from retrain.backends.unsloth_backend import unsloth_model

    unsloth = recipe.backend == "unsloth"
    model = unsloth_model(start, recipe, context) if unsloth else transformers_model(start, recipe)
    adapt_to_cpu(model)
    return model
