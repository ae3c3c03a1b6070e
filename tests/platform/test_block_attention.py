"""Attention by blocks gives what transformers' own gives, forward and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    DynamicCache,
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen3Config,
)

from errata.inference.block_attention import NAME, attend_by_blocks

SIZES = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 1024,
}
CONFIGS: dict[str, Callable[[], PreTrainedConfig]] = {
    "llama": lambda: LlamaConfig(**SIZES),
    "qwen2": lambda: Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=70, max_window_layers=1),
    "qwen3": lambda: Qwen3Config(**SIZES),
    "gemma3": lambda: Gemma3TextConfig(**SIZES, sliding_window=70, layer_types=["sliding_attention", "full_attention"]),
}
TOKENS = torch.arange(600).remainder(50).unsqueeze(0)


def make(config: PreTrainedConfig) -> Any:
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(config).eval()


@pytest.mark.parametrize("name", CONFIGS)
def test_logits_and_gradients_are_those_of_transformers(name: str) -> None:
    model = make(CONFIGS[name]())
    gradients, logits = [], []
    for blocks in (False, True):
        if blocks:
            attend_by_blocks(model)
            assert model.config._attn_implementation == NAME
        model.zero_grad()
        output = model(TOKENS, labels=TOKENS, use_cache=False)
        output.loss.backward()
        logits.append(output.logits.detach())
        gradients.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
    assert torch.allclose(logits[0], logits[1], atol=1e-5)
    assert torch.allclose(gradients[0], gradients[1], atol=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_tokens_that_follow_a_cache_see_what_came_before(name: str) -> None:
    model = make(CONFIGS[name]())
    whole = model(TOKENS).logits
    attend_by_blocks(model)
    cache = DynamicCache()
    parts = [model(part, past_key_values=cache).logits for part in TOKENS.split([300, 1, 299], dim=1)]
    assert torch.allclose(whole, torch.cat(parts, 1), atol=1e-5)


def test_a_padded_row_is_left_to_transformers() -> None:
    model = make(CONFIGS["gemma3"]())
    mask = torch.ones_like(TOKENS)
    mask[:, :40] = 0
    expected = model(TOKENS, attention_mask=mask).logits[:, 40:]
    attend_by_blocks(model)
    assert torch.allclose(expected, model(TOKENS, attention_mask=mask).logits[:, 40:], atol=1e-5)


def test_attention_of_another_kind_is_left_alone() -> None:
    config = Gemma2Config(**SIZES)
    model = make(config)
    before = model.config._attn_implementation
    attend_by_blocks(model)
    assert model.config._attn_implementation == before
