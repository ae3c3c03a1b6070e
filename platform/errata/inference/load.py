"""Which engine runs a model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from errata.inference.artefact import Card, model_folder
from errata.inference.engine import Engine


def load(folder: Path, models: Path) -> Engine:
    """The engine for a model's form; `models` is where an adapter's base is kept."""
    card = Card.read(folder)
    if card.form == "onnx":
        from errata.inference.onnx import OnnxEngine

        return OnnxEngine(folder)
    if card.form == "gguf":
        return load_gguf(folder)
    from errata.inference.torch import TorchEngine

    return TorchEngine(*_parts(folder, card, models))


def has_llama_cpp() -> bool:
    """Whether .gguf files are run by llama.cpp itself; else transformers runs them, with the file's weights."""
    return find_spec("xllamacpp") is not None


def load_gguf(folder: Path) -> Engine:
    """The engine for a folder with a .gguf file, sealed or not."""
    if has_llama_cpp():
        from errata.inference.llama import LlamaEngine

        return LlamaEngine(folder)
    from errata.inference.gguf import GgufEngine

    return GgufEngine(folder)


def same_weights(new: Path, old: Path, models: Path) -> bool:
    """Whether both are safetensors, equal to the bit, an adapter's as merged."""
    cards = {folder: Card.read(folder) for folder in (new, old)}
    if any(card.form in ("onnx", "gguf") for card in cards.values()):
        return False
    import torch

    from errata.inference.torch import load_model

    first, second = (load_model(*_parts(folder, cards[folder], models)).state_dict() for folder in (new, old))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def _parts(folder: Path, card: Card, models: Path) -> tuple[Path, Path | None]:
    """A full model, and the adapter that goes on it, if any."""
    return (model_folder(card.base, models), folder) if card.form == "adapter" else (folder, None)
