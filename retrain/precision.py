"""In which numbers a training computes. What learns is fp32 either way, its optimiser too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from errata.documents.params import Recipe
from errata.errors import BadInput
from errata.inference.compute_device import best_device

Precision = Literal["fp32", "bf16"]


def precision_of(recipe: Recipe, parameters: int) -> Precision:
    """What `train.precision` comes to on this machine, for a model of so many parameters.

    A GPU computes in bf16. So does a processor that has instructions for it (AVX-512 BF16, AMX), where the model is
    large enough that its matrices and not Python are what takes the time; any other emulates bf16, ten times slower.
    Raises BadInput for bf16 with 4-bit weights on a processor, which bitsandbytes computes in fp32 there.
    """
    import torch

    from errata.inference.torch import SMALL

    device = best_device()
    if recipe.precision != "auto":
        if recipe.precision == "bf16" and recipe.method == "qlora" and device != "cuda":
            raise BadInput("train.precision bf16 with train.method qlora needs a GPU; set train.precision to auto")
        return recipe.precision
    if device == "cuda":
        return "bf16"
    native = device == "cpu" and has_bf16(torch.cpu.get_capabilities())
    return "bf16" if native and recipe.method != "qlora" and parameters >= SMALL else "fp32"


def has_bf16(capabilities: Mapping[str, Any]) -> bool:
    """Of a processor, as torch tells what it can."""
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
