"""Boundaries that lie within a few seconds of each other.

The definition is Chapter-Llama's (commit d19a77e, tools/results/metrics_distance.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from errata.domain.chapter import Chapters
from errata.domain.transcript import Unit
from errata.errors import BadInput

SECONDS = (3.0, 5.0, 10.0)


def precision_recall(
    reference: Chapters, prediction: Chapters, within: Sequence[float] = SECONDS, unit: Unit = "seconds"
) -> list[tuple[float, float]] | None:
    """For each distance, the shares of predicted and of reference starts with one of the other side nearer, in percent.

    Starts at 0 are left out on both sides: every video has one and finding it proves nothing. Precision is 0 when no
    predicted start is left. None, "not defined", when no reference start is left (upstream divides by zero here): such
    a video says nothing about boundaries, and is left out of the mean and counted. That depends on the reference
    alone, so two models are always compared on the same videos.

    Raises BadInput for text without times.
    """
    if unit != "seconds":
        raise BadInput(
            f"distances in seconds can't be computed for a transcript in {unit}; use F1 and tIoU, which need no times"
        )
    references = np.array([chapter.start for chapter in reference if chapter.start != 0])
    predictions = np.array([chapter.start for chapter in prediction if chapter.start != 0])
    if not references.size:
        return None
    if not predictions.size:
        return [(0.0, 0.0)] * len(within)
    gaps = np.abs(references[:, None] - predictions[None, :])
    return [(_share(gaps.min(axis=0), limit), _share(gaps.min(axis=1), limit)) for limit in within]


def _share(nearest: NDArray[np.float64], limit: float) -> float:
    return 100 * np.count_nonzero(nearest < limit) / len(nearest)
