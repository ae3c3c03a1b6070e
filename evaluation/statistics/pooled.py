"""Slices too small to judge alone: each borrows from the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


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
    """τ² of one set of slices, see `between_variances`."""
    return float(between_variances(np.array(effects), np.array(errors)))


def between_variances(effects: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """τ² = max(0, (Q − (k−1))/(Σw − Σw²/Σw)), w = 1/SE², Q = Σ w (x − x̄_w)² (DerSimonian & Laird 1986).

    Shapes (..., k) give (...). An infinite SE leaves a slice out; of fewer than two τ² is 0. The divisor is reckoned as
    Σ_i w_i · Σ_{j≠i} w_j/Σw: beside one slice of hardly any error the difference would be lost in rounding.
    """
    weights = 1 / errors**2
    count, total = (weights > 0).sum(axis=-1), weights.sum(axis=-1, keepdims=True)
    shares = weights / np.where(total > 0, total, 1.0)
    centre = (shares * effects).sum(axis=-1, keepdims=True)
    excess = (weights * (effects - centre) ** 2).sum(axis=-1) - (count - 1)
    divisor = (weights * (_sums_before(shares) + _sums_before(shares[..., ::-1])[..., ::-1])).sum(axis=-1)
    return np.where(count > 1, np.maximum(0.0, excess / np.where(divisor > 0, divisor, 1.0)), 0.0)


def _sums_before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each place, along the last axis, the sum of those before it."""
    return np.concatenate([np.zeros_like(values[..., :1]), np.cumsum(values[..., :-1], axis=-1)], axis=-1)


def _weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(w * x for w, x in zip(weights, values, strict=True)) / math.fsum(weights)
