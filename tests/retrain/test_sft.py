from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM

from errata.documents.params import Recipe
from errata.inference.artefact import Card
from errata.tasks.encode import IGNORED
from errata.tasks.templates import find
from retrain.backends.start import Start
from retrain.objectives.sft import at_labels, border_weights, label_loss
from retrain.trainer import make_trainer, train
from tests.made_up_model import make_model, make_tokenizer

Row = tuple[list[int], list[int]]
Gradients = dict[str, torch.Tensor]


@pytest.fixture(params=["full", "lora"])
def model(request: pytest.FixtureRequest) -> Any:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=97,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        pad_token_id=0,
        tie_word_embeddings=True,
    )
    full = LlamaForCausalLM(config)
    if request.param == "full":
        return full
    adapted = get_peft_model(full, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    return adapted.train()


def rows_of(*lengths: int) -> list[Row]:
    """Answers in the middle and at the end, as the inline template has them."""
    random = Random(str(lengths))
    rows = []
    for length in lengths:
        ids = [random.randrange(1, 97) for _ in range(length)]
        spoken = {length - 1, *random.sample(range(length), length // 4)}
        rows.append((ids, [token if place in spoken else IGNORED for place, token in enumerate(ids)]))
    return rows


def padded(rows: list[Row]) -> dict[str, torch.Tensor]:
    ids = pad_sequence([torch.tensor(ids) for ids, _ in rows], batch_first=True, padding_value=0)
    labels = pad_sequence([torch.tensor(labels) for _, labels in rows], batch_first=True, padding_value=IGNORED)
    mask = pad_sequence([torch.ones(len(ids), dtype=torch.long) for ids, _ in rows], batch_first=True)
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}


def items_in(rows: list[Row]) -> int:
    return sum(label != IGNORED for _, labels in rows for label in labels[1:])


def gradients(model: Any) -> Gradients:
    found = {name: w.grad.clone() for name, w in model.named_parameters() if w.grad is not None}
    assert found and any(gradient.abs().max() > 1e-4 for gradient in found.values())
    model.zero_grad()
    return found


def over_all_logits(model: Any, rows: list[Row]) -> tuple[float, Gradients]:
    loss = model(**padded(rows)).loss
    loss.backward()
    return loss.item(), gradients(model)


def loss_of(
    model: Any, inputs: dict[str, torch.Tensor], items: int, weights: torch.Tensor | None = None
) -> torch.Tensor:
    kept = at_labels(inputs)
    labels = kept.pop("labels")
    return label_loss(model(**kept), labels, items, weights)


def ours(model: Any, batches: list[list[Row]]) -> tuple[float, Gradients]:
    items = sum(items_in(batch) for batch in batches)
    total = 0.0
    for batch in batches:
        loss = loss_of(model, padded(batch), items)
        torch.autograd.backward(loss)
        total += loss.item()
    return total, gradients(model)


def assert_same(one: tuple[float, Gradients], other: tuple[float, Gradients]) -> None:
    assert one[0] == pytest.approx(other[0], abs=1e-5)
    assert one[1].keys() == other[1].keys()
    for name, gradient in one[1].items():
        torch.testing.assert_close(gradient, other[1][name], atol=1e-5, rtol=1e-4, msg=name)


def test_a_row_alone(model: Any) -> None:
    rows = rows_of(29)
    assert_same(ours(model, [rows]), over_all_logits(model, rows))


def test_rows_one_at_a_time_are_a_padded_batch(model: Any) -> None:
    rows = rows_of(29, 7, 18)
    assert_same(ours(model, [[row] for row in rows]), over_all_logits(model, rows))


def test_a_padded_batch_is_its_rows(model: Any) -> None:
    rows = rows_of(29, 7, 18)
    assert_same(ours(model, [rows]), over_all_logits(model, rows))


def logit_shapes(model: Any) -> list[tuple[int, ...]]:
    """Of what the model computes from now on."""
    shapes: list[tuple[int, ...]] = []
    head = (model.get_base_model() if hasattr(model, "peft_config") else model).lm_head
    head.register_forward_hook(lambda _, __, logits: shapes.append(tuple(logits.shape)))
    return shapes


def test_no_logits_but_the_labels_are_computed(model: Any) -> None:
    rows = rows_of(40)
    shapes = logit_shapes(model)
    ours(model, [rows])
    assert shapes == [(1, items_in(rows), 97)]


def test_a_weighted_token_counts_so_often_more(model: Any) -> None:
    rows = rows_of(40)
    heavy = next(label for label in rows[0][1] if label != IGNORED)
    ids, labels = padded(rows)["input_ids"], padded(rows)["labels"]
    others = torch.where(labels == heavy, IGNORED, labels)
    weights = torch.ones(97)
    weights[heavy] = 3.0
    plain, without, weighted = (
        loss_of(model, {"input_ids": ids, "labels": asked}, 1, given).item()
        for asked, given in ((labels, None), (others, None), (labels, weights))
    )
    assert weighted == pytest.approx(plain + 2 * (plain - without), rel=1e-5)
    assert plain > without


def test_only_the_token_of_a_border_is_weighted() -> None:
    tokenizer = make_tokenizer()
    weights = border_weights(tokenizer, find("inline").border, 1.5, len(tokenizer))
    assert weights is not None
    assert [tokenizer.convert_ids_to_tokens(place) for place in (weights != 1).nonzero()[0].tolist()] == ["<|new|>"]
    assert weights.max() == 1.5
    assert border_weights(tokenizer, find("indexed").border, 1.5, len(tokenizer)) is None


def made_up_rows(path: Path) -> list[Row]:
    rows = rows_of(12, 31, 20, 9)
    pq.write_table(pa.Table.from_pylist([{"input_ids": ids, "labels": labels} for ids, labels in rows]), path)
    return rows


CARD = Card("inline", 128)


def recipe(epochs: float) -> Recipe:
    return Recipe(
        backend="transformers",
        method="lora",
        start="base",
        rank=4,
        alpha=8,
        learning_rate=1e-3,
        epochs=epochs,
        max_steps=100,
        border_weight=1.0,
        batch=4,
        warmup=0.0,
        seed=7,
    )


def test_the_trainer_goes_down_this_loss(tmp_path: Path) -> None:
    make_model(tmp_path / "base")
    rows = made_up_rows(tmp_path / "rows.parquet")
    trainer = make_trainer(
        tmp_path / "rows.parquet", Start(tmp_path / "base", None), recipe(1), CARD, tmp_path / "work"
    )
    assert trainer.model.training
    expected = trainer.model(**padded(rows)).loss.item()
    shapes = logit_shapes(trainer.model)
    trainer.train()
    assert trainer.state.log_history[0]["loss"] == pytest.approx(expected, abs=1e-3)
    assert sorted(count for _, count, _ in shapes) == sorted(items_in([row]) for row in rows)


def test_a_run_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    make_model(tmp_path / "base")
    made_up_rows(tmp_path / "rows.parquet")
    arguments = (tmp_path / "rows.parquet", Start(tmp_path / "base", None), recipe(8), CARD)
    whole, log = train(*arguments, tmp_path / "whole")
    cut = make_trainer(*arguments, tmp_path / "cut")
    cut.add_callback(stop_after(5))
    cut.train()
    again, resumed = train(*arguments, tmp_path / "cut")
    assert [entry["loss"] for entry in resumed] == [entry["loss"] for entry in log]
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_night_takes_no_more_steps_than_it_may(tmp_path: Path) -> None:
    make_model(tmp_path / "base")
    made_up_rows(tmp_path / "rows.parquet")
    few = replace(recipe(8), max_steps=3)
    _, log = train(tmp_path / "rows.parquet", Start(tmp_path / "base", None), few, CARD, tmp_path / "work")
    assert len(log) == 3


def stop_after(step: int) -> Any:
    from transformers import TrainerCallback

    class Stop(TrainerCallback):
        def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
            control.should_training_stop = state.global_step == step

    return Stop()
