"""Where a trainable model comes from: transformers with peft and bitsandbytes, or unsloth on a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errata.documents.params import Recipe
from errata.errors import BadInput, Unavailable, missing_extra


@dataclass(frozen=True, slots=True)
class Start:
    """What training goes on from."""

    base: Path
    adapter: Path | None
    """An adapter to go on with; None for a new one."""


def load(start: Start, recipe: Recipe, context: int) -> Any:
    """A model that is ready to train, with its adapter where the method has one."""
    from errata.inference.torch import spare_threads

    loaders = {"transformers": _transformers, "unsloth": _unsloth}
    model = loaders[recipe.backend](start, recipe, context)
    spare_threads(model)
    return model


def _transformers(start: Start, recipe: Recipe, _: int) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    gpu = torch.cuda.is_available()
    options: dict[str, Any] = {"dtype": torch.bfloat16 if gpu else torch.float32}
    if recipe.method == "qlora":
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=options["dtype"],
        )
    if recipe.method == "full" and start.adapter is not None:
        from errata.inference.torch import load_model

        return load_model(start.base, start.adapter).train().requires_grad_(True)  # peft had frozen the base
    model = AutoModelForCausalLM.from_pretrained(start.base, use_safetensors=True, local_files_only=True, **options)
    return model if recipe.method == "full" else _adapted(model, start, recipe)


def _adapted(model: Any, start: Start, recipe: Recipe) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    if recipe.method == "qlora":
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if start.adapter is not None:
        adapted = PeftModel.from_pretrained(model, start.adapter, is_trainable=True, local_files_only=True)
        adapted.peft_config["default"].base_model_name_or_path = str(start.base)  # an identity, which peft can't open
        return adapted
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


def _unsloth(start: Start, recipe: Recipe, context: int) -> Any:
    import torch

    if not torch.cuda.is_available():
        raise Unavailable(
            "the unsloth backend needs an NVIDIA GPU and there is none here; set train.backend to transformers"
        )
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
