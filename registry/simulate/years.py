"""Whole years of nights under a preset, many side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.history import NIGHTS_A_YEAR
from registry.simulate.contenders import Contenders
from registry.simulate.rules import AnnualRule, Rule, SequentialRule, small_rule
from registry.simulate.world import Answers, Values, World


@dataclass(frozen=True)
class Promotions:
    """Of each year; shape (years,)."""

    newcomers: Values
    """On a contender's first night."""
    waiting: Values
    """On a later one."""
    gains: Values
    """The true gains of all of them, in points; shape (promotions,)."""
    looks: Values

    @property
    def all(self) -> Values:
        return self.newcomers + self.waiting


def years_of_challengers(world: World, rule: SequentialRule | AnnualRule, years: int, seed: int) -> Promotions:
    """One challenger at a time; when it is gone, the next night's candidate is the next."""
    challengers = Contenders(world, years, np.random.default_rng(seed), rule.nights)
    newcomers, waiting, gains = np.zeros(years), np.zeros(years), list[Values]()
    for _ in range(NIGHTS_A_YEAR):
        challengers.gather()
        promoted, gone = rule(challengers)
        first = challengers.age == 1
        newcomers += promoted & first
        waiting += promoted & ~first
        gains.append(challengers.gain[promoted])
        challengers.renew(gone)
    return Promotions(newcomers, waiting, np.concatenate(gains), np.full(years, float(NIGHTS_A_YEAR)))


def years_of_small(world: World, years: int, seed: int) -> Promotions:
    """Every night has a newcomer, and a challenger that adds the night's items to those it has.

    Of two that pass, the one with the higher lower bound is promoted; of two that are undecided, it waits, as in
    `registry.gate_result`. The bound is the t test's.
    """
    random, all_of_them = np.random.default_rng(seed), np.ones(years, dtype=bool)
    new, old = (Contenders(world, years, random, NIGHTS_A_YEAR) for _ in range(2))
    # Who waits for nothing gathers items all the same, and nobody looks.
    waits = np.zeros(years, dtype=bool)
    newcomers, waiting, looks, gains = np.zeros(years), np.zeros(years), np.zeros(years), list[Values]()
    for _ in range(NIGHTS_A_YEAR):
        new.renew(all_of_them)
        new.gather()
        old.gather()
        (new_passed, new_gone), (old_passed, old_gone) = small_rule(new), small_rule(old)
        surer = waits & (old.comparisons().t_low >= new.comparisons().t_low)
        old_promoted = waits & old_passed & (surer | ~new_passed)
        new_promoted = new_passed & ~old_promoted
        newcomers, waiting, looks = newcomers + new_promoted, waiting + old_promoted, looks + 1 + waits
        gains += [new.gain[new_promoted], old.gain[old_promoted]]
        stays = waits & ~old_gone & (surer | new_gone) & ~new_promoted
        comes = ~new_gone & ~stays & ~old_promoted
        old.replace(comes, new)
        waits = stays | comes
    return Promotions(newcomers, waiting, np.concatenate(gains), looks)


def share_found(world: World, rule: Rule, nights: int, repetitions: int, seed: int) -> float:
    """Of so many challengers, those that are promoted within their first nights."""
    challengers = Contenders(world, repetitions, np.random.default_rng(seed), nights)
    found: Answers = np.zeros(repetitions, dtype=bool)
    gone: Answers = np.zeros(repetitions, dtype=bool)
    for _ in range(nights):
        challengers.gather()
        promoted, leaves = rule(challengers)
        found |= promoted & ~gone
        gone |= leaves
    return float(found.mean())
