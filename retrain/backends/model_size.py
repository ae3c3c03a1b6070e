"""How large a model is, from the heads of its files: nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

from errata.errors import NotFound


def parameter_count(folder: Path) -> int:
    """Weights in a model's folder. Raises as `stored_tensors` does."""
    return sum(prod(shape) for _, shape in stored_tensors(folder))


def stored_tensors(folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of each tensor in a model's folder. Raises NotFound for one without, or with a file cut short."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise NotFound(f"{folder} holds no weights (*.safetensors); make the model again, or restore it")
    for path in files:
        yield from _tensors_in(path)


def _tensors_in(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    try:
        with safe_open(path, framework="numpy") as weights:
            return [(name, tuple(weights.get_slice(name).get_shape())) for name in weights.offset_keys()]
    except (SafetensorError, OSError) as error:
        raise NotFound(f"{path} can't be read ({error}); restore it, or make the model again") from error
