"""Titles as captions: which predicted title is compared with which reference title, for CIDEr, METEOR and ROUGE-L.

The pairs are those of dense video captioning (Krishna et al. 2017) as Chapter-Llama builds them (commit d19a77e,
tools/results/metrics_caption.py): at each IoU threshold a prediction is paired with every reference that reaches it,
one prediction with several where they do. One that reaches none is paired with a word that nobody writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from errata.domain.chapter import Chapters
from evaluation.metrics.overlap import Array, in_order
from evaluation.metrics.tokens import tokens

Tokens = tuple[str, ...]
Pair = tuple[Tokens, Tokens]
"""Reference and prediction."""

THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
NOBODY: Tokens = ("xqzjvkwpfg",)
"""Upstream draws ten random letters each time; these are ten that repeat."""


def titles(chapters: Chapters) -> list[Tokens]:
    """The words of each title, in the chapters' order."""
    return [tokens(chapter.title) for chapter in in_order(chapters)]


def readable(reference: Sequence[Tokens]) -> bool:
    """Whether titles can be compared: there are some, and each has a word.

    Upstream drops a video where any title, of either side, has none. Here the reference alone decides, so that all
    models are compared on the same videos: an unreadable prediction matches nothing.
    """
    return bool(reference) and all(reference)


def pairs(reference: Sequence[Tokens], prediction: Sequence[Tokens], reached: NDArray[np.bool_]) -> list[Pair]:
    """`reached` says, shape (references, predictions), which IoUs reach the threshold."""
    overlapping = [(reference[row], prediction[column]) for column, row in np.argwhere(reached.T).tolist()]
    alone = np.flatnonzero(~reached.any(axis=0)).tolist()
    return overlapping + [(NOBODY, prediction[column]) for column in alone]


def mean_over_thresholds(
    score: Callable[[list[Pair]], float], reference: Sequence[Tokens], prediction: Sequence[Tokens], overlaps: Array
) -> float:
    """Percent: the mean over `THRESHOLDS` of `score` (0 to 1) of one video's pairs; 0 without a prediction.

    `overlaps` are the IoUs of chapters without cold opens, shape (references, predictions).
    """
    if not prediction:
        return 0.0
    # Most thresholds reach the same pairs, and METEOR is slow.
    scores: dict[bytes, float] = {}
    total = 0.0
    for threshold in THRESHOLDS:
        reached = overlaps >= threshold
        key = reached.tobytes()
        if key not in scores:
            scores[key] = score(pairs(reference, prediction, reached))
        total += scores[key]
    return 100 * total / len(THRESHOLDS)
