"""The preset `annual`: one challenger at a time, one test each, where there are hundreds of items a night."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.statistics.betting import wealth_detectable_effect
from evaluation.statistics.paired import ALPHA
from evaluation.statistics.size import design_effect, guardrail_power, required_items
from registry.guardrail import POINTS
from registry.policy import ANNUAL
from registry.simulate.contenders import first_nights, typical_detectable
from registry.simulate.rules import AnnualRule, annual_level, annual_p_values
from registry.simulate.world import World, even_sizes, uneven_sizes
from registry.simulate.years import years_of_challengers

EQUALS = {
    "100 | 60 even | 0": World(even_sizes(100, 60)),
    "100 | 60 even | 0.05": World(even_sizes(100, 60), icc=0.05),
    "100 | 60 uneven | 0.05": World(uneven_sizes(100, 60), icc=0.05),
    "150 | 150 even | 0.2": World(even_sizes(150, 150), icc=0.2),
    "700 | 60 even | 0": World(even_sizes(700, 60)),
}
"""Years in which nothing is better or worse."""
STEPS = {
    "100 | 60 even | 0": World(even_sizes(100, 60), 0.3, effect_sd=1.5),
    "100 | 60 even | 0.05": World(even_sizes(100, 60), 0.3, icc=0.05, effect_sd=1.5),
    "200 | 60 even | 0": World(even_sizes(200, 60), 0.3, effect_sd=1.5),
    "700 | 60 even | 0": World(even_sizes(700, 60), 0.3, effect_sd=1.5),
}
"""Years in which candidates differ: many by less than can be told."""


def lines(years: int, repetitions: int, seed: int) -> Iterator[str]:
    fdr = ANNUAL.year.fdr if ANNUAL.year else 0.0
    equal_years, step_years = max(1, years // 2), max(1, years // 10)
    yield f"### The preset annual: {equal_years:,} years a line, spread 20 points"
    yield ""
    yield f"Every candidate equals the champion (A/A). Promised: at most {fdr:.0%} of the years with a promotion,"
    yield "as each is a false discovery:"
    yield ""
    yield "| fresh items a night | channels | ICC | tests | false promotions | years with any | of a test |"
    yield "|---|---|---|---|---|---|---|"
    for name, world in EQUALS.items():
        yield f"| {name} | {_equals(world, equal_years, seed)} |"
    yield ""
    yield "“Of a test”: false promotions per test, and the level that LORD++ gave it on average."
    yield ""
    yield f"Candidates' true gains are normal with mean 0.3 and spread 1.5 points; {step_years:,} years a line:"
    yield ""
    yield "| fresh items a night | channels | ICC | tests | promotions | worse ones | beyond −1 | gain |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, world in STEPS.items():
        yield f"| {name} | {_steps(world, step_years, seed)} |"
    yield ""
    yield from _single(repetitions, seed)
    yield from _sets()


def _equals(world: World, years: int, seed: int) -> str:
    rule = AnnualRule.of(years)
    promotions = years_of_challengers(world, rule, years, seed)
    tests = sum(map(len, rule.tests))
    found, some, level = promotions.all.sum(), np.mean(promotions.all > 0), rule.levels / max(tests, 1)
    return f"{tests / years:.1f} | {found / years:.3f} | {some:.1%} | {found / max(tests, 1):.2%}, {level:.2%}"


def _steps(world: World, years: int, seed: int) -> str:
    rule = AnnualRule.of(years)
    gains = years_of_challengers(world, rule, years, seed).gains
    tests, worse, harm = sum(map(len, rule.tests)) / years, np.sum(gains < 0) / years, np.sum(gains < -1) / years
    return f"{tests:.1f} | {len(gains) / years:.1f} | {worse:.2f} | {harm:.2f} | {gains.sum() / years:+.1f}"


SINGLE = (
    ("600 in 24 clusters", even_sizes(600, 24), 0.0),
    ("600 in 24 clusters", even_sizes(600, 24), 0.05),
    ("600 in 150 clusters", even_sizes(600, 150), 0.0),
    ("1,200 in 400 clusters", even_sizes(1200, 400), 0.5),
    ("600 in 60 uneven clusters", uneven_sizes(600, 60), 0.0),
)


def _single(repetitions: int, seed: int) -> Iterator[str]:
    level = annual_level()
    yield f"One test, {repetitions:,} draws. Found at 5 % and at the first test's level of {level:.2%}, without a"
    yield f"difference; and at that level with a gain of {ANNUAL.target:.0f} points, the target, and of what the gate"
    yield "prints as detectable (on the median night):"
    yield ""
    yield "| items | ICC | at 5 % | at the level | target | detectable | found there |"
    yield "|---|---|---|---|---|---|---|"
    for name, sizes, icc in SINGLE:
        equal = World(sizes, icc=icc)
        mde = detectable(equal, seed, level)
        strict, usual = detection_rates(equal, (level, ALPHA), repetitions, seed)
        better = (World(sizes, gain, icc=icc) for gain in (ANNUAL.target, mde))
        target, there = (detection_rates(world, (level,), repetitions, seed + 1)[0] for world in better)
        yield f"| {name} | {icc} | {usual:.1%} | {strict:.2%} | {target:.1%} | {mde:.1f} | {there:.1%} |"
    yield ""


def detectable(world: World, seed: int, level: float) -> float:
    """By the clustered test and by the bettors."""
    return max(typical_detectable(world, seed, level), wealth_detectable_effect(world.sd, sum(world.sizes), 1 / level))


def detection_rates(world: World, levels: tuple[float, ...], repetitions: int, seed: int) -> list[float]:
    """Shares of draws in which the annual test, on all of the world's items, is at most each level."""
    p_values = np.concatenate([annual_p_values(drawn) for drawn in first_nights(world, repetitions, seed)])
    return [float(np.mean(p_values <= level)) for level in levels]


def _sets() -> Iterator[str]:
    tests = [limit for limit in ANNUAL.limits if limit.decides and limit.interval]
    power = guardrail_power(len(tests))
    margins = sorted({limit.margin for limit in tests if limit.unit == POINTS})
    yield f"How many items a guardrail's set must hold for a harmless candidate to pass it in {power:.0%} of cases, so"
    yield f"that it passes all {len(tests)} that are tested, and the test itself, in 80% (by formula, not simulated):"
    yield ""
    yield "| margin | no worse, spread 5 | 10 | 20 | 20, in clusters of 5, ICC 0.2 | 20, and better by 2 points |"
    yield "|---|---|---|---|---|---|"
    for margin in margins:
        equal = [required_items(sd, margin, power=power) for sd in (5, 10, 20)]
        alike = required_items(20, margin, design_effect(5, 0.2), power=power)
        better = required_items(20, margin + 2, power=power)
        yield f"| {margin} | {' | '.join(f'{items:,}' for items in (*equal, alike, better))} |"
    yield ""
