"""The rule of a sequential policy: one challenger at a time, looked at every night until its few nights are over.

People who bet on each item, from a stake of 1, that the challenger gains get rich if it does; if it doesn't, they ever
have T times their stake with probability 1/T at most, however often one looks (`evaluation.statistics.betting`). They
take items for independent, so that a clustered test must agree. With T challengers a year, one useless promotion a
year is the most to be expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, Look, Wager
from errata.documents.evidence import Evidence
from errata.documents.guardrail import GuardrailResult
from evaluation.statistics.betting import wealth_detectable_effect
from evaluation.statistics.paired import detectable_effect, t_quantile
from evaluation.statistics.size import effective_items, measured_design_effect
from registry.history import GateHistory
from registry.policy import Policy, Sequential

_LARGEST_EXPONENT = 700.0
"""Of a wealth that is still a number."""


def decide(
    evidence: Evidence, results: Sequence[GuardrailResult], policy: Policy, rule: Sequential, history: GateHistory
) -> Decision:
    """Of evidence without faults."""
    primary = policy.robust(evidence.primary)
    look = look_at(primary, policy, rule)
    if evidence.place_taken:
        return Decision("inconclusive", "place taken", comparison=primary, look=look, final=True)
    first_bet = evidence.nights == 1 if evidence.begins is None else evidence.begins
    begun = history.challengers_within_a_year() + first_bet
    if begun > rule.challengers:
        return Decision("inconclusive", "year is full", comparison=primary, look=look, final=True)
    wager = _wager(primary, evidence.nights, begun)
    return replace(_bet(primary, results, policy, rule, wager), comparison=primary, look=look, wager=wager)


def _bet(
    primary: Comparison, results: Sequence[GuardrailResult], policy: Policy, rule: Sequential, wager: Wager
) -> Decision:
    is_large_enough, harmed = policy.is_large_enough(primary), any(result.is_certain_harm for result in results)
    if is_large_enough and wager.wealth >= rule.challengers and wager.p_value <= rule.level:
        if harmed:
            return Decision("reject", "better, but harmful", final=True)
        # Of few items one that collapsed is many; the nights that are left may show that it was the only one.
        if any(result.harms for result in results):
            return _wait(Decision("underpowered", "better, but harmful"), rule, wager)
        if not any(result.is_open for result in results):
            return Decision("promote", "better", final=True)
        return _wait(Decision("underpowered", "guardrails not evaluable"), rule, wager)
    if is_large_enough and wager.worse >= 1 / rule.harm:
        return Decision("reject", "worse", final=True)
    if harmed:  # whatever more items show: the place is better held by another
        return Decision("reject", "harmful", final=True)
    return _wait(Decision("underpowered", "waits", needs=_missing_items(primary, policy, rule)), rule, wager)


def _wait(decision: Decision, rule: Sequential, wager: Wager) -> Decision:
    """The same, unless its last night is over: then it is let go, and the next candidate has the place."""
    return decision if wager.night < rule.nights else Decision("inconclusive", "let go", final=True)


def _missing_items(primary: Comparison, policy: Policy, rule: Sequential) -> int | None:
    """About how many more items would find the gain that was measured; None where none was.

    Both a wealth's logarithm and a test's squared t value grow with the items, if these stay alike.
    """
    if not policy.is_large_enough(primary):
        return max(policy.min_items - primary.n, policy.min_clusters - primary.clusters, 1)
    gain = (primary.effect or 0.0) - policy.min_effect
    if gain <= 0 or not primary.se or not primary.better_wealth or primary.better_wealth <= 0:
        return None
    bet = math.log(rule.challengers) / primary.better_wealth
    test = (t_quantile(1 - rule.level, policy.degrees(primary)) * primary.se / gain) ** 2
    return max(1, math.ceil(primary.n * (max(bet, test) - 1)))


def look_at(primary: Comparison, policy: Policy, rule: Sequential) -> Look | None:
    """None where there is too little for a standard error."""
    if not primary.se or not primary.sd:
        return None
    tested = detectable_effect(primary.se, policy.degrees(primary), rule.level)
    return Look(
        items=effective_items(primary.n, primary.se, primary.sd),
        design_effect=measured_design_effect(primary.n, primary.se, primary.sd),
        level=rule.level,
        mde=policy.min_effect + max(tested, wealth_detectable_effect(primary.sd, primary.n, rule.challengers)),
    )


def _wager(primary: Comparison, night: int, begun: int) -> Wager:
    # Where nobody bet, nobody has won; a test without a p-value must not pass.
    return Wager(
        wealth=_times(primary.better_wealth or 0.0),
        worse=_times(primary.worse_wealth or 0.0),
        p_value=1.0 if primary.p_value is None else primary.p_value,
        night=night,
        begun=begun,
    )


def _times(log_wealth: float) -> float:
    return math.exp(min(log_wealth, _LARGEST_EXPONENT))
