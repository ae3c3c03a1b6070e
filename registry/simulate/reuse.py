"""Why the items are fresh: a holdout that is used again every night, against one that is new every night."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from registry.simulate.world import Answers, Values

NIGHTS, ITEMS, SPREAD, STEP = 365, 300, 20.0, 0.4
"""Nights a year, items a night, spread of an item's difference and of the candidates' true gains, in points."""
_SE = SPREAD / ITEMS**0.5

Rule = Callable[[Values], Answers]
"""From the measured gains to who is promoted."""


def above(points: float) -> Rule:
    return lambda gains: np.asarray(gains > points)


def surer_than(level: float) -> Rule:
    """The one-sided lower bound at 1 − `level` is above 0."""
    return above(float(ndtri(1 - level)) * _SE)


RULES: tuple[tuple[str, bool, Rule], ...] = (
    ("the same items, “mean is higher”", False, above(0)),
    ("the same items, lower 95 % bound above 0", False, surer_than(0.05)),
    ("the same items, the same by Bonferroni", False, surer_than(0.05 / NIGHTS)),
    ("the same items, Ladder with η = SE", False, above(_SE)),
    ("fresh items, “mean is higher”", True, above(0)),
    ("fresh items, lower 95 % bound above 0", True, surer_than(0.05)),
)


@dataclass(frozen=True, slots=True)
class ReuseOutcome:
    """Means over the years."""

    promotions: float
    worse: float
    flattered: float
    """The champion's measured minus its true score at the end, in points."""
    gain: float
    """The champion's true gain in the year."""


def simulate_rule(rule: Rule, fresh: bool, years: int, seed: int) -> ReuseOutcome:
    """A model's measured score is its true one and a chance part of its own, normal, with SE/√2; new items, new chance.

    `flattered` is by the items on which the champion was chosen.
    """
    random = np.random.default_rng(seed)
    chance = _SE / 2**0.5
    true, luck = np.zeros(years), random.normal(0, chance, years)
    promotions, worse = np.zeros(years), np.zeros(years)
    for _ in range(NIGHTS):
        gain, new = random.normal(0, STEP, years), random.normal(0, chance, years)
        old = random.normal(0, chance, years) if fresh else luck
        promoted = rule(gain + new - old)
        true, luck = true + gain * promoted, np.where(promoted, new, luck)
        promotions, worse = promotions + promoted, worse + (promoted & (gain < 0))
    return ReuseOutcome(*(float(np.mean(values)) for values in (promotions, worse, luck, true)))


def lines(years: int, seed: int) -> Iterator[str]:
    yield f"### One holdout for ever, or fresh items: {ITEMS} items, {years:,} years a line"
    yield ""
    yield f"A candidate a night, whose true gain is normal with mean 0 and spread {STEP} points; spread of an item's"
    yield f"difference {SPREAD:.0f} points. “Flattered” is how much better the champion looks than it is:"
    yield ""
    yield "| rule | promotions | worse ones | flattered | true gain a year |"
    yield "|---|---|---|---|---|"
    for name, fresh, rule in RULES:
        mean = simulate_rule(rule, fresh, years, seed)
        yield f"| {name} | {mean.promotions:.1f} | {mean.worse:.1f} | {mean.flattered:+.2f} | {mean.gain:+.2f} |"
    yield ""
