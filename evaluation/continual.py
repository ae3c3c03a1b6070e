"""What a model keeps of what it was taught, and what that helps with later: continual learning's own measures.

Everywhere `r` is a float array of shape (T+1, T), in points: `r[t, i]` is the score on task i (0 to T−1, in the order
in which they were taught) of the model that was taught the first t tasks; row 0 is the untrained one, Day-0. What was
not measured is NaN: each mean is over the terms that were, and NaN where none was. Higher is better.

The same words mean different things in different papers, so each function is one paper's or tool's definition.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

ScoreMatrix = npt.NDArray[np.float64]


def gem_acc(r: ScoreMatrix) -> float:
    """ACC = 1/T Σ_i R[T,i] (Lopez-Paz & Ranzato 2017, "Gradient Episodic Memory", arXiv 1706.08840)."""
    return _mean(r[-1])


def gem_bwt(r: ScoreMatrix) -> float:
    """BWT = 1/(T−1) Σ_{i<T} (R[T,i] − R[i,i]) (GEM). Negative: later tasks made earlier ones worse."""
    last = len(r) - 1
    return _mean(r[-1, task] - r[task + 1, task] for task in range(last - 1))


def gem_fwt(r: ScoreMatrix, untrained: ScoreMatrix | None = None) -> float:
    """FWT = 1/(T−1) Σ_{i≥2} (R[i−1,i] − b_i), b_i being the untrained model's score on task i (GEM).

    `untrained` has shape (T,); Day-0's row by default. GEM itself takes a model initialised at random.
    """
    before = r[0] if untrained is None else untrained
    return _mean(r[task, task] - before[task] for task in range(1, len(r) - 1))


def avalanche_forgetting(r: ScoreMatrix, now: int | None = None) -> float:
    """Mean over the tasks i before the `now`-th of R[i,i] − R[now,i]: first minus last, not best minus last.

    StreamForgetting of Avalanche (commit eb075be); the task taught last has none. `now` is T by default.
    """
    at = len(r) - 1 if now is None else now
    return _mean(r[task + 1, task] - r[at, task] for task in range(at - 1))


def avalanche_bwt(r: ScoreMatrix, now: int | None = None) -> float:
    """Avalanche's StreamBWT: its forgetting with the sign turned."""
    return 0.0 - avalanche_forgetting(r, now)  # not −x, which makes −0 of 0


def avalanche_fwt(r: ScoreMatrix) -> float:
    """Mean over the tasks i from the second on of R[i−1,i] − R[0,i], recorded right after task i−1 (Avalanche)."""
    return gem_fwt(r)


def chaudhry_forgetting(r: ScoreMatrix) -> float:
    """F = 1/(T−1) Σ_{i<T} (max_{l in 1..T−1} R[l,i] − R[T,i]): best minus last (Chaudhry et al. 2018, "Riemannian
    Walk", arXiv 1801.10112). Row 0 is not among the l: nothing had been taught."""
    taught = r[1:-1]
    return _mean(_best(taught[:, task]) - r[-1, task] for task in range(len(r) - 2))


def trace_op(r: ScoreMatrix, now: int | None = None) -> float:
    """OP_t = 1/t Σ_{i≤t} R[t,i] (Wang et al. 2023, "TRACE", arXiv 2310.06762); `now` is t, T by default."""
    at = len(r) - 1 if now is None else now
    return _mean(r[at, :at])


def trace_bwt(r: ScoreMatrix, now: int | None = None) -> float:
    """BWT_t = 1/t Σ_{i≤t} (R[t,i] − R[i,i]) (TRACE): divided by t, not t−1, the last term being 0."""
    at = len(r) - 1 if now is None else now
    return _mean(r[at, task] - r[task + 1, task] for task in range(at))


def general_ability_delta(now: Iterable[float], before: Iterable[float]) -> float:
    """ΔR^G_t = 1/M Σ_i (R^G[t,i] − R^G[0,i]) over M general benchmarks (TRACE); here they are Day-0's items."""
    return _mean(after - first for after, first in zip(now, before, strict=True))


def measures(r: ScoreMatrix) -> dict[str, float | None]:
    """All of them that follow from `r` alone, by name; None for what can't be told."""
    functions = (
        gem_acc,
        gem_bwt,
        gem_fwt,
        avalanche_forgetting,
        avalanche_bwt,
        avalanche_fwt,
        chaudhry_forgetting,
        trace_op,
        trace_bwt,
    )
    return {function.__name__: none_for_nan(function(r)) for function in functions}


def none_for_nan(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else float(value)


def _mean(terms: Iterable[float]) -> float:
    measured = [float(term) for term in terms if not math.isnan(term)]
    return math.fsum(measured) / len(measured) if measured else math.nan


def _best(column: ScoreMatrix) -> float:
    measured = column[~np.isnan(column)]
    return float(measured.max()) if len(measured) else math.nan
