"""The floor that a model must be above: chapters of one length, which are made without reading a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from errata.documents.metric_values import ModelMean


@dataclass(frozen=True, slots=True)
class EqualSplitAlarm:
    """The model in force scores below the floor on a night's fresh items."""

    name: str
    """What it was that night: `champion`, or the contender that was promoted."""
    items: int
    f1: float
    equal_split_f1: float


def equal_split_alarm(
    means: Mapping[str, ModelMean], equal_split_f1: float | None, name: str
) -> EqualSplitAlarm | None:
    """Whether `name`, by `means` of a night's fresh items, scores below; None where it doesn't, or wasn't scored."""
    mean = means.get(name)
    if mean is None or mean.f1 is None or equal_split_f1 is None:
        return None
    return EqualSplitAlarm(name, mean.n, mean.f1, equal_split_f1) if mean.f1 < equal_split_f1 else None
