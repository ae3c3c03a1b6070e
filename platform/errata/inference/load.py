"""Which engine runs a model."""

from __future__ import annotations

from pathlib import Path

from errata.inference.artefact import Card, home
from errata.inference.engine import Engine


def load(folder: Path, models: Path) -> Engine:
    """The engine for a model's form; `models` is where an adapter's base is kept."""
    card = Card.read(folder)
    if card.form == "onnx":
        from errata.inference.onnx import OnnxEngine

        return OnnxEngine(folder)
    from errata.inference.torch import TorchEngine

    base = home(card.base, models) if card.form == "adapter" else folder
    return TorchEngine(base, adapter=folder if card.form == "adapter" else None)
