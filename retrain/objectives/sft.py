"""The loss that training goes down: cross-entropy on what the model should say, from those tokens' logits alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from errata.tasks.encode import IGNORED

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase as Tokenizer
    from transformers.modeling_outputs import CausalLMOutput


def at_labels(inputs: dict[str, Any]) -> dict[str, Any]:
    """A batch whose model computes logits only where a row has a label, with the labels shifted to those places.

    Takes `input_ids` and `labels`, both (rows, tokens). `logits_to_keep` is the models' own parameter; the rows share
    it, so a place that is another row's keeps IGNORED here.
    """
    next_labels = inputs["labels"][:, 1:]
    kept = (next_labels != IGNORED).any(0).nonzero().squeeze(1)
    return {**inputs, "labels": next_labels[:, kept], "logits_to_keep": kept, "use_cache": False}


def label_loss(
    outputs: CausalLMOutput,
    labels: torch.Tensor,
    num_items_in_batch: torch.Tensor | int,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy in nats, summed and divided by `num_items_in_batch`, the labels in all rows of the step.

    What transformers takes as `compute_loss_func`, `labels` shifted as above. `weights`, a number for each token of the
    vocabulary, multiplies the loss of the labels that are that token. Without them it is the model's own loss.
    """
    from torch.nn.functional import cross_entropy

    logits = outputs.logits.flatten(0, 1).float()
    weights = None if weights is None else weights.to(logits.device)
    return cross_entropy(logits, labels.flatten(), weights, ignore_index=IGNORED, reduction="sum") / num_items_in_batch


def border_weights(tokenizer: Tokenizer, border: str, weight: float, vocabulary: int) -> torch.Tensor | None:
    """`weight` for the token `border`, 1 for every other; None where the template has no such token.

    A border that is missed spoils two chapters, a superfluous one splits one: what is likeliest isn't what scores best.
    The weight moves the odds at which the model says "border", by its factor.
    """
    import torch

    if not border:
        return None
    weights = torch.ones(vocabulary)
    weights[tokenizer.convert_tokens_to_ids(border)] = weight
    return weights
