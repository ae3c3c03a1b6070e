"""Slices too small to judge alone: each borrows from the others."""

from __future__ import annotations

import math
from collections.abc import Sequence


def shrink(effects: Sequence[float], errors: Sequence[float]) -> list[float]:
    """Each effect, drawn towards their common mean the more, the less sure it is.

    A two-level normal model: the spread τ² between slices by DerSimonian & Laird 1986 (Controlled Clinical Trials
    7(3)), each slice's posterior mean by Efron & Morris 1975 (JASA 70(350)). `errors` are the effects' SEs, above 0.
    """
    between = between_variance(effects, errors)
    weights = [1 / (error**2 + between) for error in errors]
    centre = _weighted_mean(effects, weights)
    trust = [between / (between + error**2) for error in errors]
    return [centre + share * (effect - centre) for share, effect in zip(trust, effects, strict=True)]


def between_variance(effects: Sequence[float], errors: Sequence[float]) -> float:
    """τ² = max(0, (Q − (k−1))/(Σw − Σw²/Σw)), w = 1/SE², Q = Σ w (x − x̄_w)² (DerSimonian & Laird 1986).

    The divisor is reckoned as Σ_i w_i · Σ_{j≠i} w_j/Σw: beside one slice of hardly any error the difference would be
    lost in rounding.
    """
    if len(effects) < 2:
        return 0.0
    weights = [1 / error**2 for error in errors]
    centre = _weighted_mean(effects, weights)
    excess = math.fsum(w * (x - centre) ** 2 for w, x in zip(weights, effects, strict=True)) - (len(effects) - 1)
    total = math.fsum(weights)
    rests = (math.fsum(weights[:place]) + math.fsum(weights[place + 1 :]) for place in range(len(weights)))
    return max(0.0, excess / math.fsum(w * rest / total for w, rest in zip(weights, rests, strict=True)))


def _weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(w * x for w, x in zip(weights, values, strict=True)) / math.fsum(weights)
