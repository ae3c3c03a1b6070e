"""What a model says after some of the tokens that it read: of the whole vocabulary, or of what may be said alone.

The head of a model with a large vocabulary is half of its work for a token, while a grammar often leaves a digit, or
the end, and two tokens are all that is weighed.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch

from errata.inference.engine import Choice, Draw, Mask, choose, pick

FEW = 8
"""Of the vocabulary, one part in so many: gathering more rows than that costs as much as multiplying all."""


class Said(Protocol):
    def pick(self, place: int, allowed: Mask, draw: Draw | None = None) -> Choice:
        """The likeliest allowed token after the place of that number, or one that is drawn."""
        ...

    def odds(self, rather: int, than: int) -> list[float]:
        """By how much the one's logit is above the other's, after each place."""
        ...


class WholeLogits:
    """`logits` is (places, vocabulary)."""

    def __init__(self, logits: torch.Tensor) -> None:
        self._logits = logits.float()

    def pick(self, place: int, allowed: Mask, draw: Draw | None = None) -> Choice:
        return pick(self._logits[place].cpu().numpy(), allowed, draw)

    def odds(self, rather: int, than: int) -> list[float]:
        differences: list[float] = (self._logits[:, rather] - self._logits[:, than]).tolist()
        return differences


class HeadRows:
    """`hidden` is (places, size), `weight` the head, (vocabulary, size), with a bias or without."""

    def __init__(self, hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        self._hidden, self._weight, self._bias = hidden, weight, bias

    def pick(self, place: int, allowed: Mask, draw: Draw | None = None) -> Choice:
        hidden = self._hidden[place]
        if np.count_nonzero(allowed) > len(allowed) // FEW:
            return pick(torch.nn.functional.linear(hidden, self._weight, self._bias).numpy(), allowed, draw)
        tokens = np.flatnonzero(allowed)
        logits = self._of(hidden, tokens.tolist()).numpy()
        return choose(tokens, logits) if draw is None else draw.choose(tokens, logits)

    def odds(self, rather: int, than: int) -> list[float]:
        logits = self._of(self._hidden, [rather, than])
        differences: list[float] = (logits[:, 0] - logits[:, 1]).tolist()
        return differences

    def _of(self, hidden: torch.Tensor, tokens: list[int]) -> torch.Tensor:
        bias = None if self._bias is None else self._bias[tokens]
        return torch.nn.functional.linear(hidden, self._weight[tokens], bias)


@torch.inference_mode()
def is_plain(model: Any) -> bool:
    """Whether its logits are a linear layer of its last hidden states and nothing else, as far as three tokens show:
    some models scale or cap them."""
    head = model.get_output_embeddings()
    if not isinstance(head, torch.nn.Linear):
        return False
    tokens = torch.tensor([[0, 1, 2]])
    hidden = model.base_model(tokens, use_cache=False).last_hidden_state
    return torch.allclose(head(hidden), model(tokens, use_cache=False).logits, rtol=1e-4, atol=1e-4)
