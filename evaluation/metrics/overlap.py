"""Chapters as segments that overlap: F1 over IoU thresholds, average tIoU, chapter count.

The definitions are those of Chapter-Llama's evaluation (commit d19a77e, tools/results/metrics_overlap.py), so that
scores compare with published ones. They hold in any unit, seconds or words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from errata.domain.chapter import Chapters

Array = NDArray[np.float64]

THRESHOLDS: Array = np.arange(0.5, 1.0, 0.05)
"""0.50 to 0.95. As upstream, some lie a rounding error above their name (0.6000000000000001)."""

EPSILON = 1e-8
"""Keeps IoU defined for two empty segments, and makes an exact tie (IoU 0.5 at threshold 0.5) fail."""


def in_order(chapters: Chapters) -> Chapters:
    return tuple(sorted(chapters, key=lambda chapter: chapter.start))


def spans(chapters: Chapters, duration: float) -> Array:
    """Start and end of each chapter in order, shape (n, 2); the last one ends at `duration`.

    Starts outside [0, duration] are moved to its border: past the end they make segments without length, which match
    nothing.
    """
    starts = [min(max(chapter.start, 0.0), duration) for chapter in in_order(chapters)]
    return np.array([starts, starts[1:] + [duration] * bool(starts)]).T


def segments(chapters: Chapters, duration: float) -> Array:
    """`spans`, and before them the cold open, which is a segment of its own: what lies before a first start after 0."""
    titled = spans(chapters, duration)
    return np.concatenate([[[0.0, titled[0, 0]]], titled]) if len(titled) and titled[0, 0] else titled


def iou(reference: Array, prediction: Array) -> Array:
    """Intersection over union of every pair of segments, shape (references, predictions)."""
    ref, pred = reference[:, None, :], prediction[None, :, :]
    inside = np.minimum(ref[..., 1], pred[..., 1]) - np.maximum(ref[..., 0], pred[..., 0])
    # The hull is the union of segments that overlap; of others, the intersection is 0 anyway.
    union = np.maximum(ref[..., 1], pred[..., 1]) - np.minimum(ref[..., 0], pred[..., 0])
    result: Array = np.maximum(inside, 0.0) / (union + EPSILON)
    return result


def precision_recall_f1(overlaps: Array, thresholds: Array = THRESHOLDS) -> Array:
    """Percent, shape (thresholds, 3), from `iou`'s result; a side that is empty gives 0.

    A segment counts when any segment of the other side reaches the threshold: the matching is not one to one. The
    mean over thresholds, then over videos, is the published F1 (not the harmonic mean of averages).
    """
    if overlaps.size == 0:
        return np.zeros((len(thresholds), 3))
    references, predictions = overlaps.shape
    precision = (overlaps.max(axis=0) >= thresholds[:, None]).sum(axis=1) / predictions
    recall = (overlaps.max(axis=1) >= thresholds[:, None]).sum(axis=1) / references
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return 100 * np.stack([precision, recall, f1], axis=1)


def mean_f1(reference: Chapters, prediction: Chapters, duration: float) -> float:
    """The published F1 of one video; no chapters where there should be none is a right answer."""
    if not reference and not prediction:
        return 100.0
    sides = (segments(chapters, duration) for chapters in (reference, prediction))
    return float(precision_recall_f1(iou(*sides)).mean(axis=0)[2])


def matches(overlaps: Array) -> list[tuple[int, int]]:
    """Pairs (reference, prediction) taken greedily, largest IoU first; on a tie the earlier reference goes first."""
    refs, preds = np.nonzero(overlaps)
    order = np.argsort(-overlaps[refs, preds], kind="stable")
    free_refs, free_preds = set(refs.tolist()), set(preds.tolist())
    pairs = []
    # A stable order keeps ties as `nonzero` gives them: by reference, then by prediction.
    for ref, pred in zip(refs[order].tolist(), preds[order].tolist(), strict=True):
        if ref in free_refs and pred in free_preds:
            free_refs.remove(ref)
            free_preds.remove(pred)
            pairs.append((ref, pred))
    return pairs


def tiou(overlaps: Array, pairs: list[tuple[int, int]]) -> float:
    """Mean IoU of the matched pairs, in percent; 0 without one.

    Unmatched segments don't count, as upstream: one chapter over the whole of a video is hardly punished. Read it
    beside F1, never alone.
    """
    return 100 * sum(overlaps[pair].item() for pair in pairs) / len(pairs) if pairs else 0.0
