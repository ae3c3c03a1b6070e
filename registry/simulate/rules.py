"""What each preset says of many contenders on one night; guardrails pass, but for the one on collapses, which is
measured on the same items as the gain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np

from errata.errors import BadInput
from evaluation.statistics.online import lord_level
from evaluation.statistics.sequential import boundary
from registry.policy import ANNUAL, SEQUENTIAL, SMALL, Policy, Sequential, Year
from registry.simulate.comparisons import Comparisons, collapse_bounds, statuses
from registry.simulate.contenders import Contenders
from registry.simulate.world import Answers, Values

_PLAIN_Z = 1.2
"""Standard errors that a difference of two shares surely reaches where its interval at 5 % excludes 0."""
_SURELY_NOT_WORSE = 0.85
"""A p-value up to which no interval lies below 0."""


class Verdicts(NamedTuple):
    """Of each contender; who is neither waits."""

    promoted: Answers
    gone: Answers
    """Promoted, rejected, or out of time."""


class Rule(Protocol):
    """A preset's. One that keeps account of a year is made anew for each set of years."""

    def __call__(self, contenders: Contenders) -> Verdicts: ...


def is_large_enough(compared: Comparisons, policy: Policy) -> Answers:
    return np.asarray((compared.n >= policy.min_items) & (compared.clusters >= policy.min_clusters))


def passes_small(compared: Comparisons) -> Answers:
    """`registry.gate.passes`: the bootstrap is asked only where the t test says yes."""
    passed = is_large_enough(compared, SMALL) & (compared.p_value <= SMALL.alpha)
    passed[passed] = compared.subset(passed).low > 0
    return passed


def collapse_statuses(contenders: Contenders, policy: Policy, which: Answers) -> tuple[Answers, Answers, Answers]:
    """Which of those asked about pass the guardrail on collapses, which fail it, and which of these surely."""
    limit = policy.limit("collapses")
    if limit is None:
        raise BadInput(f"the preset {policy.name} has no guardrail on collapses")
    passed, failed, harmed = np.zeros_like(which), np.zeros_like(which), np.zeros_like(which)
    if which.any():
        collapses = contenders.collapses().subset(which)
        bounds = collapse_bounds(collapses, limit.margin, robust=policy.holds_one)
        passed[which], failed[which] = statuses(collapses.effect, bounds, limit.margin)
        harmed[which] = failed[which] & (2 * collapses.effect - bounds < 0)
    return passed, failed, harmed


def may_have_collapsed(contenders: Contenders) -> Answers:
    """Of whom the guardrail may surely fail: others need not be asked, which takes long. Tango's interval reaches as
    far as the plain one of two shares, and then some."""
    better, worse = contenders.better.sum(axis=0), contenders.worse.sum(axis=0)
    return np.asarray(worse - better > _PLAIN_Z * np.sqrt(worse + better))


def small_rule(contenders: Contenders) -> Verdicts:
    """The preset `small`, as `registry.gate` decides every night anew."""
    compared = contenders.comparisons()
    found = passes_small(compared)
    passed, failed, _ = collapse_statuses(contenders, SMALL, found)
    rejected = is_large_enough(compared, SMALL) & (compared.p_value > _SURELY_NOT_WORSE)
    rejected[rejected] = compared.subset(rejected).high <= 0
    return Verdicts(passed, passed | failed | rejected)


@dataclass
class SequentialRule:
    """The preset `sequential`, as `registry.one_challenger` decides."""

    rule: Sequential
    begun: Values
    """Challengers of each year so far."""

    @classmethod
    def of(cls, years: int) -> SequentialRule:
        if SEQUENTIAL.sequential is None:
            raise BadInput("the preset sequential has no rule to simulate")
        return cls(SEQUENTIAL.sequential, np.zeros(years))

    @property
    def nights(self) -> int:
        """So many each challenger waits at most."""
        return self.rule.nights

    def __call__(self, contenders: Contenders) -> Verdicts:
        rule = self.rule
        self.begun += contenders.age == 1
        compared, may = contenders.comparisons(), self.begun <= rule.challengers
        large = may & is_large_enough(compared, SEQUENTIAL)
        found = large & (contenders.log_wealth >= math.log(rule.challengers)) & (compared.robust_p_value <= rule.level)
        passed, _, harmed = collapse_statuses(contenders, SEQUENTIAL, found | may_have_collapsed(contenders))
        worse = large & ~found & (contenders.log_wealth_of_loss >= -math.log(rule.harm))
        promoted = found & passed
        return Verdicts(promoted, promoted | harmed | worse | (contenders.age >= rule.nights))


@dataclass
class AnnualRule:
    """The preset `annual`, as `registry.error_budget` decides."""

    year: Year
    tests: list[list[bool]]
    """Of each year, and whether each promoted."""
    levels: float = field(default=0.0, init=False)
    """Sum of all tests' levels: so many promotions are due where nothing is better."""

    @classmethod
    def of(cls, years: int) -> AnnualRule:
        return cls(annual_year(), [[] for _ in range(years)])

    @property
    def nights(self) -> int:
        """So many each challenger waits at most."""
        return self.year.nights

    def __call__(self, contenders: Contenders) -> Verdicts:
        compared, p_values = contenders.comparisons(), annual_p_values(contenders)
        large = is_large_enough(compared, ANNUAL)
        passed, failed, _ = collapse_statuses(contenders, ANNUAL, large & (compared.n >= self.year.items))
        # Where the guardrail can't tell yet, the test waits.
        tested, promoted = passed | failed, np.zeros_like(passed)
        for at in np.flatnonzero(tested).tolist():
            level = annual_level(tuple(self.tests[at]))
            promoted[at] = passed[at] and p_values[at] <= level
            self.tests[at].append(bool(promoted[at]))
            self.levels += level
        hopeless = large & ~tested & (compared.effect < self.year.futile)
        hopeless[hopeless] = cannot_gain(compared.subset(hopeless), self.year)
        return Verdicts(promoted, tested | hopeless | (contenders.age >= self.year.nights))


def annual_year() -> Year:
    if ANNUAL.year is None:
        raise BadInput("the preset annual has no budget to simulate")
    return ANNUAL.year


@lru_cache(maxsize=100_000)
def annual_level(tests: Sequence[bool] = ()) -> float:
    """Of the next test, after those."""
    year = annual_year()
    return lord_level(tests, year.fdr, year.wealth)


def annual_p_values(contenders: Contenders) -> Values:
    """Of the clustered test and of the bettors, the larger one."""
    bet = np.exp(-np.maximum(contenders.log_wealth, 0))
    return np.maximum(contenders.comparisons().robust_p_value, bet)


def cannot_gain(compared: Comparisons, year: Year) -> Answers:
    """Whom the interval lets go that holds at every look: less is left than is worth waiting for."""
    items = np.minimum(compared.n, compared.sd**2 / compared.jackknife_se**2)
    half = np.array([boundary(said, year.confidence, year.tuned_to) for said in items.tolist()])
    return np.asarray(compared.effect + compared.sd * half < year.futile)
