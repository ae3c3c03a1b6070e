"""The preset `small`: a test a night."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.paired import t_quantile
from registry.policy import SMALL
from registry.simulate.world import Answers, Nights, Values, World, even_sizes, uneven_sizes

LAYOUTS = {
    "65 items, 24 even clusters": even_sizes(65, 24),
    "65 items, 24 uneven clusters": uneven_sizes(65, 24),
    "40 items, 5 even clusters": even_sizes(40, 5),
    "40 items, 5 uneven clusters": uneven_sizes(40, 5),
}
LOOKS = 5
NIGHT = World(even_sizes(65, 24), icc=0.2)
"""What comes in on each night of a year."""


def passes(nights: Nights) -> Answers:
    """`registry.gate.passes` of many nights: the bootstrap is asked only where the t test says yes."""
    passed = nights.p_value <= SMALL.alpha
    passed[passed] = nights.subset(passed).low > 0
    return passed


def lines(repetitions: int, years: int, seed: int) -> Iterator[str]:
    yield f"### The preset small: {repetitions:,} tests a line, spread 20 points"
    yield ""
    yield "No true difference. Found better by the gate's rule, by the t test alone and by the bootstrap alone, found"
    yield "worse, and how often the 90 % interval holds 0:"
    yield ""
    yield "| fresh items | ICC | found better | t test | bootstrap | found worse | interval holds 0 |"
    yield "|---|---|---|---|---|---|---|"
    for name, sizes in LAYOUTS.items():
        for icc in (0.0, 0.2, 0.5):
            yield f"| {name} | {icc} | {_errors(World(sizes, icc=icc).nights(repetitions, seed))} |"
    yield ""
    waiting = pass_rate_while_waiting(World((5,) * 24, icc=0.2).nights(repetitions, seed))
    yield f"No true difference, ICC 0.2, found better at one of {LOOKS} looks as 40 items in 8 clusters become 120 in"
    yield f"24: {waiting:.1%}."
    yield ""
    yield from _power(repetitions, seed)
    yield from _harmless(repetitions, seed)
    yield from _years(years, seed)


def _errors(nights: Nights) -> str:
    better, test, bootstrap = passes(nights), nights.p_value <= SMALL.alpha, nights.low > 0
    holds = (nights.low <= 0) & (nights.high >= 0)
    shares = (better, test, bootstrap, nights.high <= 0, holds)
    return " | ".join(f"{np.mean(share):.1%}" for share in shares)


def pass_rate_while_waiting(nights: Nights) -> float:
    """Share of challengers that pass at some look, where none passes once it was rejected."""
    passed = np.zeros(len(nights.sums), dtype=bool)
    rejected = np.zeros_like(passed)
    least = int(np.searchsorted(np.cumsum(nights.sizes), SMALL.min_items)) + 1
    for clusters in np.linspace(least, nights.clusters, LOOKS).astype(int):
        look = nights.first(int(clusters))
        passed |= ~rejected & passes(look)
        rejected |= look.high <= 0
    return float(np.mean(passed))


def _power(repetitions: int, seed: int) -> Iterator[str]:
    yield "True gain, ICC 0.2: how often it is found; and how often one of the size that the gate prints as detectable"
    yield "(the median night's) is:"
    yield ""
    yield "| fresh items | spread | +2 points | +5 points | detectable | found there |"
    yield "|---|---|---|---|---|---|"
    for name, sizes in LAYOUTS.items():
        for sd in (15.0, 20.0, 25.0):
            mde = World(sizes, sd=sd, icc=0.2).detectable(seed)
            small, large, there = (power(World(sizes, gain, sd, 0.2), repetitions, seed) for gain in (2.0, 5.0, mde))
            yield f"| {name} | {sd:.0f} | {small:.1%} | {large:.1%} | {mde:.1f} | {there:.1%} |"
    yield ""


def power(world: World, repetitions: int, seed: int) -> float:
    return float(np.mean(passes(world.nights(repetitions, seed))))


def _harmless(repetitions: int, seed: int) -> Iterator[str]:
    yield "Guardrail anchor (margin 3 points), no true difference: how often a harmless candidate passes, and fails."
    yield ""
    yield "| items | spread | passes | fails |"
    yield "|---|---|---|---|"
    for items, clusters in ((20, 8), (40, 15), (65, 24)):
        for sd in (2.0, 5.0, 10.0, 20.0):
            passed, failed = guardrail_outcomes(World(even_sizes(items, clusters), sd=sd).nights(repetitions, seed))
            yield f"| {items} in {clusters} clusters | {sd:.0f} | {np.mean(passed):.1%} | {np.mean(failed):.1%} |"
    yield ""


def guardrail_outcomes(nights: Nights) -> tuple[Answers, Answers]:
    """Which nights pass and fail the guardrail `anchor`, as `registry.guardrail.status` says."""
    limit = SMALL.limit("anchor")
    margin = limit.margin if limit else 0.0
    bound = np.minimum(nights.effect - t_quantile(1 - SMALL.alpha, nights.clusters) * nights.se, nights.low)
    reach = nights.effect - bound
    passed = bound >= -margin
    return passed, ~passed & ((reach <= margin) | (nights.effect + reach < 0))


def _years(years: int, seed: int) -> Iterator[str]:
    tests, promoted = year_of_equals(years, seed)
    items = sum(NIGHT.sizes)
    yield f"A year of 365 nights with {items} fresh items each (ICC 0.2), where every candidate equals the champion,"
    yield f"and one that waits is looked at again every night; {years:,} years: {promoted.mean():.1f} useless"
    yield f"promotions a year, {promoted.sum() / tests.sum():.1%} of the looks. Nothing bounds them: `annual` does."
    yield ""


def year_of_equals(years: int, seed: int) -> tuple[Values, Values]:
    """Looks and promotions of each year, where no candidate is better than the champion or worse.

    Every night has a newcomer, and a challenger that adds the night's items to those it has. Of two that are undecided
    the one with the higher lower bound waits, as in `registry.gate_result.next_challenger`; the bound is the t test's.
    """
    random = np.random.default_rng(seed)
    sizes, clusters = np.array(NIGHT.sizes, dtype=float), len(NIGHT.sizes)
    # Of the challenger: the sums of its differences, how many nights they are of (0: nobody waits), and what the items
    # of each cluster have in common, which stays with a model. Clusters are the same channels on every night.
    sums, age, shared = np.zeros((years, clusters)), np.zeros(years), np.zeros((years, clusters))
    looks, promoted = np.zeros(years), np.zeros(years)
    for _ in range(365):
        waiting, new_shared = age > 0, random.normal(size=(years, clusters))
        sums = sums + _night(np.where(waiting[:, None], shared, 0.0), sizes, random)
        new_sums = _night(new_shared, sizes, random)
        age = np.where(waiting, age + 1, 0)
        new_pass, new_out, new_low = _look(Nights(sizes, new_sums), np.ones(years))
        old_pass, old_out, old_low = _look(Nights(sizes, sums), age)
        looks += 1 + waiting
        promotion = new_pass | old_pass
        promoted += promotion
        stays = ~promotion & waiting & ~old_out & ((old_low >= new_low) | new_out)
        comes = ~promotion & ~new_out & ~stays
        sums = np.where(stays[:, None], sums, np.where(comes[:, None], new_sums, 0.0))
        shared = np.where(stays[:, None], shared, new_shared)
        age = np.where(stays, age, np.where(comes, 1, 0))
    return looks, promoted


def _night(shared: Values, sizes: Values, random: np.random.Generator) -> Values:
    own = random.normal(size=shared.shape)
    return np.asarray(NIGHT.sd * (NIGHT.icc**0.5 * sizes * shared + (1 - NIGHT.icc) ** 0.5 * np.sqrt(sizes) * own))


def _look(summed: Nights, nights: Values) -> tuple[Answers, Answers, Values]:
    """Of contenders with so many nights' items each: who passes, who is out, and the lower bounds of their effects."""
    present = nights > 0
    # As many nights of the same clusters' sizes: their mean has the effect and the error of all of them together.
    mean = Nights(summed.sizes, summed.sums / np.maximum(nights, 1)[:, None])
    passed, out = np.zeros_like(present), np.zeros_like(present)
    passed[present] = passes(mean.subset(present))
    # The bootstrap is slow: it is only asked of those whose interval may lie below 0 at all.
    doubtful = present & (mean.p_value > 0.85)
    out[doubtful] = mean.subset(doubtful).high <= 0
    return passed, out, mean.effect - t_quantile(1 - SMALL.alpha, mean.clusters) * mean.se
