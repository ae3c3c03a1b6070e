"""Is the mean of bounded differences above a least gain, however they are spread? A bettor's wealth says so.

Where most items gain a little and a rare one loses nearly all, a mean of tens of items looks sure of itself until the
first loss is seen. A wealth doesn't: nobody gets rich by betting on gains that the next loss takes away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from errata.documents.comparison import Comparison
from evaluation.statistics.paired import POWER

BETS = 16
LARGEST_DIFFERENCE = 100.0
"""Points between the worst and the best F1."""


def bets() -> NDArray[np.float64]:
    """The share of the wealth that each of `BETS` bettors stakes: the middles of equal parts of 0 to 1."""
    return (np.arange(BETS) + 0.5) / BETS


def log_wealth(differences: Sequence[float], least: float = 0.0) -> float:
    """ln of the e-value against H0, "the mean difference is `least` at most": 0 of no items.

    W = mean over λ of Π_i (1 + λ · (d_i − δ)/(100 + δ)), for differences within ±100 and δ = `least` above −100: each
    factor is at least 0, and at most 1 in expectation under H0, so that W is a martingale or less. By Ville (1939) it
    reaches 1/α at any time with probability α at most, whatever the differences' distribution and however often one
    looks (Waudby-Smith & Ramdas 2024, JRSS B 86(1), "Estimating means of bounded random variables by betting", whose
    bets are adaptive; a mixture of constant ones is Cover's 1991 universal portfolio). The order of the items doesn't
    count. It takes the items for independent: what channels have in common, `paired` must tell.
    """
    gains = (np.asarray(differences, dtype=float) - least) / (LARGEST_DIFFERENCE + least)
    wealths = np.log1p(np.multiply.outer(bets(), gains)).sum(axis=1)
    return float(np.logaddexp.reduce(wealths)) - math.log(BETS)


def with_wealth(comparison: Comparison, differences: Sequence[float], least: float = 0.0) -> Comparison:
    """`comparison` of these differences, with the wealth of those who bet on a gain of more than `least` points, and of
    those who bet on a loss."""
    losses = [-difference for difference in differences]
    return replace(comparison, better_wealth=log_wealth(differences, least), worse_wealth=log_wealth(losses))


def wealth_detectable_effect(sd: float, items: float, target: float) -> float:
    """The true gain, in points, for which the wealth reaches `target` after so many items 80 times in 100.

    (sqrt(2(ln target + 1)) + z_{power}) · sd/sqrt(n): a normal gain δ earns n·δ²/(2·sd²) nats on average, of which a
    mixture of bets keeps all but about one. `python -m registry.simulate` shows how near that is.
    """
    from scipy.special import ndtri

    return (math.sqrt(2 * (math.log(target) + 1)) + float(ndtri(POWER))) * sd / math.sqrt(items)
