"""What attention by blocks saves on a CPU: a prompt read, and a training step back through it, with and without.

    python -m benchmarks.attention [MODEL]     a folder that transformers loads; else a random model of 30 M parameters

Both ways in turn, in one process on one thread: processor seconds, medians of the rounds, and their ratio.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.process_cost import medians
from errata.inference.block_attention import attend_by_blocks

TOKENS = 1536
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def load(folder: Path | None, dtype: torch.dtype) -> Any:
    from transformers import AutoModelForCausalLM, Gemma3TextConfig

    if folder is not None:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
    kinds = ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"]
    config = Gemma3TextConfig(
        vocab_size=8192,
        hidden_size=640,
        intermediate_size=2048,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=256,
        sliding_window=512,
        layer_types=kinds,
    )
    return AutoModelForCausalLM.from_config(config).to(dtype)


def run_pass(model: Any, train: bool) -> None:
    """Over `TOKENS` tokens, and back through it."""
    tokens = torch.arange(TOKENS).remainder(8000).unsqueeze(0)
    with torch.set_grad_enabled(train):
        hidden = model.base_model(input_ids=tokens, use_cache=False).last_hidden_state
    if train:
        torch.autograd.backward(hidden.float().pow(2).mean())
        model.zero_grad()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attention")
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for name, dtype in TYPES.items():
        plain, blocks = load(asked.model, dtype), load(asked.model, dtype)
        attend_by_blocks(blocks)
        for what, train in (("read", False), ("train", True)):
            ways = {"plain": partial(run_pass, plain, train), "blocks": partial(run_pass, blocks, train)}
            before, after = medians(ways, asked.rounds).values()
            print(f"{name} {what}: {before:.2f} s, by blocks {after:.2f} s: {before / after:.2f} times as fast")


if __name__ == "__main__":
    main()
