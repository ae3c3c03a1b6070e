"""Causal attention on a CPU, a block of queries at a time: what lies in the future, or beyond a layer's window, is not
computed.

PyTorch's own kernel for CPUs computes the whole square of a masked attention, and in bf16 it spends four times as long
going back through it as two matrix products take. Registered by transformers' own seam for attention; the sums are the
same ones in another order. Measured by `python -m benchmarks.attention`.
"""

from __future__ import annotations

from typing import Any

import torch

NAME = "block"
BLOCK = 256
"""Queries at a time: a window of 512 keys is then two thirds of what a block looks at."""
ABLE = frozenset({"llama", "mistral", "qwen2", "qwen3", "gemma3_text"})
"""Model types whose attention is causal, with grouped heads and perhaps a sliding window, and nothing else."""


def attend_by_blocks(model: Any) -> None:
    """Has a transformers model on the CPU attend this way, if its attention is of a kind that can."""
    config = model.config
    able = (
        config.model_type in ABLE
        and not getattr(config, "attention_dropout", 0.0)
        and not getattr(config, "attn_logit_softcapping", None)
        and not getattr(config, "use_bidirectional_attention", False)
    )
    if able and model.device.type == "cpu":
        _register()
        model.set_attn_implementation(NAME)


def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, _padding_alone)


def _padding_alone(*args: Any, attention_mask: torch.Tensor | None = None, **options: Any) -> Any:
    """No mask where nothing is padded; else the one that `attend` hands on."""
    if attention_mask is None or bool(attention_mask.all()):
        return None
    from transformers.masking_utils import sdpa_mask

    return sdpa_mask(*args, **{**options, "attention_mask": attention_mask, "allow_is_causal_skip": False})


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """`query` is (rows, heads, tokens, size), `key` and `value` (rows, groups, earlier tokens and these, size); returns
    (rows, tokens, heads, size). Token i sees those up to itself, the last `sliding_window` of them where that is given.
    Scores are multiplied by `scaling`.
    """
    if attention_mask is not None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        padded: tuple[torch.Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return padded
    rows, heads, tokens, size = query.shape
    groups, keys = key.shape[1], key.shape[2]
    earlier, reach = keys - tokens, options.get("sliding_window") or keys
    # heads of a group share its keys: their queries are rows of one matrix product
    grouped = (query * options["scaling"]).view(rows, groups, heads // groups, tokens, size)
    blocks = []
    for begin in range(0, tokens, BLOCK):
        end = min(tokens, begin + BLOCK)
        first, last = max(0, earlier + begin - reach + 1), earlier + end
        queries = grouped[:, :, :, begin:end].reshape(rows, groups, -1, size)
        scores = (queries @ key[:, :, first:last].transpose(2, 3)).view(rows, groups, -1, end - begin, last - first)
        scores = scores.masked_fill(_unseen(earlier + begin, earlier + end, first, reach), float("-inf"))
        shares = torch.softmax(scores, -1, dtype=torch.float32).to(value.dtype)
        answers = shares.view(rows, groups, -1, last - first) @ value[:, :, first:last]
        blocks.append(answers.view(rows, groups, -1, end - begin, size))
    return torch.cat(blocks, 3).view(rows, heads, tokens, size).transpose(1, 2).contiguous(), None


def _unseen(begin: int, end: int, first: int, reach: int) -> torch.Tensor:
    """(queries, keys) of the queries `begin` to `end` and the keys `first` to `end`: what a query must not see."""
    queries, keys = torch.arange(begin, end).unsqueeze(1), torch.arange(first, end).unsqueeze(0)
    return (keys > queries) | (keys <= queries - reach)
