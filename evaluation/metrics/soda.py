"""SODA: how well two lists of chapters tell the same story, each chapter matched to one of the other's, in order.

The formula is that of Fujita et al. 2020 (https://github.com/fujiso/SODA) as Chapter-Llama computes it (commit d19a77e,
tools/results/metrics_soda.py): cold opens are no segments here. What differs between the variants is the weight of a
pair: IoU alone (SODA_d), or IoU times METEOR (SODA_c), where METEOR is asked with the prediction as its reference and
the reference as its hypothesis. It isn't symmetric, so that swap, inherited from the first implementation, stays.

Upstream gives 0 where its recursion is too deep for Python (lists of several hundred chapters); here they are scored.
"""

from __future__ import annotations

import numpy as np

from evaluation.metrics.overlap import Array


def best_in_order(weights: Array) -> float:
    """Largest sum of weights of pairs (reference, prediction) that never cross and share no side.

    `weights` has shape (references, predictions) and no negative value.
    """
    best = np.zeros(weights.shape[1] + 1)
    for row in weights:
        # A row takes at most one pair, so one running maximum carries what was best before it or with it.
        best[1:] = np.maximum.accumulate(np.maximum(best[1:], best[:-1] + row))
    return float(best[-1])


def precision_recall_f1(weights: Array) -> tuple[float, float, float]:
    """Percent; 0 where a side is empty."""
    references, predictions = weights.shape
    if not weights.size:
        return 0.0, 0.0, 0.0
    best = best_in_order(weights)
    precision, recall = 100 * best / predictions, 100 * best / references
    return precision, recall, 2 * precision * recall / (precision + recall) if best else 0.0
