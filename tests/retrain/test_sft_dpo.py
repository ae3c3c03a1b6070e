"""Two answers to one prompt in one pass are two rows; a step's gradients don't depend on how its rows are split; and
how far a model has moved is measured rightly."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from errata.tasks.encode import IGNORED, Encoded
from retrain.objectives.divergence import TOP, divergence, top_tokens
from retrain.objectives.entries import EntryWeight
from retrain.objectives.pair_logits import common_length, label_log_probabilities, pair_logits, row_logits
from retrain.objectives.reference import Reference, read_reference, reference_of, write_reference
from retrain.objectives.sft import SftObjective
from retrain.objectives.sft_dpo import PreferenceObjective
from retrain.taught_rows import TaughtRow

VOCABULARY = 97


def made_up_model(architecture: str, seed: int = 0) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, Qwen2Config, Qwen3Config

    torch.manual_seed(seed)
    kinds: dict[str, Any] = {
        "llama": LlamaConfig,
        "qwen2": Qwen2Config,
        "qwen3": Qwen3Config,
        # a window shorter than the prompt, so that what lies behind it must not be seen
        "gemma3": lambda **sizes: Gemma3TextConfig(
            **sizes, sliding_window=8, layer_types=["sliding_attention", "full_attention"]
        ),
    }
    config = kinds[architecture](
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        pad_token_id=0,
        initializer_range=0.2,
    )
    adapter = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    return get_peft_model(AutoModelForCausalLM.from_config(config), adapter).train()


@pytest.fixture(scope="module")
def model() -> Any:
    return made_up_model("llama")


def answer(prompt: list[int], spoken: list[int], said: Set[int] = frozenset()) -> Encoded:
    """`prompt`, of which the places `said` are learnt too, and what follows it."""
    labels = [token if place in said else IGNORED for place, token in enumerate(prompt)]
    return Encoded((*prompt, *spoken), (*labels, *spoken))


def made_up_pair(seed: int, prompt: int = 24, said: Set[int] = frozenset()) -> TaughtRow:
    random = Random(seed)
    start, one, other = (
        [random.randrange(2, VOCABULARY) for _ in range(length)] for length in (prompt, 3 + seed % 4, 6)
    )
    right = answer(start, [5, *one, 1], said)
    return TaughtRow(right, answer(start, [5, *reversed(other), 1], said), 1.0 + seed % 3)


ROWS = [made_up_pair(0), TaughtRow(made_up_pair(1).encoded), made_up_pair(2), made_up_pair(3, said={4, 9, 23})]


def gradients(model: Any) -> dict[str, torch.Tensor]:
    found = {name: w.grad.clone() for name, w in model.named_parameters() if w.grad is not None}
    assert found and any(gradient.abs().max() > 1e-4 for gradient in found.values())
    model.zero_grad()
    return found


def assert_alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], relative: float) -> None:
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        apart = (gradient - other[name]).abs().max() / gradient.abs().max().clamp(min=1e-9)
        assert apart <= relative, (name, apart)


def as_two_rows(objective: PreferenceObjective, model: Any, row: TaughtRow, number: int) -> torch.Tensor:
    """The same loss by its formula, each answer a whole row."""
    assert row.rejected is not None
    right, draft = row_logits(model, row.encoded), row_logits(model, row.rejected)
    sums = [label_log_probabilities(answer).sum() for answer in (right, draft)]
    margin = objective.beta * (sums[0] - sums[1] - objective.reference.margin(number))
    labels = len(right.labels)
    moved = divergence(objective.reference.tokens(number), right.logits).sum()
    preference = torch.log1p(torch.exp(-margin))
    return row.weight * (-sums[0] + objective.preference_weight * labels * preference + objective.kl_weight * moved)


@pytest.mark.parametrize("architecture", ["llama", "gemma3", "qwen2", "qwen3"])
def test_a_pair_in_one_pass_has_the_gradients_of_two_rows(architecture: str) -> None:
    model, champion = made_up_model(architecture).double(), made_up_model(architecture, seed=1).double()
    objective = PreferenceObjective(SftObjective(), ROWS, reference_of(champion, ROWS), 0.1, 0.25, 0.05)
    for number in (0, 2, 3):
        found = []
        for loss_of in (objective.row_loss, lambda *row: as_two_rows(objective, *row)):
            loss = loss_of(model, ROWS[number], number)
            torch.autograd.backward(loss)
            found.append((loss.item(), gradients(model)))
        assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
        assert_alike(found[0][1], found[1][1], 1e-5)


@given(prompt=st.integers(1, 12), said=st.sets(st.integers(1, 11)), one=st.integers(1, 6), other=st.integers(1, 6))
def test_a_pair_says_of_each_label_what_a_row_says(
    model: Any, prompt: int, said: set[int], one: int, other: int
) -> None:
    start = list(range(10, 10 + prompt))
    rows = [answer(start, [first, *range(40, 40 + length), 1], said) for first, length in ((5, one), (6, other))]
    with torch.no_grad():
        for row, found in zip(rows, pair_logits(model, *rows), strict=True):
            alone = row_logits(model, row)
            assert found.labels.tolist() == alone.labels.tolist()
            assert found.shared == len([place for place in said if place < prompt])
            torch.testing.assert_close(found.logits, alone.logits, atol=2e-4, rtol=1e-4)


def test_a_prompt_is_encoded_once_for_both_answers(model: Any) -> None:
    lengths = []
    layer = model.get_base_model().model.layers[0]
    handle = layer.register_forward_hook(lambda _, inputs, __: lengths.append(tuple(inputs[0].shape[:2])))
    row = made_up_pair(0, prompt=60)
    assert row.rejected is not None
    pair_logits(model, row.encoded, row.rejected)
    handle.remove()
    assert lengths == [(1, 61), (2, 7)]  # the token that both answers begin with is of the prompt
    assert common_length(row.encoded.input_ids, row.rejected.input_ids) == 61


def test_gradients_do_not_depend_on_how_a_step_is_split(model: Any) -> None:
    """unsloth #3482: four rows in one pass, or one in each of four."""
    reference = reference_of(made_up_model("llama", seed=1), ROWS)
    objective = PreferenceObjective(SftObjective(), ROWS, reference, 0.1, 0.25, 0.05)
    labels = sum(len(row_logits(model, row.encoded).labels) for row in ROWS)
    torch.autograd.backward(objective.loss(model, {"number": torch.arange(4)}, labels))
    together = gradients(model)
    for number in range(4):
        torch.autograd.backward(objective.loss(model, {"number": torch.tensor([number])}, labels))
    assert_alike(together, gradients(model), 1e-5)


def test_the_draft_is_unlearnt_and_a_weight_multiplies_all_of_it(model: Any) -> None:
    row, reference = ROWS[0], reference_of(model, ROWS[:1])

    def loss(row: TaughtRow, preference: float) -> float:
        objective = PreferenceObjective(SftObjective(), [row], reference, 0.1, preference, 0.0)
        with torch.no_grad():
            return objective.row_loss(model, row, 0).item()

    labels = len(row_logits(model, row.encoded).labels)
    # a model that is the champion prefers neither, so that DPO is log 2
    assert loss(row, 0.25) == pytest.approx(loss(row, 0.0) + row.weight * 0.25 * labels * 0.693147, rel=1e-4)
    assert loss(replace(row, weight=3 * row.weight), 0.25) == pytest.approx(3 * loss(row, 0.25), rel=1e-5)


@pytest.mark.parametrize("entry_weight", [None, EntryWeight(3.0, frozenset({5}), 1)])
def test_an_answer_s_loss_is_that_of_its_row_alone(model: Any, entry_weight: EntryWeight | None) -> None:
    heavy = torch.ones(VOCABULARY)
    heavy[5] = 2.0
    sft = SftObjective(heavy, entry_weight)
    for row in ROWS:
        ids, labels = torch.tensor([row.encoded.input_ids]), torch.tensor([row.encoded.labels])
        with torch.no_grad():
            whole = sft.loss(model, {"input_ids": ids, "labels": labels}, 1)
            found = sft.answer_loss(row_logits(model, row.encoded), row.encoded)
        assert found.item() == pytest.approx(whole.item(), rel=1e-5)


def test_a_model_that_did_not_move_has_no_divergence(model: Any) -> None:
    reference = reference_of(model, ROWS)
    with torch.no_grad():
        for number, row in enumerate(ROWS):
            moved = divergence(reference.tokens(number), row_logits(model, row.encoded).logits)
            assert moved.abs().max() < 1e-4


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 6.0), vocabulary=st.sampled_from([5, TOP, 300]))
def test_divergence_is_never_more_than_over_the_whole_vocabulary(seed: int, scale: float, vocabulary: int) -> None:
    torch.manual_seed(seed)
    one, other = (scale * torch.randn(3, vocabulary) for _ in range(2))
    ours, theirs = other.log_softmax(-1), one.log_softmax(-1)
    whole = (theirs.exp() * (theirs - ours)).sum(-1)
    found = divergence(top_tokens(one), other)
    assert (found <= whole + 1e-4).all()
    assert (found >= -1e-4).all()
    if vocabulary <= TOP:
        torch.testing.assert_close(found, whole, atol=1e-4, rtol=1e-4)


def test_a_reference_is_kept_whole(model: Any, tmp_path: Path) -> None:
    assert read_reference(tmp_path / "work") is None
    made = reference_of(model, ROWS)
    write_reference(tmp_path / "work", made)
    again = read_reference(tmp_path / "work")
    assert isinstance(again, Reference)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["reference.safetensors"]
    for number in range(len(ROWS)):
        assert torch.equal(made.margin(number), again.margin(number))
        assert torch.equal(made.tokens(number).ids, again.tokens(number).ids)
        assert torch.equal(made.tokens(number).log_probabilities, again.tokens(number).log_probabilities)
