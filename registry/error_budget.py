"""The rule of a policy with a `year`: hold one challenger, look every night, test it once, and keep account.

Until a challenger has `year.items` fresh items, only an interval that holds at every look is looked at: it can let a
challenger go, never promote it, and costs nothing. Then the challenger's one test is spent, at the level that LORD++
allows after all tests before it. The test is two, and both must pass: a clustered t test, which sees what channels have
in common, and the wealth of those who bet on each item, which no rare collapse can fool.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from errata.documents.comparison import Comparison
from errata.documents.decision import Cause, Decision, Look, Shortfall, Verdict
from errata.documents.evidence import Evidence, JudgeSay
from errata.documents.guardrail import GuardrailResult
from evaluation.statistics.betting import wealth_detectable_effect
from evaluation.statistics.paired import detectable_effect
from evaluation.statistics.sequential import confidence_sequence, is_futile
from evaluation.statistics.size import effective_items, measured_design_effect
from registry.history import GateHistory
from registry.policy import Policy, Year

CONSISTENCY = "judge_consistency"


@dataclass(frozen=True, slots=True)
class PrimaryEstimate:
    """The primary comparison that counts: people's labels alone, or with the judge's help."""

    comparison: Comparison
    items: int
    """Behind it, judged ones included."""
    judge: JudgeSay | None
    """Whether the judge helped, and why; None without a judge."""


def decide(
    evidence: Evidence, results: Sequence[GuardrailResult], policy: Policy, year: Year, history: GateHistory
) -> Decision:
    """Of evidence without faults."""
    estimate = primary_estimate(evidence, results, policy, year)
    primary = estimate.comparison
    look = look_at(estimate, policy, year, history)
    shortfall = _shortfall(estimate, results, look, policy, year)
    if look is None or shortfall:
        decision = _wait(estimate, look, policy, year, evidence.nights)
        return replace(
            decision,
            comparison=primary,
            judge=estimate.judge,
            shortfall=None if decision.verdict == "reject" else shortfall,
        )
    # Here the one test is spent, whatever comes of it.
    p_value = max(_or_one(primary.p_value), math.exp(-max(evidence.primary.better_wealth or 0.0, 0.0)))
    harmed = any(result.harms for result in results)
    test = history.spend(p_value, not harmed, year.fdr, year.wealth)
    verdict: Verdict
    cause: Cause
    if test.discovery:
        verdict, cause = "promote", "better"
    elif test.p_value <= test.level:
        verdict, cause = "reject", "better, but harmful"
    else:
        verdict, cause = _not_better(look, policy, year)
    return Decision(verdict, cause, comparison=primary, judge=estimate.judge, look=look, test=test, final=True)


def primary_estimate(
    evidence: Evidence, results: Sequence[GuardrailResult], policy: Policy, year: Year
) -> PrimaryEstimate:
    """With the judge's help where that is valid and helps; else of people's labels alone, and the reason."""
    alone, powered = policy.robust(evidence.primary), evidence.powered
    if powered is None:
        return PrimaryEstimate(alone, alone.n, None)
    helped = policy.robust(powered.comparison)
    # The order is that in which a release owner can mend it: first whether the judge can be believed at all.
    consistent = any(result.name == CONSISTENCY and result.status == "passed" for result in results)
    if not consistent:
        judge = JudgeSay("unsteady")
    elif helped.n < year.judged_items:
        judge = JudgeSay("few labels", items=helped.n, asked=year.judged_items)
    elif powered.rho < year.judged_rho:
        judge = JudgeSay("unlike people", items=helped.n, rho=powered.rho, asked=year.judged_rho)
    elif helped.se is None or alone.se is None or helped.se >= alone.se:
        judge = JudgeSay("no surer")
    else:
        counts = JudgeSay("counts", items=powered.judged, rho=powered.rho)
        return PrimaryEstimate(helped, helped.n + powered.judged, counts)
    return PrimaryEstimate(alone, alone.n, judge)


def look_at(estimate: PrimaryEstimate, policy: Policy, year: Year, history: GateHistory) -> Look | None:
    """None where there is too little for a standard error, or where all items say less than one stranger."""
    comparison, level = estimate.comparison, history.level(year.fdr, year.wealth)
    if comparison.effect is None or comparison.se is None or comparison.sd is None:
        return None
    items = effective_items(estimate.items, comparison.se, comparison.sd)
    if items < 1:
        return None
    tested = detectable_effect(comparison.se, policy.degrees(comparison), level)
    low, high = confidence_sequence(comparison.effect, comparison.sd, items, year.confidence, year.tuned_to)
    return Look(
        items=items,
        design_effect=measured_design_effect(estimate.items, comparison.se, comparison.sd),
        level=level,
        mde=policy.min_effect + max(tested, wealth_detectable_effect(comparison.sd, estimate.items, 1 / level)),
        low=low,
        high=high,
    )


def _shortfall(
    estimate: PrimaryEstimate, results: Sequence[GuardrailResult], look: Look | None, policy: Policy, year: Year
) -> Shortfall | None:
    """What the test still waits for; None where it is due."""
    few = _items(estimate, look) < year.items or not policy.is_large_enough(estimate.comparison)
    guardrails = tuple(result.name for result in results if result.is_open)
    return Shortfall(few, guardrails) if few or guardrails else None


def _items(estimate: PrimaryEstimate, look: Look | None) -> float:
    """People's items, or what they say with a judge's help, if that is more; 0 where they say nothing."""
    return 0.0 if look is None else max(float(estimate.comparison.n), look.items)


def _or_one(p_value: float | None) -> float:
    """A test that has no p-value must not pass."""
    return 1.0 if p_value is None else p_value


def _wait(estimate: PrimaryEstimate, look: Look | None, policy: Policy, year: Year, nights: int) -> Decision:
    """Of a look that spends no test."""
    verdict, cause = _not_better(look, policy, year)
    if verdict == "reject" and policy.is_large_enough(estimate.comparison):
        return Decision("reject", cause, look=look, final=True)
    verdict = "inconclusive" if verdict == "inconclusive" else "underpowered"
    if nights >= year.nights:
        return Decision(verdict, "let go", look=look, final=True)
    return Decision("underpowered", "waits", needs=_missing_items(estimate, look, policy, year), look=look)


def _not_better(look: Look | None, policy: Policy, year: Year) -> tuple[Verdict, Cause]:
    """Why a candidate that no test found better isn't promoted."""
    if look is None or look.low is None or look.high is None:
        return "underpowered", "too few items"
    if look.high < 0:
        return "reject", "worse"
    if is_futile(look.high, year.futile):
        return "reject", "gain ruled out"
    if look.mde > policy.target:
        return "underpowered", "target not detectable"
    return "inconclusive", "no difference found"


def _missing_items(estimate: PrimaryEstimate, look: Look | None, policy: Policy, year: Year) -> int:
    """About how many more fresh items bring the test, if they come in clusters like these."""
    clusters = policy.min_clusters - estimate.comparison.clusters
    if look is None or look.items == 0:
        return max(year.items - estimate.comparison.n, clusters, 1)
    # What a judge adds grows with people's items, as long as these are like the ones so far.
    missing = math.ceil(estimate.comparison.n * (year.items / _items(estimate, look) - 1))
    return max(missing, policy.min_items - estimate.comparison.n, clusters, 1)
