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
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, Qwen2Config, Qwen3Config, TrOCRConfig
from transformers.loss.loss_utils import ForCausalLMLoss

from errata.documents.params import Recipe
from errata.inference.artefact import Card
from errata.tasks.encode import IGNORED
from errata.tasks.templates import find
from retrain.backends.start import Start
from retrain.objectives.entries import EntryWeight
from retrain.objectives.sft import SftObjective, border_weights
from retrain.trainer import make_trainer, train
from tests.made_up_model import make_model, make_tokenizer
from tests.made_up_recipe import LORA

Row = tuple[list[int], list[int]]
Gradients = dict[str, torch.Tensor]


SMALL: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "pad_token_id": 0,
}
CONFIGS = {
    "llama": lambda: LlamaConfig(**SMALL, tie_word_embeddings=True),
    "qwen2": lambda: Qwen2Config(**SMALL),
    "qwen3": lambda: Qwen3Config(**SMALL),
    # a window shorter than the rows, and logits that a softcap bends
    "gemma3": lambda: Gemma3TextConfig(
        **SMALL,
        layer_types=["sliding_attention", "full_attention"],
        sliding_window=8,
        final_logit_softcapping=3.0,
    ),
    # it has no `logits_to_keep`
    "trocr": lambda: TrOCRConfig(
        vocab_size=97,
        d_model=32,
        decoder_layers=2,
        decoder_attention_heads=2,
        pad_token_id=0,
        decoder_ffn_dim=48,
        dropout=0.0,
    ),
}


@pytest.fixture(params=["llama", "lora", "qwen2", "qwen3", "gemma3", "trocr"])
def model(request: pytest.FixtureRequest) -> Any:
    """Of each architecture, random and tiny; a Llama with an adapter, too."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    full = AutoModelForCausalLM.from_config(CONFIGS[{"lora": "llama"}.get(request.param, request.param)]())
    if request.param != "lora":
        return full.train()
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
    inputs = padded(rows)
    labels = inputs.pop("labels")
    loss = ForCausalLMLoss(model(**inputs).logits, labels, vocab_size=97)
    torch.autograd.backward(loss)
    return loss.item(), gradients(model)


def loss_of(
    model: Any, inputs: dict[str, torch.Tensor], items: int, objective: SftObjective | None = None
) -> torch.Tensor:
    return (objective or SftObjective()).loss(model, inputs, items)


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
    if model.config.model_type == "trocr":
        pytest.skip("a model without logits_to_keep computes all")
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
        loss_of(model, {"input_ids": ids, "labels": asked}, 1, SftObjective(given)).item()
        for asked, given in ((labels, None), (others, None), (labels, weights))
    )
    assert weighted == pytest.approx(plain + 2 * (plain - without), rel=1e-5)
    assert plain > without


LINES = "0 Opening\n3 Gardens and soil\n12 The weather\n"


def test_in_a_list_the_first_token_of_each_line_is_weighted_and_its_end_is_not() -> None:
    tokenizer = make_tokenizer(spaced=False)
    objective = EntryWeight.of(tokenizer, find("indexed"), 3.0)
    assert objective is not None
    prompt = tokenizer.encode("0 so\n1 today\n")
    answer = [*tokenizer.encode(LINES), tokenizer.eos_token_id]
    labels = torch.tensor([[IGNORED] * len(prompt) + answer])
    weights = objective.weights(labels)[0].tolist()
    heavy = [tokenizer.decode([int(labels[0, place])]) for place, weight in enumerate(weights) if weight != 1]
    assert heavy == ["0", "3", "1"] and set(weights) == {1.0, 3.0}
    assert EntryWeight.of(tokenizer, find("indexed"), 1.0) is None
    assert EntryWeight.of(tokenizer, find("inline"), 3.0) is None, "it has a token for borders"


def test_weighted_entries_count_so_often_more(model: Any) -> None:
    (ids, labels), line_end = rows_of(40)[0], 5
    ids[20:23], labels[20:23] = [line_end, 7, 8], [line_end, 7, 8]
    inputs = {"input_ids": torch.tensor([ids]), "labels": torch.tensor([labels])}
    entries = EntryWeight(2.0, frozenset({line_end}), end_of_sequence=1)
    starts = entries.weights(inputs["labels"]) > 1
    assert starts[0, 21] and not starts[0, 22]
    only = {**inputs, "labels": torch.where(starts, inputs["labels"], IGNORED)}
    plain, entry, weighted = (
        loss_of(model, asked, 1, objective).item()
        for asked, objective in ((inputs, None), (only, None), (inputs, SftObjective(entry_weight=entries)))
    )
    assert weighted == pytest.approx(plain + entry, rel=1e-5)


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
    return replace(LORA, start="base", rank=4, alpha=8, learning_rate=1e-3, epochs=epochs, batch=4, warmup=0.0)


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
