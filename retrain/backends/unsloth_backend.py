"""unsloth: its own kernels, on an NVIDIA GPU alone."""

from __future__ import annotations

from typing import Any

from errata.documents.params import Recipe
from errata.errors import BadInput, Unavailable, missing_extra
from errata.telemetry import no_telemetry
from retrain.backends.start import Start


def unsloth_model(start: Start, recipe: Recipe, context: int) -> Any:
    import torch

    if not torch.cuda.is_available():
        raise Unavailable(
            "the unsloth backend needs an NVIDIA GPU and there is none here; set train.backend to transformers"
        )
    no_telemetry()
    try:
        from unsloth import FastLanguageModel
    except ImportError as error:
        raise missing_extra(f"unsloth can't be imported ({error})", "unsloth") from error
    if recipe.method == "full" and start.adapter is not None:
        raise BadInput("unsloth can't go on from an adapter with train.method full; set train.start to base")
    model, _ = FastLanguageModel.from_pretrained(
        model_name=str(start.adapter or start.base),
        max_seq_length=context,
        load_in_4bit=recipe.method == "qlora",
        full_finetuning=recipe.method == "full",
        local_files_only=True,
    )
    if recipe.method == "full" or start.adapter is not None:
        return model
    return FastLanguageModel.get_peft_model(
        model, r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0, random_state=recipe.seed
    )
