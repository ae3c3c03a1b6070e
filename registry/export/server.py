"""For a server: one folder of merged weights that plain transformers, vLLM or SGLang load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from errata.documents.params import NumberType
from errata.errors import BadInput, NotFound
from errata.inference.artefact import Card, model_folder, verify
from errata.inference.source_metadata import inherit_source_metadata
from errata.inference.tokenizer import load_tokenizer
from registry.export.build import build, inherit

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer


def export_server(model: Path, models: Path, out: Path, number_type: NumberType = "base") -> str:
    """Writes `model` to `out` as a full model, in its base's own number type or another; returns its identity.

    `models` is where an adapter's base is kept. Raises NotFound where a file of either was changed, and BadInput for an
    export.
    """
    verify(model)
    card = Card.read(model)
    if card.form in ("onnx", "gguf"):
        raise BadInput(f"{model} is an export already; export the model that it was made from")
    base = _base(card, models) if card.form == "adapter" else model

    def fill(folder: Path) -> None:
        from errata.inference.architectures import AutoConfig
        from errata.inference.torch import load_model

        tokenizer = load_tokenizer(base)
        whole = load_model(base, model if card.form == "adapter" else None)
        whole.to(_dtype(number_type) or AutoConfig.from_pretrained(base, local_files_only=True).dtype)
        _set_generation(whole, tokenizer, card.context)
        whole.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        inherit_source_metadata(base, folder)
        inherit(model, folder, "full")

    return build(out, fill)


def _dtype(number_type: NumberType) -> Any:
    """torch's; None for the base's own."""
    import torch

    return {"base": None, "bf16": torch.bfloat16, "fp16": torch.float16}[number_type]


def _base(card: Card, models: Path) -> Path:
    folder = model_folder(card.base, models)
    identity = verify(folder)
    if identity != card.base:
        raise NotFound(
            f"{folder} holds {identity[:16]}…, not the base {card.base[:16]}… that the adapter was trained on; "
            "restore it"
        )
    return folder


def _set_generation(model: Any, tokenizer: Tokenizer, context: int) -> None:
    """Makes the tokenizer's end of sequence, with which every answer was taught to end, the one that all others see."""
    from transformers import GenerationConfig

    eos, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    tokens = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": eos,
        "pad_token_id": eos if pad is None else pad,
    }
    model.generation_config = GenerationConfig(**tokens, max_length=context, do_sample=False)
    # Servers read one of the two files, or the other.
    for name, token in tokens.items():
        setattr(model.config, name, token)
