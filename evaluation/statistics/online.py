"""Many tests in a row: how strict each must be, so that few of those that pass are mistakes.

LORD++ keeps Σ α_j ≤ α · max(1, discoveries) at every moment, however many tests have been made. What follows from it
depends on the p-values:

- If each p-value of a true null is super-uniform given the tests before it, P(p_t ≤ u | past) ≤ u, the marginal rate
  mFDR = E[false discoveries]/E[max(1, discoveries)] is at most α at every moment. Levels may depend on all that came
  before; discoveries may be fewer than the p-values at or below their level.
- That the expected *share* of false discoveries, FDR = E[false/max(1, discoveries)], is at most α was shown where the
  p-values of true nulls are independent of each other and of all others, and for some positive, local dependence.

Ramdas, Yang, Wainwright & Jordan 2017 (NeurIPS, arXiv 1710.00499); Javanmard & Montanari 2018 (Annals of Statistics
46(2)); Fisher 2021 (arXiv 2110.08161), on dependence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def gamma(test: int) -> float:
    """γ_t = 0.0772 · ln(max(t, 2))/(t · e^{sqrt(ln t)}), t from 1: the share of a budget that the t-th test gets.

    Javanmard & Montanari 2018, equation 31. They sum to 1 or less.
    """
    return 0.0772 * math.log(max(test, 2)) / (test * math.exp(math.sqrt(math.log(test))))


def lord_level(tests: Sequence[bool], fdr: float, wealth: float) -> float:
    """α_t = γ_t·w0 + (α − w0)·γ_{t−τ1} + α·Σ_{j≥2} γ_{t−τj} of the next test.

    `tests` says of each past test, in order, whether it was a discovery; τ_j is the j-th discovery's place, α = `fdr`
    and w0 = `wealth`, at most α.
    """
    now = len(tests) + 1
    discoveries = [place for place, discovery in enumerate(tests, start=1) if discovery]
    earned = [(fdr - wealth if rank == 0 else fdr) * gamma(now - at) for rank, at in enumerate(discoveries)]
    return wealth * gamma(now) + math.fsum(earned)


def lord_wealth(levels: Sequence[float], discoveries: int, fdr: float, wealth: float) -> float:
    """W_t = w0 − Σ_{j≤t} α_j, and + α − w0 for the first discovery and α for each later one: what is left after t tests
    at `levels`, with so many discoveries among them.
    """
    earned = fdr * discoveries - wealth if discoveries else 0.0
    return wealth - math.fsum(levels) + earned
