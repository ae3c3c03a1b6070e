"""How fast training goes on a GPU, in ten minutes: a random Qwen2.5-0.5B on rows of 4,096 tokens, LoRA, in bf16.

    python -m benchmarks.gpu              # on an NVIDIA GPU
    python -m benchmarks.gpu --small      # a tiny model on whatever there is: whether the script runs

Real tokens per second, the share of padding, the share of the card's peak that is used (MFU), and, where unsloth is
installed, the same rows through it: its loss and its speed. The arithmetic that MFU counts is that of LoRA with logits
at labels alone, over real tokens:

    body       F_b = 2 · N · S            N weights without embeddings, S tokens
    attention  F_a = 2 · L · d · S²       L layers, d = heads · their size; causal
    head       F_h = 2 · V · h · R        V pieces, h hidden, R labels
    step       2 F_b + 3 F_a + 2 F_h + 6 · (weights that learn) · S
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from errata.documents.params import Recipe
from errata.inference.artefact import Card
from errata.inference.library_noise import silence_libraries
from errata.inference.tokenizer import load_tokenizer
from errata.project_files import embedded_model
from errata.tasks.encode import IGNORED
from retrain.backends.start import Start
from retrain.trainer import make_trainer

PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
"""Dense bf16 operations per second, by what a card's name holds."""
WANTED = 100_000
"""Real tokens per second on one H200."""
ALIKE = 2e-2
"""Loss of two backends in bf16, relative."""


@dataclass(frozen=True, slots=True)
class Size:
    vocabulary: int
    hidden: int
    feed_forward: int
    layers: int
    heads: int
    groups: int
    tokens: int
    labels: int
    steps: int

    @property
    def body(self) -> int:
        """Weights without embeddings."""
        head = self.hidden // self.heads
        attention = self.hidden * head * (2 * self.heads + 2 * self.groups)
        return self.layers * (attention + 3 * self.hidden * self.feed_forward)

    def operations(self, learning: int) -> float:
        """Of a step of one row."""
        body = 2 * self.body * self.tokens
        attention = 2 * self.layers * self.hidden * self.tokens**2
        head = 2 * self.vocabulary * self.hidden * self.labels
        return 2 * body + 3 * attention + 2 * head + 6 * learning * self.tokens


QWEN = Size(151_936, 896, 4864, 24, 14, 2, tokens=4096, labels=200, steps=30)
SMALL = Size(3072, 64, 128, 2, 4, 2, tokens=128, labels=16, steps=3)


@dataclass(frozen=True, slots=True)
class Speed:
    backend: str
    tokens: float
    """A second, none of them padding."""
    padding: float
    mfu: float | None
    """None on what isn't a card whose peak is known."""
    loss: float
    """Of the first step."""
    memory: float
    """GB at most; 0 without a GPU."""


def make_model(size: Size, folder: Path) -> None:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=size.vocabulary,
        hidden_size=size.hidden,
        intermediate_size=size.feed_forward,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.groups,
        max_position_embeddings=2 * size.tokens,
        tie_word_embeddings=True,
    )
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    load_tokenizer(embedded_model()).save_pretrained(folder)


def write_rows(size: Size, path: Path) -> None:
    """Of the same length, the labels at the end."""
    chance = Random("gpu")
    rows = []
    for _ in range(size.steps):
        ids = [chance.randrange(100, 3000) for _ in range(size.tokens)]
        rows.append({"input_ids": ids, "labels": [IGNORED] * (size.tokens - size.labels) + ids[-size.labels :]})
    pq.write_table(pa.Table.from_pylist(rows), path)


def measure(backend: Any, size: Size, folder: Path) -> Speed:
    recipe = Recipe(
        backend=backend,
        method="lora",
        start="base",
        rank=16,
        alpha=32,
        learning_rate=2e-4,
        epochs=1,
        max_steps=size.steps,
        border_weight=1.0,
        batch=1,
        warmup=0.1,
        seed=7,
    )
    rows, card = folder / "rows.parquet", Card("timestamps", 2 * size.tokens)
    trainer: Any = make_trainer(rows, Start(folder / "model", None), recipe, card, folder / backend)
    learning = sum(weight.numel() for weight in trainer.model.parameters() if weight.requires_grad)
    seconds, losses, computed = [], [], 0
    for row in trainer.get_train_dataloader():
        items = (row["labels"] != IGNORED).sum()
        begin = _now()
        losses.append(trainer.training_step(trainer.model, row, items).item())
        trainer.model.zero_grad()
        seconds.append(_now() - begin)
        computed += row["input_ids"].numel()
    step = statistics.median(seconds[len(seconds) // 3 :])  # the first ones warm up
    peak = _peak()
    return Speed(
        backend=backend,
        tokens=size.tokens / step,
        padding=1 - size.tokens * len(seconds) / computed,
        mfu=None if peak is None else size.operations(learning) / step / peak,
        loss=losses[0],
        memory=torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0,
    )


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _peak() -> float | None:
    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name(0)
    return next((peak for card, peak in PEAK.items() if card in name), None)


def missed(speeds: list[Speed]) -> list[str]:
    """What was wanted and isn't so."""
    ours, *others = speeds
    faults = [] if ours.tokens >= WANTED else [f"{ours.tokens:,.0f} tokens/s, and {WANTED:,} are wanted"]
    for other in others:
        if other.tokens > ours.tokens:
            faults.append(f"{other.backend} is {other.tokens / ours.tokens:.2f} times as fast")
        if abs(other.loss - ours.loss) > ALIKE * ours.loss:
            faults.append(f"{other.backend} begins with the loss {other.loss:.4f}, and ours is {ours.loss:.4f}")
    return faults


def run(size: Size, folder: Path) -> list[Speed]:
    make_model(size, folder / "model")
    write_rows(size, folder / "rows.parquet")
    backends = ["transformers"]
    if torch.cuda.is_available() and find_spec("unsloth") is not None:
        backends.append("unsloth")
    else:
        print("unsloth: not run, since it isn't installed here, or there is no NVIDIA GPU")
    return [measure(backend, size, folder) for backend in backends]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--small", action="store_true", help="a tiny model, wherever it is run")
    small = parser.parse_args().small
    if not small and not torch.cuda.is_available():
        sys.exit("not run: there is no NVIDIA GPU here; --small runs the same script on a tiny model")
    silence_libraries()
    with tempfile.TemporaryDirectory() as folder:
        speeds = run(SMALL if small else QWEN, Path(folder))
    for speed in speeds:
        used = "MFU unknown" if speed.mfu is None else f"MFU {speed.mfu:.1%}"
        print(
            f"{speed.backend}: {speed.tokens:,.0f} real tokens/s, {speed.padding:.1%} padding, {used}, "
            f"loss {speed.loss:.4f}, {speed.memory:.1f} GB"
        )
    if not small and (faults := missed(speeds)):
        sys.exit("missed: " + "; ".join(faults))


if __name__ == "__main__":
    main()
