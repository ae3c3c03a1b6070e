"""What a pair costs whose prompt is encoded once, against its two answers as rows of their own.

    python -m benchmarks.pairs

The objective sft+dpo on a made-up model of about 25 million parameters, a prompt of 1,500 tokens and answers of 60: the
passes of one training step, forward and backward, in processor seconds on one thread, at equal loss and gradients.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import torch
from torch.nn.functional import logsigmoid

from benchmarks.process_cost import medians
from errata.tasks.encode import IGNORED, Encoded
from retrain.objectives.pair_logits import label_log_probabilities, pair_logits, row_logits

TARGET = 1.7
"""Least times the speed of two rows."""
ALIKE = 1e-4
"""Of loss and gradients, relative to the largest of their weight, in single precision."""
VOCABULARY, PROMPT, ANSWER, ROUNDS = 8192, 1500, 60, 3
BETA, PREFERENCE = 0.1, 0.25

Pass = Callable[[], torch.Tensor]


@dataclass(frozen=True, slots=True)
class PairCost:
    pair: float
    """Processor seconds of a pass."""
    two_rows: float
    loss_apart: float
    gradients_apart: float

    @property
    def ratio(self) -> float:
        return self.two_rows / self.pair


def made_up_model(hidden: int = 512, layers: int = 8) -> Any:
    """With an adapter whose second matrices are not zero, so that both have gradients."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=hidden * 8 // 3,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=hidden // 128,
        tie_word_embeddings=True,
        max_position_embeddings=2 * PROMPT,
    )
    adapter = LoraConfig(r=16, target_modules="all-linear", init_lora_weights=False)
    return get_peft_model(LlamaForCausalLM(config), adapter).train()


def made_up_pair(prompt: int = PROMPT) -> tuple[Encoded, Encoded]:
    random = Random("pairs")
    start = [random.randrange(3, VOCABULARY) for _ in range(prompt)]
    right, draft = ([first, *(random.randrange(3, VOCABULARY) for _ in range(ANSWER - 1))] for first in (1, 2))
    labels = [IGNORED] * prompt
    return Encoded((*start, *right), (*labels, *right)), Encoded((*start, *draft), (*labels, *draft))


def objective(right: torch.Tensor, draft: torch.Tensor) -> torch.Tensor:
    """Of log-probabilities of the labels, against a champion that prefers neither."""
    preference = -logsigmoid(BETA * (right.sum() - draft.sum()))
    return -right.mean() + PREFERENCE * preference


def compare(model: Any, right: Encoded, draft: Encoded) -> PairCost:
    def pair() -> torch.Tensor:
        answers = pair_logits(model, right, draft)
        return objective(*(label_log_probabilities(answer) for answer in answers))

    def two_rows() -> torch.Tensor:
        return objective(*(label_log_probabilities(row_logits(model, row)) for row in (right, draft)))

    loss, gradients = _outcome(model, pair)  # the warm-up, too
    row_loss, row_gradients = _outcome(model, two_rows)

    def step(run: Pass) -> None:
        model.zero_grad()
        torch.autograd.backward(run())

    times = medians({"pair": partial(step, pair), "two rows": partial(step, two_rows)}, ROUNDS)
    apart = (gradients[name] - other for name, other in row_gradients.items())
    largest = (other.abs().max() for other in row_gradients.values())
    return PairCost(
        pair=times["pair"],
        two_rows=times["two rows"],
        loss_apart=abs(loss - row_loss) / abs(row_loss),
        gradients_apart=max(float(one.abs().max() / most) for one, most in zip(apart, largest, strict=True)),
    )


def _outcome(model: Any, run: Pass) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad()
    loss = run()
    torch.autograd.backward(loss)
    found = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return loss.item(), found


def missed(cost: PairCost) -> list[str]:
    faults = []
    if max(cost.loss_apart, cost.gradients_apart) > ALIKE:
        faults.append(f"loss or gradients differ by more than {ALIKE:.0e}")
    if cost.ratio < TARGET:
        faults.append(f"a pair is {cost.ratio:.2f} times as quick as two rows, and {TARGET} is wanted")
    return faults


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.pairs", description=__doc__).parse_args()
    torch.set_num_threads(1)
    model = made_up_model()
    cost = compare(model, *made_up_pair())
    size = f"{model.num_parameters() / 1e6:.0f} million parameters"
    sys.stdout.write(f"{size}, a prompt of {PROMPT:,} tokens, two answers of {ANSWER}; torch {torch.__version__}\n")
    times = f"two rows {cost.two_rows:.2f} processor seconds, the pair {cost.pair:.2f}: {cost.ratio:.2f} times as quick"
    sys.stdout.write(f"{times}; loss {cost.loss_apart:.0e} apart, gradients {cost.gradients_apart:.0e}\n")
    if faults := missed(cost):
        sys.exit("missed: " + "; ".join(faults))


if __name__ == "__main__":
    main()
