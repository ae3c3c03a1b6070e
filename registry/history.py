"""The tests that the gate has spent: what the next one's level depends on.

Nothing is kept for this: each decision stands in its night's outcome, outcomes are append-only, and the history is read
from them. Only tests count; a night that looked and did not test has cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from errata.documents.decision import SpentTest
from errata.documents.outcome import Outcome
from evaluation.statistics.online import lord_level, lord_wealth


@dataclass(frozen=True, slots=True)
class GateHistory:
    """Every test so far, in order, and every look at a contender."""

    tests: tuple[SpentTest, ...] = ()
    looks: tuple[str, ...] = ()
    """The model of each look that it could be judged by, spent or not."""

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> GateHistory:
        """From the outcomes of the finished nights, the oldest first; those of nights before there was a gate of this
        kind hold no test."""
        history = cls()
        for outcome in outcomes:
            for entry in outcome.decisions:
                history = history.after(entry.model, entry.decision.test)
        return history

    def after(self, model: str, test: SpentTest | None) -> GateHistory:
        """The history with one more look at `model`, and the test that it spent, if any."""
        return replace(self, tests=(*self.tests, test) if test else self.tests, looks=(*self.looks, model))

    def nights(self, model: str) -> int:
        """Past looks at a model: one a night."""
        return self.looks.count(model)

    def level(self, fdr: float, wealth: float) -> float:
        """Of the next test, by LORD++."""
        return lord_level([test.discovery for test in self.tests], fdr, wealth)

    def spend(self, p_value: float, passed: bool, fdr: float, wealth: float) -> SpentTest:
        """The next test; `passed` says whether every guardrail did.

        Only a promotion counts as a discovery and earns budget: a find that a guardrail held back would else pay for
        later promotions, and the promise is about promotions.
        """
        level = self.level(fdr, wealth)
        discovery = passed and p_value <= level
        before = self.tests[-1].wealth if self.tests else wealth
        discoveries = 1 + sum(test.discovery for test in self.tests) if discovery else 0
        after = lord_wealth(before, level, discoveries, fdr, wealth)
        return SpentTest(len(self.tests) + 1, p_value, level, discovery, after)
