"""Small random models of the architectures that exports know, and what transformers computes with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from errata.inference.artefact import Card, seal
from tests.made_up_model import make_tokenizer

SIZE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
PROMPT = [60 + (7 * place) % 200 for place in range(50)]
"""Longer than the windows of a Gemma here."""


def llama(**changes: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**SIZE | changes))


def qwen2(**changes: Any) -> Any:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(**SIZE | changes))


def qwen3(**changes: Any) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(**SIZE | {"head_dim": 32} | changes))


def gemma3(**changes: Any) -> Any:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    own = {"head_dim": 32, "query_pre_attn_scalar": 32, "num_hidden_layers": 7, "sliding_window": 16}
    return Gemma3ForCausalLM(Gemma3TextConfig(**SIZE | own | changes))


def write(model: Callable[..., Any], folder: Path, **changes: Any) -> Path:
    """A random full model, its norms and biases too, sealed."""
    import torch

    torch.manual_seed(4)
    tokenizer = make_tokenizer(spaced=False)
    network = model(vocab_size=len(tokenizer) + 4, tie_word_embeddings=True, **changes)
    for values in network.parameters():
        if values.ndim == 1:
            torch.nn.init.normal_(values, mean=float(values.detach().mean()), std=0.3)
    tokenizer.save_pretrained(folder)
    network.save_pretrained(folder)
    Card("indexed", 256).write(folder)
    seal(folder)
    return folder


def transformers_logs(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(torch.tensor([PROMPT])).logits
    return logits[0, -1].log_softmax(-1)
