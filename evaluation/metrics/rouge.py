"""ROUGE-L: the longest run of words that two titles share in order, gaps allowed (Lin 2004).

The formula is that of pycocoevalcap 1.2, recall weighing a little more.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.metrics.captions import Pair

BETA = 1.2


def rouge_l(pairs: Sequence[Pair]) -> float:
    """Mean over the pairs (reference, prediction) of one video, 0 to 1."""
    from rapidfuzz.distance import LCSseq

    total = 0.0
    for reference, prediction in pairs:
        if common := LCSseq.similarity(reference, prediction):
            precision, recall = common / len(prediction), common / len(reference)
            total += (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)
    return total / len(pairs)
