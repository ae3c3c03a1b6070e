"""How fast training goes, against the chaptering notebook's way of doing it and against trl's.

    python -m benchmarks.training                       # errata-tiny and a random model of about 25 M weights
    python -m benchmarks.training --real FOLDER         # and a model of one's own, such as Gemma 3 270M
    python -m benchmarks.training --only tiny           # one of tiny, random, real

Three ways, on the same model, rows and batches, at equal loss and gradients, in real tokens per CPU-second on one
thread:

- **ours** is what `retrain.trainer` does: its trainer's own step, batch and collator: rows one at a time, logits where
  a row has a label, the attention that is quickest for the model here;
- **notebook**: each batch padded on the right to its longest row, loss over all logits;
- **trl**: SFTTrainer with its defaults, but for bf16, which would give another loss.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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

from benchmarks.process_cost import medians
from errata.demo import styles
from errata.documents.params import Recipe
from errata.inference.artefact import Card
from errata.inference.library_noise import silence_libraries
from errata.inference.tokenizer import load_tokenizer
from errata.project_files import embedded_model
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples as task_examples
from errata.tasks.template import Reading
from retrain.backends.start import Start
from retrain.backends.trainable import trainable_model
from retrain.tiny.making import talks
from retrain.trainer import make_trainer

TEMPLATE, CONTEXT = "timestamps", 1536
"""Rows in the notebook's own format."""
TARGETS = {1: 1.2, 8: 1.6}
"""Least times the notebook's speed, by batch."""
TRL_TARGET = 1.0
ALIKE = 1e-4
"""Loss, relative, and gradients relative to the largest of their weight."""

Example = dict[str, list[int]]
Batch = dict[str, torch.Tensor]
Pass = Callable[[], float]
"""Forward and backward over all rows; gradients add up. Returns the mean of the batches' losses."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is trained, and for how long."""

    name: str
    folder: Path
    rows: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    batch: int
    padding: float
    """Padded tokens among those that a padded batch computes."""
    speed: dict[str, float]
    """Real tokens per CPU-second, by way."""
    apart: dict[str, float]
    """Of the others' loss and gradients from ours, the larger."""

    def ratio(self, way: str) -> float:
        return self.speed["ours"] / self.speed[way]

    def target(self, way: str) -> float:
        return TARGETS[self.batch] if way == "notebook" else TRL_TARGET

    def faults(self) -> list[str]:
        faults = []
        for way, apart in self.apart.items():
            name = f"{self.subject} at batch {self.batch}"
            if apart > ALIKE:
                faults.append(f"{name}: {way}'s loss or gradients differ by {apart:.0e}")
            if self.ratio(way) < self.target(way):
                faults.append(f"{name}: {self.ratio(way):.2f} times {way}, and {self.target(way)} is wanted")
        return faults


def random_model(folder: Path) -> Path:
    """About 25 M weights, half of them embeddings, as in small language models; errata-tiny's tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = load_tokenizer(embedded_model())
    config = LlamaConfig(
        vocab_size=32_000,
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=7,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def examples(folder: Path, count: int) -> list[Example]:
    """Sample talks with their house-style chapters, shuffled."""
    task = ChapterTask(templates.find(TEMPLATE), load_tokenizer(folder), CONTEXT)
    rows = [
        {"input_ids": list(example.encoded.input_ids), "labels": list(example.encoded.labels)}
        for talk in islice(talks("benchmark"), count)
        for example in task_examples(
            task, talk.transcript, Reading.of(styles.chapters(talk, styles.house(talk)), talk.transcript)
        )
    ]
    return Random("benchmark").sample(rows, count)


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
    base = model.get_base_model()
    own = base.config._attn_implementation

    def run() -> float:
        base.set_attn_implementation("sdpa")  # as transformers loads it
        losses = []
        for inputs in loader(rows, batch, padded):
            loss = model(**inputs).loss
            loss.backward()
            losses.append(loss.item())
        base.set_attn_implementation(own)
        return statistics.fmean(losses)

    return run


def trained_by(trainer: Any, rows: list[Example]) -> Pass:
    """The trainer's own steps, but for the optimiser's."""
    at_once, in_turn = trainer.args.per_device_train_batch_size, trainer.args.gradient_accumulation_steps

    def run() -> float:
        coming, losses = iter(loader(rows, at_once, trainer.data_collator)), []
        for _ in range(len(rows) // (at_once * in_turn)):
            step, items = trainer.get_batch_samples(coming, in_turn, torch.device("cpu"))
            losses.append(sum(trainer.training_step(trainer.model, inputs, items).item() for inputs in step))
        return statistics.fmean(losses)

    return run


def compare(subject: Subject, batch: int, folder: Path) -> Finding:
    rows = examples(subject.folder, subject.rows)
    ours, theirs = _trainer(subject, rows, batch, folder), _trl(subject, rows, batch, folder)
    theirs.model.load_state_dict(ours.model.state_dict())
    passes = {
        "ours": (ours.model, trained_by(ours, rows)),
        "notebook": (ours.model, notebook(ours.model, rows, batch)),
        "trl": (theirs.model, trained_by(theirs, rows)),
    }
    outcomes = {way: _outcome(model, run) for way, (model, run) in passes.items()}  # the warm-up, too

    def again(model: Any, run: Pass) -> None:
        model.zero_grad()
        run()

    times = medians({way: partial(again, *passes[way]) for way in passes}, subject.rounds)
    lengths = [len(row["input_ids"]) for row in rows]
    computed = sum(batch * max(lengths[first : first + batch]) for first in range(0, len(rows), batch))
    return Finding(
        subject=subject.name,
        batch=batch,
        padding=1 - sum(lengths) / computed,
        speed={way: sum(lengths) / spent for way, spent in times.items()},
        apart={way: _apart(outcomes["ours"], outcomes[way]) for way in ("notebook", "trl")},
    )


def _recipe(rows: int, batch: int) -> Recipe:
    return Recipe(
        backend="transformers",
        method="lora",
        start="base",
        rank=16,
        alpha=32,
        learning_rate=2e-3,
        epochs=1,
        max_steps=rows,
        border_weight=1.0,  # as the others' loss, which it is compared with
        precision="fp32",
        batch=batch,
        warmup=0.1,
        seed=7,
    )


def _trainer(subject: Subject, rows: list[Example], batch: int, folder: Path) -> Any:
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    start, card, recipe = Start(subject.folder, None), Card(TEMPLATE, CONTEXT), _recipe(len(rows), batch)
    trainer: Any = make_trainer(folder / "rows.parquet", start, recipe, card, folder)
    torch.manual_seed(7)
    for name, weight in trainer.model.named_parameters():
        if "lora_B" in name:  # zero in a new adapter, which would leave lora_A without a gradient to compare
            torch.nn.init.normal_(weight, std=0.02)
    return trainer


def _trl(subject: Subject, rows: list[Example], batch: int, folder: Path) -> Any:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    model = trainable_model(Start(subject.folder, None), _recipe(len(rows), batch), CONTEXT)
    model.set_attn_implementation("sdpa")  # as transformers loads it
    settings = SFTConfig(
        output_dir=str(folder / "trl"),
        max_steps=len(rows),
        per_device_train_batch_size=batch,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        bf16=False,
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
    )
    dataset = Dataset.from_list(rows)
    return SFTTrainer(
        model=model, args=settings, train_dataset=dataset, processing_class=load_tokenizer(subject.folder)
    )


Outcome = tuple[float, dict[str, torch.Tensor]]
"""A loss, and the gradients of what learns."""


def _outcome(model: Any, run: Pass) -> Outcome:
    model.zero_grad()
    loss = run()
    return loss, {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}


def _apart(one: Outcome, other: Outcome) -> float:
    gradients = (float((one[1][name] - other[1][name]).abs().max() / one[1][name].abs().max()) for name in one[1])
    return max(abs(one[0] - other[0]) / one[0], *gradients)


def show(findings: Sequence[Finding]) -> None:
    columns = ("model", "batch", "padding", "ours", "notebook", "ratio", "wanted", "trl", "ratio", "wanted", "apart")
    table = Table(*columns)
    for finding in findings:
        row = [finding.subject, str(finding.batch), f"{finding.padding:.0%}", f"{finding.speed['ours']:,.0f}"]
        for way in ("notebook", "trl"):
            row += [f"{finding.speed[way]:,.0f}", f"{finding.ratio(way):.2f}", f"{finding.target(way):.1f}"]
        table.add_row(*row, f"{max(finding.apart.values()):.0e}")
    console = Console(width=120)
    console.print(table)
    console.print(f"Real tokens per CPU-second; medians, taken in turns. {_machine()}")


def _machine() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(names or [platform.processor()])[0]}, torch {torch.__version__}, {torch.get_num_threads()} thread."


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training")
    parser.add_argument("--real", type=Path, metavar="FOLDER", help="a model that transformers loads")
    parser.add_argument("--only", choices=("tiny", "random", "real"))
    asked = parser.parse_args()
    silence_libraries()
    torch.set_num_threads(1)
    findings = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        subjects = {"tiny": Subject("errata-tiny", embedded_model(), 40, 5)}
        if asked.only in (None, "random"):
            subjects["random"] = Subject("random, 25 M", random_model(place / "random"), 16, 3)
        if asked.real is not None:
            subjects["real"] = Subject(asked.real.name, asked.real, 8, 1)
        for name, subject in subjects.items():
            if asked.only in (None, name):
                findings += [compare(subject, batch, place) for batch in TARGETS]
    show(findings)
    if faults := [fault for finding in findings for fault in finding.faults()]:
        sys.exit("missed: " + "; ".join(faults))


if __name__ == "__main__":
    main()
