"""Slices with too few items to judge alone: an alarm for people, never a decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from errata.documents.comparison import Comparison
from errata.documents.evidence import SliceAlarm
from evaluation.statistics.pooled import shrink
from registry.policy import Policy


def slice_alarms(measured: Mapping[str, Comparison], policy: Policy) -> Iterator[SliceAlarm]:
    """Each small slice that seems to lose more than its margin, once it has borrowed from the others.

    `measured` are comparisons by guardrail; slices are those whose limit says `alarm`.
    """
    limits = {name: limit for name in measured if (limit := policy.limit(name)) and limit.alarm}
    slices = {name: measured[name] for name in limits if measured[name].effect is not None and measured[name].se}
    if not slices:
        return
    effects = [comparison.effect or 0.0 for comparison in slices.values()]
    errors = [comparison.se or 1.0 for comparison in slices.values()]
    for name, effect in zip(slices, shrink(effects, errors), strict=True):
        limit, n = limits[name], slices[name].n
        if n < policy.least(name) and effect < -limit.margin:
            yield SliceAlarm(name, -effect, limit.unit, n)
