"""What a model says of two answers to one prompt, in one pass: what both begin with is encoded once.

The prompt's keys and values keep their gradient and are repeated for the two answers, which then run side by side as a
block of two short rows. It is exact: loss and gradients are those of two whole rows (Prefix Grouper, arXiv 2506.05433),
at about the cost of one where prompts are long. A mask over one row that holds both would win nothing on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from errata.errors import NotFound
from errata.features.feature_store import FeatureStore
from errata.tasks.encode import IGNORED, Encoded

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class AnswerLogits:
    logits: torch.Tensor
    """(labels, vocabulary): what the model says before each label."""
    labels: torch.Tensor
    """(labels,)"""
    shared: int
    """So many of the labels come first, and are the other answer's too."""

    @property
    def own(self) -> torch.Tensor:
        """Log-probability, in nats, of what this answer says and the other doesn't; a scalar."""
        return label_log_probabilities(self)[self.shared :].sum()


def label_log_probabilities(answer: AnswerLogits) -> torch.Tensor:
    """(labels,) in nats."""
    log_probabilities = answer.logits.float().log_softmax(-1)
    return log_probabilities.gather(-1, answer.labels[:, None]).squeeze(-1)


def row_logits(model: Any, row: Encoded, features: FeatureStore | None = None) -> AnswerLogits:
    """Of one answer alone; `features` holds the vectors of the frames that the row names."""
    import torch

    places, device = _before_labels(row.labels), _device(model)
    kept = torch.tensor(places, device=device, dtype=torch.long)
    read = row_reading(model, row, features)
    return _at_labels(row, model(**read, logits_to_keep=kept, use_cache=False).logits[0], places, 0)


def row_reading(model: Any, row: Encoded, features: FeatureStore | None) -> dict[str, torch.Tensor]:
    """What a model is given of one row: its token ids, or where it names frames, what both are to the model."""
    import torch

    ids = torch.tensor([row.input_ids], device=_device(model))
    if not row.frames:
        return {"input_ids": ids}
    from errata.inference.connector import read_among_words, vectors_of

    if features is None:
        raise NotFound("a row names frames, and there is no features store to take them from; name its folder")
    vectors = vectors_of(row.frames, features)
    return read_among_words(model, ids, vectors)


def pair_logits(model: Any, chosen: Encoded, rejected: Encoded) -> tuple[AnswerLogits, AnswerLogits]:
    """Of two answers that begin with the same tokens, one at least, and differ before either ends."""
    import torch
    from transformers import DynamicCache

    device, common = _device(model), common_length(chosen.input_ids, rejected.input_ids)
    rows = (chosen, rejected)
    within = [place for place in _before_labels(chosen.labels) if place < common - 1]
    cache = DynamicCache()
    prompt = model(
        input_ids=torch.tensor([chosen.input_ids[:common]], device=device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=torch.tensor([*within, common - 1], device=device),  # the last speaks for both answers' first
    ).logits[0]
    cache.batch_repeat_interleave(2)
    tails = [list(row.input_ids[common:]) for row in rows]
    longest = max(map(len, tails))
    after = sorted({place for row in rows for place in _before_labels(row.labels) if place >= common})
    answers = model(
        # what fills up the shorter one comes after it, where none of its tokens looks
        input_ids=torch.tensor([tail + tail[-1:] * (longest - len(tail)) for tail in tails], device=device),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=torch.tensor([place - common for place in after], device=device, dtype=torch.long),
    ).logits
    places = [*within, common - 1, *after]
    right, draft = (
        _at_labels(row, torch.cat([prompt, answer]), places, len(within))
        for row, answer in zip(rows, answers, strict=True)
    )
    return right, draft


def _device(model: Any) -> torch.device:
    device: torch.device = next(model.parameters()).device  # a wrapper for several processes has no `device`
    return device


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _at_labels(row: Encoded, logits: torch.Tensor, places: Sequence[int], shared: int) -> AnswerLogits:
    """Of `logits`, which are of `places`, those before a label of the row."""
    import torch

    before = _before_labels(row.labels)
    labels = torch.tensor([row.labels[place + 1] for place in before], device=logits.device, dtype=torch.long)
    return AnswerLogits(logits[[places.index(place) for place in before]], labels, shared)


def _before_labels(labels: Sequence[int]) -> list[int]:
    """The places whose next token is learnt."""
    return [place for place, label in enumerate(labels[1:]) if label != IGNORED]
