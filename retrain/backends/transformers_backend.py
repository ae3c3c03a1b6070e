"""transformers, with peft for adapters and bitsandbytes for 4-bit weights: on a CPU as on a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from errata.documents.params import Recipe
from errata.errors import BadInput
from retrain.backends.model_size import parameter_count
from retrain.backends.start import Start
from retrain.precision import precision_of


def transformers_model(start: Start, recipe: Recipe) -> Any:
    if recipe.method == "full" and start.adapter is not None:
        from errata.inference.torch import load_model

        return load_model(start.base, start.adapter).float().train().requires_grad_(True)  # peft had frozen the base
    model = _base(start.base, recipe)
    return model if recipe.method == "full" else _adapted(model, start, recipe)


def _base(folder: Path, recipe: Recipe) -> Any:
    import torch

    from errata.inference.architectures import AutoModelForCausalLM

    # What learns stays fp32, since a step is smaller than bf16's next number; a full training computes by autocast.
    in_bf16 = recipe.method != "full" and precision_of(recipe, parameter_count(folder)) == "bf16"
    options: dict[str, Any] = {"dtype": torch.bfloat16 if in_bf16 else torch.float32}
    if recipe.method == "qlora":
        from transformers import BitsAndBytesConfig

        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=options["dtype"],
        )
    return AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, local_files_only=True, **options)


def _adapted(model: Any, start: Start, recipe: Recipe) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training

    from errata.inference.connector import reads_apart

    if reads_apart(model):  # its attention is torch's own, whose weights no adapter reaches
        raise BadInput(
            f"train.method {recipe.method} can't adapt two encoders; set it to full, as errata recipe use two-encoders "
            "does"
        )
    if recipe.method == "qlora":
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if start.adapter is not None:
        adapted = PeftModel.from_pretrained(model, start.adapter, is_trainable=True, local_files_only=True)
        adapted.peft_config["default"].base_model_name_or_path = str(start.base)  # an identity, which peft can't open
        return adapted
    layers = _last_layers(model, recipe.layers)
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules="all-linear" if layers is None else _linear_names(model),
        layers_to_transform=layers,
        use_dora=recipe.dora,
        use_rslora=recipe.rslora,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def _last_layers(model: Any, count: int) -> list[int] | None:
    """The numbers of the last `count` layers, to which a pass back goes and no further; None for all."""
    layers = model.config.get_text_config().num_hidden_layers
    return list(range(layers - count, layers)) if 0 < count < layers else None


def _linear_names(model: Any) -> list[str]:
    """What the linear layers of the blocks are called; peft's "all-linear" can't be had for some blocks alone."""
    from torch.nn import Linear

    names = (name for name, module in model.named_modules() if isinstance(module, Linear) and ".layers." in name)
    return sorted({name.rpartition(".")[2] for name in names})
