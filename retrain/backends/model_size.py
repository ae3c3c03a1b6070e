"""How large a model is, from the heads of its files: nothing is loaded."""

from __future__ import annotations

from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

from errata.errors import NotFound


def parameter_count(folder: Path) -> int:
    """Weights in a model's folder. Raises NotFound for one without, or with a file cut short."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise NotFound(f"{folder} holds no weights (*.safetensors); make the model again, or restore it")
    return sum(map(_weights_in, files))


def _weights_in(path: Path) -> int:
    try:
        with safe_open(path, framework="numpy") as weights:
            return sum(prod(weights.get_slice(name).get_shape()) for name in weights.offset_keys())
    except (SafetensorError, OSError) as error:
        raise NotFound(f"{path} can't be read ({error}); restore it, or make the model again") from error
