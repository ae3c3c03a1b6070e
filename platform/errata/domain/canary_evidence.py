"""Is a canary corrected more often than the champion? An e-value says so, at whatever review one looks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from errata.domain.canary import CanaryReview

LARGEST = 700.0
"""Of a wealth's logarithm: e to more is no number of a computer's."""
RATES = 10
"""Correction rates that are bet on: the middles of as many equal parts of 0 to 1."""


def evidence(reviews: Sequence[CanaryReview], share: float) -> float:
    """The highest e-value that the reviews, in their order, have reached: 1 for none. It reaches 1/α with a probability
    of α at most where the canary isn't corrected more often than the champion."""
    of_canary = np.array([review.of_canary for review in reviews], dtype=bool)
    corrected = np.array([review.corrected for review in reviews], dtype=bool)
    highest = float(np.max(log_wealths(of_canary, corrected, share), initial=0.0))
    return math.exp(min(highest, LARGEST))


def log_wealths(of_canary: NDArray[np.bool_], corrected: NDArray[np.bool_], share: float) -> NDArray[np.float64]:
    """ln of the e-value against H0, "the canary is corrected no more often", after each review; all three of the shape
    (reviews,).

    Talks are drawn for the canary with the probability s = `share`, so that under equal rates s is also the
    probability that a corrected talk is the canary's, and a kept one. A bettor who believes in the correction rates
    p1 > p0 (canary, champion) multiplies their wealth by P(arm | outcome)/P(arm): p_arm/(s·p1 + (1−s)·p0) for a
    corrected talk, and the same of 1 − p for a kept one. Under H0 a corrected talk is the canary's with probability s
    at most, a kept one with s at least, and the factor is 1 at most in expectation; a mixture over all pairs of rates
    stays so (Turner, Ly & Grünwald 2024, J. Stat. Plan. Inference 230, "Generic E-variables for exact sequential
    k-sample tests that allow for optional stopping"; with corrections alone it is Lindon & Malek 2022, NeurIPS 35,
    "Anytime-valid inference for multinomial count data"). By Ville (1939) it ever reaches 1/α with probability α at
    most.

    It rests on the draw and on nothing else: talks may be alike, rates may change from day to day, and of those who
    use the answers some may report only what is wrong. What decides which talks are reviewed must not know who
    answered them.
    """
    champion, canary = _beliefs()
    either = share * canary + (1 - share) * champion
    # outcome (kept, corrected) × arm (champion, canary) × bettor
    factors = np.log(
        np.array(
            [[(1 - champion) / (1 - either), (1 - canary) / (1 - either)], [champion / either, canary / either]],
        )
    )
    wealths: NDArray[np.float64] = np.cumsum(factors[corrected.astype(int), of_canary.astype(int)], axis=0)
    mixed: NDArray[np.float64] = np.logaddexp.reduce(wealths, axis=1) - math.log(len(champion))
    return mixed


def _beliefs() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The champion's and the canary's correction rate, as each bettor has them: all pairs of which the canary's is
    higher."""
    rates = (np.arange(RATES) + 0.5) / RATES
    lower, higher = np.triu_indices(RATES, k=1)
    return rates[lower], rates[higher]
