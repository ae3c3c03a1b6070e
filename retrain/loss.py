"""The loss that training goes down: cross-entropy on what the model should say, from those tokens' logits alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from errata.tasks.encode import IGNORED

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase as Tokenizer


def label_loss(
    model: Any,
    input_ids: torch.Tensor,
    labels: torch.Tensor,
    items: torch.Tensor | int,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy in nats, summed and divided by `items`: the labels in all rows of the step. Both (rows, tokens).

    `weights`, a number for each token of the vocabulary, multiplies the loss of the labels that are that token.

    Equal to the model's own loss over all logits. Needs no attention mask: attention is causal and padding is on the
    right, so no label sees any.
    """
    from torch.nn.functional import cross_entropy

    nexts = labels[:, 1:]
    said = (nexts != IGNORED).any(0).nonzero().squeeze(1)
    with _last_mlp_at(model, said, input_ids.shape[1]):
        logits = model(input_ids=input_ids, logits_to_keep=said, use_cache=False).logits
    targets = nexts[:, said].flatten()
    logits = logits.flatten(0, 1).float()
    return cross_entropy(logits, targets, weights, ignore_index=IGNORED, reduction="sum") / items


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


@contextmanager
def _last_mlp_at(model: Any, kept: torch.Tensor, length: int) -> Iterator[None]:
    """Within it, the last layer's MLP computes the `kept` positions alone: no other comes to the logits."""
    mlp = getattr(model.get_decoder().layers[-1], "mlp", None)
    if mlp is None:
        yield
        return

    def narrow(_: Any, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (args[0][:, kept],)

    def widen(_: Any, __: Any, made: torch.Tensor) -> torch.Tensor:
        return made.new_zeros(made.shape[0], length, made.shape[2]).index_copy(1, kept, made)

    hooks = (mlp.register_forward_pre_hook(narrow), mlp.register_forward_hook(widen))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
