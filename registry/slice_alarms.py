"""Slices with too few items to judge alone: an alarm for people, never a decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from errata.documents.comparison import Comparison
from errata.documents.evidence import SliceAlarm
from evaluation.statistics.pooled import shrink
from registry.guardrail import Limit
from registry.policy import Policy


def slice_alarms(measured: Mapping[str, Comparison], policy: Policy) -> Iterator[SliceAlarm]:
    """Each small slice that seems to lose more than its margin, once it has borrowed from the others.

    `measured` are comparisons by guardrail; slices are those whose limit says `alarm`.
    """
    slices: list[tuple[str, Limit, int]] = []
    effects, errors = list[float](), list[float]()
    for name, comparison in measured.items():
        limit = policy.limit(name)
        # Without an error there is no saying how far a slice must be drawn towards the others.
        if limit is not None and limit.alarm and comparison.effect is not None and comparison.se:
            slices.append((name, limit, comparison.n))
            effects.append(comparison.effect)
            errors.append(comparison.se)
    if not slices:
        return
    for (name, limit, n), effect in zip(slices, shrink(effects, errors), strict=True):
        if n < policy.least_items(limit) and effect < -limit.margin:
            yield SliceAlarm(name, -effect, limit.unit, n)
