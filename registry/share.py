"""A measured percentage against a fixed one, in the form that guardrails take."""

from __future__ import annotations

from errata.documents.comparison import Comparison


def point_comparison(measured: float | None, wanted: float, n: int) -> Comparison:
    """Percentage points of `measured` above `wanted`, of `n` items; without test or interval. None: nothing counts."""
    effect = None if measured is None else measured - wanted
    return Comparison(
        n=n,
        clusters=n,
        mean_new=measured,
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
