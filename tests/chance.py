"""How far a simulated share may lie from the true one."""

from __future__ import annotations

import math


def slack(share: float, draws: int) -> float:
    """Three standard errors of a simulated share."""
    return 3 * math.sqrt(share * (1 - share) / draws)
