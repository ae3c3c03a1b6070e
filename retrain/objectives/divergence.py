"""How far a model's words have moved from another's, label by label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

TOP = 64
"""Tokens of which each is held against its own; all others are one. A vocabulary of 262,144 for each label would take a
gigabyte for a night's rows."""
_LEAST = 1e-6
"""Of the others' probability: below it a rounding error would be a large divergence."""


@dataclass(frozen=True, slots=True)
class TopTokens:
    """What a model finds likeliest before each label."""

    ids: torch.Tensor
    """(labels, tokens)"""
    log_probabilities: torch.Tensor
    """The same shape, in nats."""

    def to(self, device: torch.device) -> TopTokens:
        return TopTokens(self.ids.to(device), self.log_probabilities.to(device))


def top_tokens(logits: torch.Tensor) -> TopTokens:
    """Of logits (labels, vocabulary)."""
    log_probabilities, ids = logits.float().log_softmax(-1).topk(min(TOP, logits.shape[-1]), dim=-1)
    return TopTokens(ids, log_probabilities)


def divergence(reference: TopTokens, logits: torch.Tensor) -> torch.Tensor:
    """KL(reference‖model) in nats, (labels,), where `logits` are the model's, (labels, vocabulary).

    Over the reference's likeliest tokens and all others as one: never more than over the whole vocabulary, which
    telling fewer events apart can't raise (the data-processing inequality; Cover & Thomas, §2.8), and little less,
    since the others are rare.
    """
    ours = logits.float().log_softmax(-1).gather(-1, reference.ids)
    theirs = reference.log_probabilities
    listed = (theirs.exp() * (theirs - ours)).sum(-1)
    rest, own_rest = (1 - tokens.exp().sum(-1) for tokens in (theirs, ours))
    others = rest * (rest.clamp(min=_LEAST).log() - own_rest.clamp(min=_LEAST).log())
    return listed + others.where(rest > _LEAST, 0.0)
