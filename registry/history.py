"""The tests that the gate has spent: what the next one's level depends on.

Nothing is kept for this: each decision stands in its night's outcome, outcomes are append-only, and the history is read
from them. Only tests count; a night that looked and did not test has cost nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from errata.documents.decision import Decision, SpentTest
from errata.documents.outcome import Outcome
from evaluation.statistics.online import lord_level, lord_wealth

NIGHTS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class PastEffect:
    """What a contender's fresh items said at the last look at it, in points of F1 against its champion."""

    model: str
    effect: float
    se: float


@dataclass(frozen=True, slots=True)
class GateHistory:
    """Every test so far, in order, and every look at a contender."""

    tests: tuple[SpentTest, ...] = ()
    looks: tuple[str, ...] = ()
    """The model of each look that it could be judged by, spent or not."""
    night: int = 0
    """How many have been, tonight not."""
    begun: Mapping[str, int] = field(default_factory=dict)
    """The night, from 1, on which each challenger was first bet on, by model."""
    effects: tuple[PastEffect, ...] = ()
    """Of each model whose effect has an error, one."""

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], approved: Collection[str] = ()) -> GateHistory:
        """From the outcomes of the finished nights, the oldest first; those of nights before there was a gate of this
        kind hold no test.

        Where two passed on one night, only the one that was promoted is a discovery, whatever was written then; so is
        one that people `approved` later, by the SHA-256 of its evidence. Until then it earns nothing.
        """
        history = cls()
        for outcome in outcomes:
            for entry in outcome.decisions:
                test, promoted = entry.decision.test, entry.promoted or entry.evidence in approved
                discovery = test and replace(test, discovery=test.discovery and promoted)
                history = history.after(entry.model, replace(entry.decision, test=discovery))
            history = replace(history, night=history.night + 1)
        return history

    def after(self, model: str, decision: Decision) -> GateHistory:
        """The history with one more look at `model`, the test that it spent, if any, and what the look saw."""
        tests = (*self.tests, decision.test) if decision.test else self.tests
        # Not by its number of looks: it may have waited under another preset before.
        begins = decision.wager is not None and model not in self.begun
        begun = {**self.begun, model: self.night + 1} if begins else self.begun
        effects, comparison = self.effects, decision.comparison
        if comparison is not None and comparison.effect is not None and comparison.se:
            effects = (*self.beside(model).effects, PastEffect(model, comparison.effect, comparison.se))
        looks = (*self.looks, model)
        return replace(self, tests=tests, looks=looks, begun=begun, effects=effects)

    def beside(self, model: str) -> GateHistory:
        """The same without what is known of this model's own effect."""
        return replace(self, effects=tuple(past for past in self.effects if past.model != model))

    def nights(self, model: str) -> int:
        """Past looks at a model: one a night."""
        return self.looks.count(model)

    def challengers_within_a_year(self) -> int:
        """How many began in the last 365 nights, tonight included."""
        return sum(night > self.night + 1 - NIGHTS_A_YEAR for night in self.begun.values())

    def level(self, fdr: float, wealth: float) -> float:
        """Of the next test, by LORD++."""
        return lord_level([test.discovery for test in self.tests], fdr, wealth)

    def spend(self, p_value: float, passed: bool, fdr: float, wealth: float) -> SpentTest:
        """The next test; `passed` says whether every guardrail did.

        Only a promotion counts as a discovery and earns budget: a find that a guardrail held back would else pay for
        later promotions, and the promise is about promotions.
        """
        level = self.level(fdr, wealth)
        return self.enter(p_value, level, passed and p_value <= level, fdr, wealth)

    def enter(self, p_value: float, level: float, discovery: bool, fdr: float, wealth: float) -> SpentTest:
        """A test at `level` as it stands in the account."""
        discoveries = [test.discovery for test in self.tests] + [discovery]
        levels = [test.level for test in self.tests] + [level]
        return SpentTest(len(levels), p_value, level, discovery, lord_wealth(levels, sum(discoveries), fdr, wealth))
