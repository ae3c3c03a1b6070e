"""How fast training goes, against the chaptering notebook's way of doing it.

    python -m benchmarks.training

Training with label-only logits and no padding against the notebook's collator (each batch padded on the right to its
longest row) and loss (over all logits), on the same model and rows, at equal loss and gradients, in real tokens per
CPU-second on one thread. Ours is what `retrain.trainer` does: its trainer's own step, batch and collator.
"""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader
from transformers import AutoTokenizer

from errata.demo import styles
from errata.documents.params import Recipe
from errata.inference.artefact import Card
from errata.project_files import embedded_model
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples as task_examples
from errata.tasks.template import Reading
from retrain.backends.start import Start
from retrain.tiny.making import talks
from retrain.trainer import make_trainer

TINY = embedded_model()
TARGETS = {1: 1.2, 8: 1.6}
"""Least times the notebook's speed, by batch, on rows in its own format."""
NOTEBOOK, INLINE = "timestamps", "inline"
ALIKE = 1e-4
"""Loss in nats, and gradients relative to the largest of their weight."""
ROWS, ROUNDS = 40, 5

Example = dict[str, list[int]]
Batch = dict[str, torch.Tensor]
Pass = Callable[[], float]
"""Forward and backward over all rows; gradients add up. Returns the mean of the batches' losses."""


@dataclass(frozen=True, slots=True)
class Finding:
    template: str
    batch: int
    padding: float
    """Padded tokens among those that the notebook's way computes."""
    theirs: float
    """Real tokens per CPU-second."""
    ours: float
    loss_apart: float
    gradients_apart: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def alike(self) -> bool:
        return self.loss_apart <= ALIKE and self.gradients_apart <= ALIKE

    @property
    def target(self) -> float | None:
        return TARGETS[self.batch] if self.template == NOTEBOOK else None


def examples(template: str) -> list[Example]:
    """Sample talks with their house-style chapters, shuffled."""
    task = ChapterTask(templates.find(template), AutoTokenizer.from_pretrained(TINY), Card.read(TINY).context)
    rows = [
        {"input_ids": list(example.encoded.input_ids), "labels": list(example.encoded.labels)}
        for talk in islice(talks("benchmark"), ROWS)
        for example in task_examples(
            task, talk.transcript, Reading.of(styles.chapters(talk, styles.house(talk)), talk.transcript)
        )
    ]
    return Random("benchmark").sample(rows, ROWS)


def padded(rows: Sequence[Example]) -> Batch:
    """The notebook's collator."""
    longest = max(len(row["input_ids"]) for row in rows)

    def fill(name: str, value: int) -> torch.Tensor:
        return torch.tensor([row[name] + [value] * (longest - len(row[name])) for row in rows])

    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows])
    return {"input_ids": fill("input_ids", 0), "attention_mask": mask, "labels": fill("labels", IGNORED)}


def loader(rows: list[Example], batch: int, collator: Any) -> Any:
    """A list will do as a dataset, whatever torch's types say."""
    dataset: Any = rows
    return DataLoader(dataset, batch_size=batch, collate_fn=collator)


def notebook(model: Any, rows: list[Example], batch: int) -> Pass:
    def run() -> float:
        losses = []
        for inputs in loader(rows, batch, padded):
            loss = model(**inputs).loss
            loss.backward()
            losses.append(loss.item())
        return statistics.fmean(losses)

    return run


def product(trainer: Any, rows: list[Example]) -> Pass:
    rows_a_step = trainer.args.gradient_accumulation_steps

    def run() -> float:
        coming, losses = iter(loader(rows, 1, trainer.data_collator)), []
        for _ in range(len(rows) // rows_a_step):
            step, items = trainer.get_batch_samples(coming, rows_a_step, torch.device("cpu"))
            losses.append(sum(trainer.training_step(trainer.model, inputs, items).item() for inputs in step))
        return statistics.fmean(losses)

    return run


def compare(template: str, batch: int, rows: list[Example], folder: Path) -> Finding:
    trainer = _trainer(rows, batch, folder)
    theirs, ours = notebook(trainer.model, rows, batch), product(trainer, rows)
    loss, gradients = _outcome(trainer.model, theirs)  # the warm-up, too
    own_loss, own_gradients = _outcome(trainer.model, ours)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for run, spent in zip((theirs, ours), times, strict=True):
            trainer.model.zero_grad()
            start = time.process_time()
            run()
            spent.append(time.process_time() - start)
    lengths = [len(row["input_ids"]) for row in rows]
    computed = sum(batch * max(lengths[first : first + batch]) for first in range(0, len(rows), batch))
    return Finding(
        template=template,
        batch=batch,
        padding=1 - sum(lengths) / computed,
        theirs=sum(lengths) / statistics.median(times[0]),
        ours=sum(lengths) / statistics.median(times[1]),
        loss_apart=abs(loss - own_loss),
        gradients_apart=max(_apart(gradients[name], own_gradients[name]) for name in gradients),
    )


def _trainer(rows: list[Example], batch: int, folder: Path) -> Any:
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    recipe = Recipe(
        backend="transformers",
        method="lora",
        start="base",
        rank=16,
        alpha=32,
        learning_rate=2e-3,
        epochs=1,
        max_steps=len(rows),
        border_weight=1.0,  # as the notebook's loss, which it is compared with
        batch=batch,
        warmup=0.1,
        seed=7,
    )
    trainer: Any = make_trainer(folder / "rows.parquet", Start(TINY, None), recipe, Card.read(TINY), folder)
    torch.manual_seed(7)
    for name, weight in trainer.model.named_parameters():
        if "lora_B" in name:  # zero in a new adapter, which would leave lora_A without a gradient to compare
            torch.nn.init.normal_(weight, std=0.02)
    return trainer


def _outcome(model: Any, run: Pass) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad()
    loss = run()
    return loss, {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max() / one.abs().max())


def show(findings: Sequence[Finding]) -> None:
    table = Table("rows", "batch", "padding", "notebook", "ours", "ratio", "target", "loss apart", "gradients apart")
    for finding in findings:
        table.add_row(
            finding.template,
            str(finding.batch),
            f"{finding.padding:.0%}",
            f"{finding.theirs:,.0f}",
            f"{finding.ours:,.0f}",
            f"{finding.ratio:.2f}",
            "–" if finding.target is None else f"{finding.target:.1f}",
            f"{finding.loss_apart:.0e}",
            f"{finding.gradients_apart:.0e}",
        )
    console = Console(width=120)
    console.print(table)
    console.print(f"Real tokens per CPU-second; medians of {ROUNDS}, taken in turns. {_machine()}")


def _machine() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(names or [platform.processor()])[0]}, torch {torch.__version__}, {torch.get_num_threads()} thread."


def missed(findings: Sequence[Finding]) -> list[str]:
    faults = []
    for finding in findings:
        name = f"{finding.template} rows at batch {finding.batch}"
        if not finding.alike:
            faults.append(f"{name}: loss or gradients differ by more than {ALIKE:.0e}")
        if finding.target is not None and finding.ratio < finding.target:
            faults.append(f"{name}: {finding.ratio:.2f} times the notebook, and {finding.target} is wanted")
    return faults


def main() -> None:
    torch.set_num_threads(1)
    findings = []
    with tempfile.TemporaryDirectory() as folder:
        for template in (NOTEBOOK, INLINE):
            rows = examples(template)
            findings += [compare(template, batch, rows, Path(folder)) for batch in TARGETS]
    show(findings)
    if faults := missed(findings):
        sys.exit("missed: " + "; ".join(faults))


if __name__ == "__main__":
    main()
