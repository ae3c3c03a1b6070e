"""The rule of a policy with a `year`: hold one challenger, look every night, test it once, and keep account.

Until a challenger's fresh items say as much as `year.items` independent ones, only an interval that holds at every look
is looked at: it can let a challenger go, never promote it, and costs nothing. Then the challenger's one test is spent,
at the level that LORD++ allows after all tests before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from errata.documents.comparison import Comparison
from evaluation.statistics import detectable_effect
from evaluation.statistics.sequential import confidence_sequence, futile
from evaluation.statistics.size import effective_items, measured_design_effect
from registry import reasons
from registry.decision import Decision, Evidence, Look, Verdict
from registry.guardrail import status
from registry.history import History, SpentTest
from registry.policy import Policy, Year

CONSISTENCY = "judge_consistency"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The primary comparison that counts: people's labels alone, or with the judge's help."""

    comparison: Comparison
    items: int
    """Behind it, judged ones included."""
    heard: str
    """Whether the judge helped, and why; empty without a judge."""


def decide(evidence: Evidence, policy: Policy, year: Year, failed: Sequence[str], history: History) -> Decision:
    """Of evidence without gaps; `failed` names the guardrails that do."""
    estimate = estimated(evidence, policy, year)
    primary = estimate.comparison
    said = tuple(filter(None, (reasons.finding(primary), estimate.heard)))
    look = looked(estimate, policy, year, history)
    missing = tuple(_missing(evidence, estimate, look, policy, year))
    if look is None or missing:
        found = _waits(estimate, look, policy, year, evidence.nights)
        cause = " ".join((found.reasons[0], *missing)) if found.verdict != "reject" else found.reasons[0]
        return replace(found, reasons=(reasons.also_failed(cause, failed), *said))
    p_value = 1.0 if primary.p_value is None else primary.p_value
    test = history.spend(p_value, not failed, year.fdr, year.wealth)
    verdict, cause = _tested(test, look, policy, year, failed)
    spent = (
        f"This was test {test.number} of the budget: p = {p_value:.2g} against the level {test.level:.2g}; "
        f"{test.wealth:.3f} of it is left."
    )
    return Decision(verdict, (cause, *said, spent), None, look, test, final=True)


def estimated(evidence: Evidence, policy: Policy, year: Year) -> Estimate:
    """With the judge's help where that is valid and helps; else of people's labels alone, and the reason."""
    alone, powered = policy.robust(evidence.primary), evidence.powered
    if powered is None:
        return Estimate(alone, alone.n, "")
    helped = policy.robust(powered.comparison)
    consistency = next((rail for rail in evidence.guardrails if rail.name == CONSISTENCY), None)
    if consistency is None or status(consistency, policy.least(CONSISTENCY)) != "passed":
        why = "its two orders were not seen to agree often enough"
    elif helped.n < year.judged_items:
        why = f"{helped.n} items have a human label too, and {year.judged_items} are needed"
    elif powered.rho < year.judged_rho:
        why = f"its differences follow people's with ρ = {powered.rho:.2f}, and {year.judged_rho} is needed"
    elif helped.se is None or alone.se is None or helped.se >= alone.se:
        why = "it would not make the estimate surer"
    else:
        heard = f"The judge's {powered.judged} items count: its differences follow people's with ρ = {powered.rho:.2f}."
        return Estimate(helped, helped.n + powered.judged, heard)
    return Estimate(alone, alone.n, f"The judge has no say: {why}.")


def looked(estimate: Estimate, policy: Policy, year: Year, history: History) -> Look | None:
    """None where there is too little for a standard error, or where all items say less than one stranger."""
    found, level = estimate.comparison, history.level(year.fdr, year.wealth)
    if found.effect is None or found.se is None or found.sd is None:
        return None
    items = effective_items(estimate.items, found.se, found.sd)
    if items < 1:
        return None
    low, high = confidence_sequence(found.effect, found.sd, items, year.confidence, year.tuned_to)
    return Look(
        items=items,
        design_effect=measured_design_effect(estimate.items, found.se, found.sd),
        level=level,
        mde=detectable_effect(found.se, policy.degrees(found), level),
        low=low,
        high=high,
    )


def _tested(test: SpentTest, look: Look, policy: Policy, year: Year, failed: Sequence[str]) -> tuple[Verdict, str]:
    if test.found:
        return "promote", "It is better on fresh items."
    if test.p_value <= test.level:
        return "reject", f"It is better on fresh items, but fails {' and '.join(failed)}."
    verdict, cause = _not_better(look, policy, year)
    return verdict, reasons.also_failed(cause, failed)


def _missing(evidence: Evidence, estimate: Estimate, look: Look | None, policy: Policy, year: Year) -> Iterator[str]:
    """What the test still waits for, one sentence each."""
    found, items = estimate.comparison, 0.0 if look is None else look.items
    if items < year.items or not _broad(found, policy):
        yield (
            f"The fresh items say as much as {math.floor(items)} independent ones, from {found.clusters} clusters; the "
            f"test is spent at {year.items}, from {policy.min_clusters}."
        )
    for rail in evidence.guardrails:
        limit, least = policy.limit(rail.name), policy.least(rail.name)
        if limit and limit.alarm and rail.n >= least and status(rail, least) == "not evaluable":
            yield f"The test waits for {rail.name}, which isn't evaluable yet."


def _broad(found: Comparison, policy: Policy) -> bool:
    """Whether there is enough for the intervals, which are asymptotic, to be trusted at all."""
    return found.n >= policy.min_items and found.clusters >= policy.min_clusters


def _waits(estimate: Estimate, look: Look | None, policy: Policy, year: Year, nights: int) -> Decision:
    """Of a look that spends no test."""
    verdict, cause = _not_better(look, policy, year)
    if verdict == "reject" and _broad(estimate.comparison, policy):
        return Decision("reject", (cause,), None, look, final=True)
    verdict = "inconclusive" if verdict == "inconclusive" else "underpowered"
    if nights >= year.nights:
        cause = f"It has had its {year.nights} nights and is let go, untested."
        return Decision(verdict, (cause,), None, look, final=True)
    return Decision(verdict, ("It waits for its one test.",), _short(estimate, look, policy, year), look)


def _not_better(look: Look | None, policy: Policy, year: Year) -> tuple[Verdict, str]:
    """Why a candidate that no test found better isn't promoted."""
    if look is None or look.low is None or look.high is None:
        return "underpowered", "There is too little to look at."
    if look.high < 0:
        return "reject", "It is worse on fresh items: the interval leaves no room for a benefit."
    if futile(look.high, year.futile):
        cause = f"A gain of {year.futile} points is ruled out on fresh items: it isn't worth waiting for less."
        return "reject", cause
    if look.mde > policy.target:
        cause = f"The items would only show a gain of {look.mde:.1f} points; the target is {policy.target:.1f}."
        return "underpowered", cause
    return "inconclusive", "The difference is too small to tell from none, on items that would have shown the target."


def _short(estimate: Estimate, look: Look | None, policy: Policy, year: Year) -> int:
    """About how many more fresh items bring the test, if they come in clusters like these."""
    clusters = policy.min_clusters - estimate.comparison.clusters
    if look is None or look.items == 0:
        return max(year.items - estimate.comparison.n, clusters, 1)
    grown = math.ceil(estimate.comparison.n * (year.items / look.items - 1))
    return max(grown, policy.min_items - estimate.comparison.n, clusters, 1)
