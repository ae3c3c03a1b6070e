"""What a training needs of memory, about, and what is free: computed from a model's files before any is loaded.

    weights       4 bytes each in fp32, 2 in bf16; about 0.55 in 4 bits, embeddings and norms left out
    what learns   16 bytes each: the weight, its gradient, Adam's two moments
    activations   bytes · tokens · layers · (14 · hidden + 6 · feed-forward): what a pass back needs of one row

The last is a rough rule that was held against two trainings alone: a Gemma 3 270M took twice as much once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from errata.documents.params import Recipe
from retrain.backends.model_size import parameter_count, stored_tensors
from retrain.precision import Precision

PROCESS = 600_000_000
"""Bytes that Python and the libraries take before a model is loaded."""
FOUR_BITS = 0.55
_LAYER = re.compile(r"\.layers\.(\d+)\..*\.weight$")


def training_bytes(base: Path, recipe: Recipe, precision: Precision, longest: int) -> int:
    """For rows of `longest` tokens, which pass one at a time, from the full model in the folder `base`."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, local_files_only=True).get_text_config()
    width = 2 if precision == "bf16" else 4
    parameters, learning = parameter_count(base), learning_weights(base, recipe)
    layers = recipe.layers if 0 < recipe.layers < config.num_hidden_layers else config.num_hidden_layers
    per_token = layers * (14 * config.hidden_size + 6 * config.intermediate_size)
    if recipe.method == "full":
        weights = 0.0  # they are among what learns
    elif recipe.method == "qlora":
        small = sum(rows * columns for _, rows, columns in _matrices(base))
        weights = FOUR_BITS * small + width * (parameters - small)
    else:
        weights = float(width * parameters)
    return int(PROCESS + weights + 16 * learning + width * longest * per_token)


def learning_weights(base: Path, recipe: Recipe) -> int:
    """All of a model, or those of a new adapter on its linear layers."""
    if recipe.method == "full":
        return parameter_count(base)
    matrices = list(_matrices(base))
    first = max((layer for layer, _, _ in matrices), default=0) + 1 - recipe.layers if recipe.layers else 0
    return sum(recipe.rank * (rows + columns) for layer, rows, columns in matrices if layer >= first)


def _matrices(base: Path) -> Iterator[tuple[int, int, int]]:
    """The linear layers' matrices: the layer's number, rows, columns."""
    for name, shape in stored_tensors(base):
        place = _LAYER.search(name)
        if place is not None and len(shape) == 2 and all(shape):
            yield int(place[1]), shape[0], shape[1]


def free_memory() -> int:
    """Bytes on the first GPU, or else of the machine's own memory."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)
