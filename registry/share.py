"""A measured percentage against a fixed one, in the form that guardrails take."""

from __future__ import annotations

from errata.documents.comparison import Comparison


def against(found: float | None, wanted: float, n: int) -> Comparison:
    """Percentage points of `found` above `wanted`, of `n` items; no test and no interval. None where nothing counts."""
    effect = None if found is None else found - wanted
    return Comparison(
        n=n,
        clusters=n,
        mean_new=found,
        mean_old=wanted,
        effect=effect,
        low=effect,
        high=effect,
        p_value=None,
        se=None,
        sd=None,
        mde=None,
        needed=None,
    )
