"""Slices with too few items to judge alone: an alarm for people, never a decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from errata.documents.comparison import Comparison
from evaluation.statistics.pooled import shrunk
from registry.policy import Policy


def alarms(measured: Mapping[str, Comparison], policy: Policy) -> Iterator[str]:
    """A sentence for each small slice that seems to lose more than its margin, once it has borrowed from the others.

    `measured` are comparisons by guardrail; slices are those whose limit says `alarm`.
    """
    slices = {name: found for name, found in measured.items() if (limit := policy.limit(name)) and limit.alarm}
    known = {name: found for name, found in slices.items() if found.effect is not None and found.se}
    if not known:
        return
    effects = [found.effect or 0.0 for found in known.values()]
    drawn = shrunk(effects, [found.se or 1.0 for found in known.values()])
    for (name, found), effect in zip(known.items(), drawn, strict=True):
        limit = policy.limit(name)
        if limit and found.n < policy.least(name) and effect < -limit.margin:
            yield (
                f"Alarm: {name} seems to lose {-effect:.1f} {limit.unit}, drawn towards the other slices; its "
                f"{found.n} items are too few to decide by, so look at them."
            )
