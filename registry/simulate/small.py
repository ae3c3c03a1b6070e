"""The preset `small`: a test a night."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from registry.policy import SMALL
from registry.simulate.comparisons import Comparisons, statuses
from registry.simulate.contenders import draw_comparisons, typical_detectable
from registry.simulate.rules import passes_small, small_rule
from registry.simulate.world import Answers, World, even_sizes, uneven_sizes
from registry.simulate.years import share_found

LAYOUTS = {
    "65 items, 24 even clusters": even_sizes(65, 24),
    "65 items, 24 uneven clusters": uneven_sizes(65, 24),
    "40 items, 5 even clusters": even_sizes(40, 5),
    "40 items, 5 uneven clusters": uneven_sizes(40, 5),
}
LOOKS = 5
FEW_A_NIGHT = World(even_sizes(20, 4), icc=0.2, recurring=False)
"""Two nights of which are the least that is looked at."""


def lines(repetitions: int, seed: int) -> Iterator[str]:
    yield f"### The preset small: {repetitions:,} tests a line, spread 20 points"
    yield ""
    yield "No true difference. Found better by the gate's test, by the t test alone and by the bootstrap alone, found"
    yield "worse, and how often the 90 % interval holds 0; guardrails aside:"
    yield ""
    yield "| fresh items | ICC | found better | t test | bootstrap | found worse | interval holds 0 |"
    yield "|---|---|---|---|---|---|---|"
    for name, sizes in LAYOUTS.items():
        for icc in (0.0, 0.2, 0.5):
            yield f"| {name} | {icc} | {_errors(draw_comparisons(World(sizes, icc=icc), repetitions, seed))} |"
    yield ""
    waiting = share_found(FEW_A_NIGHT, small_rule, LOOKS + 1, repetitions, seed)
    yield f"No true difference, ICC 0.2, promoted at one of {LOOKS} looks as 40 items in 8 clusters become 120 in 24:"
    yield f"{waiting:.1%}."
    yield ""
    yield from _power(repetitions, seed)
    yield from _harmless(repetitions, seed)


def _errors(compared: Comparisons) -> str:
    better, test, bootstrap = passes_small(compared), compared.p_value <= SMALL.alpha, compared.low > 0
    holds = (compared.low <= 0) & (compared.high >= 0)
    shares = (better, test, bootstrap, compared.high <= 0, holds)
    return " | ".join(f"{np.mean(share):.1%}" for share in shares)


def _power(repetitions: int, seed: int) -> Iterator[str]:
    yield "True gain, ICC 0.2: how often it is found; and how often one of the size that the gate prints as detectable"
    yield "(the median night's) is:"
    yield ""
    yield "| fresh items | spread | +2 points | +5 points | detectable | found there |"
    yield "|---|---|---|---|---|---|"
    for name, sizes in LAYOUTS.items():
        for sd in (15.0, 20.0, 25.0):
            mde = typical_detectable(World(sizes, sd=sd, icc=0.2), seed)
            small, large, there = (power(World(sizes, gain, sd, 0.2), repetitions, seed) for gain in (2.0, 5.0, mde))
            yield f"| {name} | {sd:.0f} | {small:.1%} | {large:.1%} | {mde:.1f} | {there:.1%} |"
    yield ""


def power(world: World, repetitions: int, seed: int) -> float:
    return float(np.mean(passes_small(draw_comparisons(world, repetitions, seed))))


def _harmless(repetitions: int, seed: int) -> Iterator[str]:
    yield "Guardrail anchor (margin 3 points), no true difference: how often a harmless candidate passes, and fails;"
    yield "else it can't be told, which is no promotion."
    yield ""
    yield "| items | spread | passes | fails |"
    yield "|---|---|---|---|"
    for items, clusters in ((20, 8), (40, 15), (65, 24)):
        for sd in (2.0, 5.0, 10.0, 20.0):
            compared = draw_comparisons(World(even_sizes(items, clusters), sd=sd), repetitions, seed)
            passed, failed = anchor_statuses(compared)
            yield f"| {items} in {clusters} clusters | {sd:.0f} | {np.mean(passed):.1%} | {np.mean(failed):.1%} |"
    yield ""


def anchor_statuses(compared: Comparisons) -> tuple[Answers, Answers]:
    """Which pass and fail the guardrail `anchor`."""
    limit = SMALL.limit("anchor")
    bounds = np.minimum(compared.t_low, compared.low)
    return statuses(compared.effect, bounds, limit.margin if limit else 0.0)
