"""What the label after a frame weighs, where a model learns when to speak: the streaming loss of VideoLLM-online
(Chen et al. 2024, §3.3), Σ w·CE / labels, with w = `stream_loss_weight` after frames and 1 elsewhere. The weights are
not in the denominator.

Most frames are followed by silence. `silence_balance` weighs silence and speech by the class-balanced loss of Cui et
al. 2019 (eq. 5): (1 − β) / (1 − βⁿ) for a class of n labels, scaled so that the two weights sum to 2. β = 0 weighs them
alike, and towards 1 each counts by the inverse of how often it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from errata.documents.params import Recipe
from errata.tasks.encode import IGNORED

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class FrameWeight:
    silence: int
    """The token that stands for it."""
    silent: float
    """What a label weighs after a frame where the model is silent,"""
    spoken: float
    """and where it speaks."""

    @classmethod
    def of(cls, recipe: Recipe, rows: pa.Table, silence: int) -> FrameWeight | None:
        """For `rows` of a `train.parquet`. None where all labels weigh the same."""
        if recipe.stream_loss_weight == 1.0 and not recipe.silence_balance:
            return None
        silent, spoken = balanced(*frame_labels(rows, silence), recipe.silence_balance)
        return cls(silence, recipe.stream_loss_weight * silent, recipe.stream_loss_weight * spoken)

    def weights(self, input_ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Of each label; both are (rows, tokens), not shifted: a label is of what is read before it."""
        import torch

        after = torch.cat([torch.zeros_like(input_ids[:, :1]), input_ids[:, :-1]], dim=1) < 0
        by_kind = torch.where(labels == self.silence, self.silent, self.spoken)
        return torch.where(after, by_kind, 1.0)


def balanced(silent: int, spoken: int, beta: float) -> tuple[float, float]:
    """What a label of each of two classes weighs that have so many; where one has none, there is nothing to balance."""
    if not beta or not silent or not spoken:
        return 1.0, 1.0
    each = [(1 - beta) / (1 - beta**count) for count in (silent, spoken)]
    return 2 * each[0] / sum(each), 2 * each[1] / sum(each)


def frame_labels(rows: pa.Table, silence: int) -> tuple[int, int]:
    """How many labels after frames are silence, and how many are not."""
    silent = spoken = 0
    for ids, labels in zip(rows["input_ids"], rows["labels"], strict=True):
        after = np.asarray(ids.values)[:-1] < 0
        due = np.asarray(labels.values)[1:][after]
        silent += int((due == silence).sum())
        spoken += int(((due != silence) & (due != IGNORED)).sum())
    return silent, spoken
