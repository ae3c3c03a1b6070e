"""Which engine runs a model."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from errata.errors import BadInput
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import CONNECTORS, Card, model_parts
from errata.inference.engine import Engine
from errata.inference.sensed_frames import features_beside


def load(folder: Path, models: Path, features: FeatureStore | None = None) -> Engine:
    """The engine for a model's form; `models` is where an adapter's base is kept, and `features` what a model that sees
    or hears takes vectors from, the store beside `models` unless another is given. Raises BadInput for such a model in
    a form that reads words alone."""
    card = Card.read(folder)
    form = card.form
    if card.senses and form in ("onnx", "gguf"):
        raise BadInput(f"{folder} sees or hears, which its form {form!r} can't; run the model that it was made from")
    if form == "onnx":
        from errata.inference.onnx import OnnxEngine

        return OnnxEngine(folder)
    if form == "gguf":
        return load_gguf(folder)
    from errata.inference.torch import TorchEngine

    return TorchEngine(*model_parts(folder, models), card.senses, features or features_beside(models))


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
    """Whether both are safetensors, equal to the bit, an adapter's as merged, with equal connectors or without any."""
    if any(Card.read(folder).form in ("onnx", "gguf") for folder in (new, old)):
        return False
    if _connectors(new) != _connectors(old):
        return False
    import torch

    from errata.inference.torch import load_model

    first, second = (load_model(*model_parts(folder, models)).state_dict() for folder in (new, old))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def _connectors(folder: Path) -> bytes:
    path = folder / CONNECTORS
    return path.read_bytes() if path.is_file() else b""
