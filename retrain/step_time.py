"""How long a training will take, from one step of it."""

from __future__ import annotations

import time
from typing import Any

from errata.tasks.encode import IGNORED


def expected_seconds(trainer: Any) -> float:
    """For all steps of a trainer that has not begun: forward and back are measured on a row of middling length, twice,
    and what it would learn there is thrown away."""
    import torch

    lengths = [len(tokens) for tokens in trainer.train_dataset["input_ids"]]
    middle = sorted(range(len(lengths)), key=lengths.__getitem__)[len(lengths) // 2]
    with torch.random.fork_rng():
        seconds = min(_row_seconds(trainer, trainer.train_dataset[middle]) for _ in range(2))
    trainer.model.zero_grad()
    rows = trainer.args.gradient_accumulation_steps * trainer.args.max_steps
    return float(seconds * rows * sum(lengths) / len(lengths) / lengths[middle])


def _row_seconds(trainer: Any, row: dict[str, Any]) -> float:
    items = sum(label != IGNORED for label in row["labels"])
    begin = time.perf_counter()
    trainer.training_step(trainer.model, trainer.data_collator([row]), items)
    return time.perf_counter() - begin
