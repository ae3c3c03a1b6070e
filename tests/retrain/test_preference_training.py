"""A training by the objective sft+dpo, whole: it prefers what people made of drafts, stays near the champion, and asks
it once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from errata.errors import BadInput
from errata.inference.artefact import Card
from errata.tasks.encode import IGNORED, Encoded
from retrain.backends.start import Start
from retrain.objectives.divergence import divergence
from retrain.objectives.pair_logits import row_logits
from retrain.objectives.reference import FILE, reference_of
from retrain.taught_rows import TaughtRow, TaughtRows, write_taught_rows
from retrain.trainer import make_trainer, train
from tests.made_up_model import make_model
from tests.made_up_recipe import LORA

RECIPE = replace(LORA, batch=4, objective="sft+dpo", dpo_weight=1.0)
CARD = Card("indexed", 256)
EOS = 1


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    folder = tmp_path_factory.mktemp("models") / "base"
    make_model(folder, template="indexed")
    return Start(folder, None)


def taught(number: int) -> TaughtRow:
    """A prompt that names its right answer; the draft is another's."""
    name = 100 + number % 3
    prompt = [name, *range(20, 40), name]
    right, draft = [200 + number % 3, 250, EOS], [200 + (number + 1) % 3, 260, 261, EOS]
    labels = [IGNORED] * len(prompt)
    rejected = Encoded((*prompt, *draft), (*labels, *draft)) if number % 4 else None
    return TaughtRow(Encoded((*prompt, *right), (*labels, *right)), rejected, 1.0)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "train.parquet"
    write_taught_rows(path, [taught(number) for number in range(24)])
    return path


def test_it_learns_to_prefer_the_right_answer(start: Start, rows: Path, tmp_path: Path) -> None:
    model, log = train(rows, start, RECIPE, CARD, tmp_path / "work")
    margins = reference_of(model.eval(), TaughtRows(rows)).margins
    assert (margins[[number for number in range(24) if number % 4]] > 1).all()
    assert log[-1]["loss"] < log[0]["loss"]


def test_the_champion_is_asked_once(start: Start, rows: Path, tmp_path: Path) -> None:
    trainer = make_trainer(rows, start, RECIPE, CARD, tmp_path)
    before = (tmp_path / FILE).stat().st_mtime_ns
    again = make_trainer(rows, start, RECIPE, CARD, tmp_path)
    assert (tmp_path / FILE).stat().st_mtime_ns == before
    assert type(trainer).__name__ == type(again).__name__


def moved(model: Any, champion: Any, rows: TaughtRows) -> float:
    """Mean KL(champion‖model) over the labels."""
    reference = reference_of(champion, rows)
    with torch.no_grad():
        each = [
            divergence(reference.tokens(number), row_logits(model, rows[number].encoded).logits)
            for number in range(len(rows))
        ]
    return float(torch.cat(each).mean())


def test_what_it_costs_to_move_holds_it_near_the_champion(start: Start, rows: Path, tmp_path: Path) -> None:
    free, held = (
        train(rows, start, replace(RECIPE, kl_weight=weight), CARD, tmp_path / str(weight))[0].eval()
        for weight in (0.0, 5.0)
    )
    from errata.inference.torch import load_model

    champion = load_model(start.base)
    assert moved(held, champion, TaughtRows(rows)) < 0.5 * moved(free, champion, TaughtRows(rows))


@pytest.mark.parametrize("objective", ["sft", "sft+dpo"])
def test_a_step_is_the_same_in_one_pass_and_in_four(start: Start, tmp_path: Path, objective: Any) -> None:
    """unsloth #3482."""
    path = tmp_path / "train.parquet"
    write_taught_rows(path, [replace(taught(number), weight=0.5 + number) for number in range(4)])
    trainer = make_trainer(path, start, replace(RECIPE, objective=objective), CARD, tmp_path / "work")
    torch.manual_seed(3)
    for name, weight in trainer.model.named_parameters():
        if "lora_B" in name:  # zero in a new adapter, which would leave lora_A without a gradient to compare
            torch.nn.init.normal_(weight, std=0.02)
    examples = [trainer.train_dataset[number] for number in range(4)]
    found = [gradients(trainer, [examples]), gradients(trainer, [[example] for example in examples])]
    for name, gradient in found[0].items():
        apart = (gradient - found[1][name]).abs().max() / gradient.abs().max().clamp(min=1e-9)
        assert apart < 1e-4, name


def gradients(trainer: Any, batches: list[list[dict[str, Any]]]) -> dict[str, torch.Tensor]:
    """Of one step, taken in `batches`, by the trainer's own way of counting and collating."""
    trainer.model.zero_grad()
    coming: Iterator[Any] = iter([trainer.data_collator(batch) for batch in batches])
    step, items = trainer.get_batch_samples(coming, len(batches), torch.device("cpu"))
    trainer.current_gradient_accumulation_steps = len(batches)
    for inputs in step:
        trainer.training_step(trainer.model, inputs, items)
    return {name: w.grad.clone() for name, w in trainer.model.named_parameters() if w.grad is not None}


def test_a_row_s_weight_multiplies_its_gradient(start: Start, tmp_path: Path) -> None:
    found = []
    for weight in (1.0, 3.0):
        path = tmp_path / f"{weight}.parquet"
        write_taught_rows(path, [replace(taught(0), weight=weight)])
        trainer = make_trainer(path, start, replace(RECIPE, objective="sft"), CARD, tmp_path / str(weight))
        found.append(gradients(trainer, [[trainer.train_dataset[0]]]))
    changed = [name for name, gradient in found[0].items() if gradient.abs().max() > 0]
    assert changed
    for name in changed:  # a sum of thousands of products: small ones lose digits to large ones
        largest = found[1][name].abs().max().item()
        torch.testing.assert_close(found[1][name], 3 * found[0][name], rtol=1e-4, atol=1e-5 * largest)


def test_unsloth_has_no_such_objective(start: Start, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"unsloth hasn't the objective sft\+dpo"):
        make_trainer(rows, start, replace(RECIPE, backend="unsloth"), CARD, tmp_path)
