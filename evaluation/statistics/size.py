"""How much items say: what clusters cost, and how many items a test needs.

What a night needs is reckoned from the night's own error (`paired.needed_items`); `required_items` is for planning,
before there is one: `python -m registry.simulate` prints how large the guardrails' sets must be.
"""

from __future__ import annotations

import math

from evaluation.statistics.paired import ALPHA, POWER


def design_effect(size: float, icc: float) -> float:
    """1 + (m−1) · ICC, for clusters of m items each (Kish 1965): so many times more items are needed than strangers."""
    return 1 + (size - 1) * icc


def measured_design_effect(n: int, se: float, sd: float) -> float | None:
    """n · SE²/σ_d², at least 1: the design effect that the clusters' SE shows (Miller 2024, arXiv 2411.00640).

    Below 1, alike clusters would make items count more than once: by chance far oftener than in truth. None without
    spread.
    """
    if sd == 0:
        return None
    ratio = se / sd
    return max(1.0, n * ratio * ratio)


def effective_items(n: int, se: float, sd: float) -> float:
    """n/deff: as many independent items would say as much; without spread, all of them."""
    effect = measured_design_effect(n, se, sd)
    return float(n) if effect is None else n / effect


def required_items(sd: float, margin: float, deff: float = 1.0, alpha: float = ALPHA, power: float = POWER) -> int:
    """n = ((z_{1−α} + z_{power}) · σ_d/δ)² · deff (Lehr 1992; Wellek 2010 for non-inferiority).

    For superiority `margin` is the gain to be found; for non-inferiority what may be lost plus the true gain.
    """
    from scipy.special import ndtri

    return math.ceil(((float(ndtri(1 - alpha)) + float(ndtri(power))) * sd / margin) ** 2 * deff)


def guardrail_power(guardrails: int, power: float = POWER) -> float:
    """1 − β/(G+1): of each of G guardrails and the primary test, so that all pass with `power` in all.

    Schultzberg, Ankargren & Frånberg 2024 (arXiv 2402.11609). All must pass, an intersection–union test (Berger 1982),
    so that their levels need no correction.
    """
    return 1 - (1 - power) / (guardrails + 1)
