"""Labels that may be wrong: those that the starting model finds far more unlikely than the others that are new to it.

A high loss is a reason to look and none to drop: what is hard teaches most. So suspects go to an inbox (`errata
suspects`), and train unless `curate.suspects` says otherwise.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from errata.documents.suspects import SuspectLabel
from retrain.row_index import IndexedRow

FEWEST = 20
"""Losses that are compared; of fewer, none stands out."""
FAR = 3.5
"""Modified z-score beyond which a value is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers)."""
NORMAL = 0.6745
"""The median absolute deviation of a normal distribution, in its standard deviations."""


def suspect_labels(rows: Sequence[IndexedRow], losses: Sequence[float], model: str) -> list[SuspectLabel]:
    """Of `rows` with the losses under `model`, those far beyond the others, the farthest first.

    Losses are compared by their logarithms: they are skewed, and a hard talk has twice another's.
    """
    measured = [(row, loss) for row, loss in zip(rows, losses, strict=True) if loss > 0]  # 0: nothing of it fits
    if len(measured) < FEWEST:
        return []
    logs = [math.log(loss) for _, loss in measured]
    middle = statistics.median(logs)
    deviation = statistics.median(abs(value - middle) for value in logs)
    limit = math.exp(middle + FAR * deviation / NORMAL)
    suspects = [
        SuspectLabel(
            external_id=row.external_id,
            transcript=row.transcript,
            correction=row.correction,
            reviewer=row.reviewer,
            loss=loss,
            usual=math.exp(middle),
            limit=limit,
            model=model,
        )
        for row, loss in measured
        if loss > limit and row.kind != "adjudicate"  # somebody has looked at that one already
    ]
    return sorted(suspects, key=lambda suspect: -suspect.loss)
