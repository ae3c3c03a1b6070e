"""The three presets beside each other, in worlds that are normal and in worlds that aren't."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from evaluation.statistics.betting import wealth_detectable_effect
from registry.simulate.contenders import typical_detectable
from registry.simulate.rules import AnnualRule, SequentialRule, small_rule
from registry.simulate.world import World, even_sizes, uneven_sizes
from registry.simulate.years import Promotions, share_found, years_of_challengers, years_of_small

ITEMS, CHANNELS, SPREAD = 65, 24, 18.0
"""Of a night."""
GAINS = (3.0, 5.0)
SMALL_ITEMS, ANNUAL_ITEMS = 400, 600
"""Of one test whose power is shown."""
Layout = Callable[[int, int], tuple[int, ...]]
"""From items and channels to the items of each."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A world by its name, and how it spreads items over channels."""

    name: str
    world: World
    layout: Layout = even_sizes

    def with_items(self, items: int, gain: float) -> World:
        """The same when a contender has gathered so many: of the same channels, or of as many more."""
        clusters = len(self.world.sizes) if self.world.recurring else CHANNELS * items // ITEMS
        return replace(self.world, effect=gain, sizes=self.layout(items, clusters))


def night(channels: int = CHANNELS, layout: Layout = even_sizes, icc: float = 0.0) -> World:
    return World(layout(ITEMS, channels), sd=SPREAD, icc=icc)


def collapsing(share: float) -> Setting:
    """The others differ by little more than what they gain."""
    return Setting(f"{share:.1%} of items collapse", replace(night(), sd=3.0, collapsing=share))


SETTINGS = (
    Setting("normal, ICC 0", night()),
    Setting("normal, ICC 0.05", night(icc=0.05)),
    Setting("normal, ICC 0.2", night(icc=0.2)),
    Setting("spread 20, ICC 0.05", replace(night(icc=0.05), sd=20.0)),
    Setting("new channels, ICC 0.05", replace(night(icc=0.05), recurring=False)),
    Setting("new channels, ICC 0.2", replace(night(icc=0.2), recurring=False)),
    Setting("heavy tails, ICC 0.05", replace(night(icc=0.05), heavy=True)),
    Setting("5 channels, ICC 0.05", night(5, icc=0.05)),
    Setting("uneven channels, ICC 0.05", night(layout=uneven_sizes, icc=0.05), uneven_sizes),
    *(collapsing(share) for share in (0.005, 0.01, 0.02, 0.05)),
)


def lines(years: int, repetitions: int, seed: int) -> Iterator[str]:
    yield f"### Three presets in many worlds: {ITEMS} items a night, spread {SPREAD:.0f} points"
    yield ""
    yield f"A night's items come from {CHANNELS} channels, the same ones every night, and a model does with a channel"
    yield "as it did before, unless the line says otherwise. Heavy tails are Student's t with 3 degrees of freedom."
    yield "Items that collapse lose 60 points; the others gain what makes the mean the true one, with a spread of 3. Of"
    yield "the guardrails, `collapses` is simulated, on the same items; the others pass."
    yield ""
    yield from _useless(years, seed)
    yield from _found(repetitions, seed)
    yield from _detectable(repetitions, seed)


def _useless(years: int, seed: int) -> Iterator[str]:
    small_years, annual_years = max(1, years // 25), max(1, years // 2)
    yield "Every candidate equals the champion: useless promotions a year, of newcomers (on their first night) and of"
    yield f"challengers that wait, and the years with any; {years:,} years a line of `sequential`, {annual_years:,} of"
    yield f"`annual`, {small_years:,} of `small`:"
    yield ""
    yield "| world | small: new | waiting | years | sequential: new | waiting | years | annual: new | waiting | years |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for setting in SETTINGS:
        small = years_of_small(setting.world, small_years, seed)
        yield f"| {setting.name} | {_cells(small)} | {_held(setting, years, annual_years, seed)} |"
    yield ""


def _held(setting: Setting, years: int, annual_years: int, seed: int) -> str:
    sequential = years_of_challengers(setting.world, SequentialRule.of(years), years, seed)
    annual = years_of_challengers(setting.world, AnnualRule.of(annual_years), annual_years, seed)
    return f"{_cells(sequential)} | {_cells(annual)}"


def _cells(promotions: Promotions) -> str:
    new, waiting = promotions.newcomers.mean(), promotions.waiting.mean()
    return f"{new:.2f} | {waiting:.2f} | {np.mean(promotions.all > 0):.1%}"


def _found(repetitions: int, seed: int) -> Iterator[str]:
    count = max(1, repetitions // 4)
    yield f"A true gain: how often it is found by one test on {SMALL_ITEMS} items (`small`), within five nights"
    yield f"(`sequential`), and by a first test on {ANNUAL_ITEMS} items (`annual`); {count:,} challengers a cell:"
    yield ""
    presets = ("small", "sequential", "annual")
    cells = (f"{preset}: +{GAINS[0]:.0f} | +{GAINS[1]:.0f}" for preset in presets)
    yield f"| world | {' | '.join(cells)} |"
    yield "|---|---|---|---|---|---|---|"
    for setting in SETTINGS:
        shares = (found(setting, gain, count, seed) for gain in GAINS)
        by_preset = zip(*shares, strict=True)
        yield f"| {setting.name} | {' | '.join(f'{share:.1%}' for row in by_preset for share in row)} |"
    yield ""


def found(setting: Setting, gain: float, count: int, seed: int) -> tuple[float, float, float]:
    """The share of challengers of such a gain that `small`, `sequential` and `annual` find."""
    sequential = SequentialRule.of(count)
    return (
        share_found(setting.with_items(SMALL_ITEMS, gain), small_rule, 1, count, seed),
        share_found(replace(setting.world, effect=gain), sequential, sequential.nights, count, seed),
        share_found(setting.with_items(ANNUAL_ITEMS, gain), AnnualRule.of(count), 1, count, seed),
    )


def _detectable(repetitions: int, seed: int) -> Iterator[str]:
    count, rule = max(1, repetitions // 4), SequentialRule.of(1)
    yield "What `sequential` prints as detectable on a challenger's last night (the median one's), and how often a gain"
    yield f"of that size is found within the {rule.nights} nights; {count:,} challengers a line:"
    yield ""
    yield "| world | items | detectable | found there |"
    yield "|---|---|---|---|"
    for setting in SETTINGS[:4]:
        items = ITEMS * rule.nights
        mde = sequential_detectable(setting.with_items(items, 0.0), seed)
        share = share_found(replace(setting.world, effect=mde), SequentialRule.of(count), rule.nights, count, seed)
        yield f"| {setting.name} | {items} | {mde:.1f} | {share:.1%} |"
    yield ""


def sequential_detectable(world: World, seed: int) -> float:
    """By the clustered test and by the bettors."""
    rule = SequentialRule.of(1).rule
    bet = wealth_detectable_effect(world.sd, sum(world.sizes), rule.challengers)
    return max(typical_detectable(world, seed, rule.level), bet)
