"""Looking every night without paying for it: an interval that holds at every look."""

from __future__ import annotations

import math


def boundary(items: float, alpha: float, tuned_to: float) -> float:
    """sqrt( (tρ²+1)/(t²ρ²) · ln( (tρ²+1)/α² ) ), t items, of variance 1: half the interval's width at any look.

    Asymptotic confidence sequence, two-sided at 1−α over all looks together: Waudby-Smith, Arbour, Sinha, Kennedy &
    Ramdas 2024 (Annals of Statistics 52(6), arXiv 2103.06476), by Robbins' normal mixture. ρ is the one that is
    narrowest at `tuned_to` items, see `tuning`.
    """
    squared = tuning(alpha, tuned_to) ** 2
    inflated = items * squared + 1
    return math.sqrt(inflated / (items**2 * squared) * math.log(inflated / alpha**2))


def tuning(alpha: float, items: float) -> float:
    """ρ = sqrt( (−2 ln α + ln(−2 ln α) + 1)/t* ): narrowest at t* items of variance 1 (ibid., appendix)."""
    twice = -2 * math.log(alpha)
    return math.sqrt((twice + math.log(twice) + 1) / items)


def confidence_sequence(
    effect: float, sd: float, effective: float, alpha: float, tuned_to: float
) -> tuple[float, float]:
    """The interval of a mean difference at any look, from `effective` independent items' worth.

    Differences are standardised first (divided by σ_d, and the interval multiplied by it): ρ is tuned for a variance of
    1, and points have another.
    """
    if sd == 0 or effective <= 0:
        return (effect, effect) if sd == 0 else (-math.inf, math.inf)
    half = sd * boundary(effective, alpha, tuned_to)
    return effect - half, effect + half


def is_futile(high: float, worthwhile: float) -> bool:
    """Whether the interval's upper end rules out the least gain that is worth waiting for."""
    return high < worthwhile
