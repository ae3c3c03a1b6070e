"""transformers, with peft for adapters and bitsandbytes for 4-bit weights: on a CPU as on a GPU."""

from __future__ import annotations

from typing import Any

from errata.documents.params import Recipe
from errata.inference.device import best_device
from retrain.backends.start import Start


def transformers_model(start: Start, recipe: Recipe) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    options: dict[str, Any] = {"dtype": torch.bfloat16 if best_device() == "cuda" else torch.float32}
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
