"""Slices, and effects, too small to judge alone: each borrows from the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPREAD = 2.0
"""Points of F1: about the spread that true effects of candidates have before any is seen."""
_STEPS = 1_000


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


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of an effect."""

    mean: float
    below_zero: float
    """The probability that it is negative."""


def posterior(effect: float, error: float, others: Sequence[tuple[float, float]], spread: float = SPREAD) -> Posterior:
    """Of the true effect behind `effect`, with the SE `error`, once the `others` are seen: pairs of effect and SE.

    A two-level normal model: true effects are N(μ, τ²), μ is flat and τ half-normal with the scale `spread`, which is
    integrated over on a grid (Gelman 2006, Bayesian Analysis 1(3); Röver et al. 2021, Research Synthesis Methods 12(4),
    on that prior). Of the best of many, which are best by luck too, it takes away what luck has added (Efron 2011, JASA
    106(496), on the winner's curse). τ² by DerSimonian & Laird would often be 0 of few others, as if all were alike.
    Errors are above 0.
    """
    from scipy.special import ndtr

    effects, errors = (np.array(column)[:, None] for column in zip(*others, strict=True))
    widest = 4 * (spread + float(np.ptp(np.append(effects, effect))))
    tau = (np.arange(_STEPS) + 0.5) * widest / _STEPS
    weights = 1 / (errors**2 + tau**2)
    total = weights.sum(axis=0)
    centre = (weights * effects).sum(axis=0) / total
    variance = 1 / total + tau**2  # of one more true effect, before it is measured
    surprise = (weights * (effects - centre) ** 2).sum(axis=0) + (effect - centre) ** 2 / (variance + error**2)
    scale = np.log(weights).sum(axis=0) - np.log(total) - np.log(variance + error**2)
    log_density = 0.5 * (scale - surprise - (tau / spread) ** 2)
    density = np.exp(log_density - log_density.max())
    precision = 1 / variance + 1 / error**2
    means = (centre / variance + effect / error**2) / precision
    below = ndtr(-means * np.sqrt(precision))
    return Posterior(float(np.average(means, weights=density)), float(np.average(below, weights=density)))


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
