"""Whether a candidate becomes champion: a pure function of the evidence, of a policy fixed before it was seen, and of
the tests that were spent before.

Order of decision: blocked; promote if the test and every guardrail pass; reject if the test passes but a guardrail
fails, and underpowered if one can't be told; reject if the interval excludes any benefit; underpowered; else
inconclusive. With fewer items or clusters than the preset asks for, neither test nor interval is to be trusted: that is
underpowered, whatever they show.

What is measured of one export decides on that export alone, but for the base, without which no model ships.

A policy with a `year` decides by it (`registry.error_budget`), one that looks at one challenger after the other by
`registry.one_challenger`; any other decides every night anew, below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from errata.documents.comparison import Comparison
from errata.documents.decision import Cause, Decision, Look, TargetOutcome, TargetStatus, Verdict
from errata.documents.evidence import Evidence, Fault
from errata.documents.guardrail import GuardrailResult
from evaluation.statistics.paired import needed_items
from evaluation.statistics.size import effective_items, measured_design_effect
from registry import error_budget, one_challenger
from registry.history import GateHistory
from registry.policy import Policy
from registry.shrinkage import shrunken_effect
from registry.soundness import check_numbers


def decide(evidence: Evidence, policy: Policy, history: GateHistory | None = None) -> Decision:
    """`history` is of the tests spent before tonight, and of other models' effects; a verdict by a policy without a
    `year` doesn't ask for it."""
    evidence, history = check_numbers(evidence), history or GateHistory()
    results = guardrail_results(evidence, policy)
    faults = (*evidence.faults, *_faults(evidence, policy))
    # Faults come before everything: a verdict on evidence that isn't whole would be one on something else.
    if faults:
        look = _look(evidence, results, policy, history)
        over = policy.nights is not None and evidence.nights >= policy.nights  # who is blocked for ever holds no place
        decision = Decision("blocked", "faults", comparison=evidence.primary, faults=faults, look=look, final=over)
    elif policy.year is not None:
        decision = error_budget.decide(evidence, results, policy, policy.year, history)
    elif policy.sequential is not None:
        decision = one_challenger.decide(evidence, results, policy, policy.sequential, history)
    else:
        decision = _nightly(policy.robust(evidence.primary), results, policy, _look(evidence, results, policy, history))
    return replace(
        decision,
        preset=policy.as_preset(),
        guardrails=results,
        targets=target_outcomes(evidence, policy),
        judge=decision.judge or evidence.judge,
        alarms=evidence.alarms,
        shrunken=shrunken_effect(decision.comparison, history.effects),
    )


def guardrail_results(evidence: Evidence, policy: Policy) -> tuple[GuardrailResult, ...]:
    """Of every guardrail of the model that was measured, and of those that decide on it and were not."""
    measured = [policy.result(guardrail) for guardrail in evidence.guardrails if not policy.target_of(guardrail.name)]
    names = [guardrail.name for guardrail in evidence.guardrails]
    deciding = [limit for limit in policy.limits if limit.decides and not limit.target]
    missing = [limit for limit in deciding if not any(map(limit.covers, names))]
    return (*measured, *(policy.unmeasured(limit) for limit in missing))


def target_outcomes(evidence: Evidence, policy: Policy) -> tuple[TargetOutcome, ...]:
    """Of every export that has guardrails of its own, or of which there is none."""
    of_target = dict[str, list[GuardrailResult]]()
    for guardrail in evidence.guardrails:
        if target := policy.target_of(guardrail.name):
            of_target.setdefault(target, []).append(policy.result(guardrail))
    built = [TargetOutcome(target, _status(results), tuple(results)) for target, results in of_target.items()]
    unbuilt = [TargetOutcome(target, "held back", unbuilt=why) for target, why in evidence.unbuilt.items()]
    return (*built, *unbuilt)


def _status(results: Sequence[GuardrailResult]) -> TargetStatus:
    if any(result.harms for result in results):
        return "held back"
    return "not evaluable" if any(result.is_open for result in results) else "ships"


def passes(primary: Comparison, policy: Policy) -> bool:
    """Whether the candidate is better on fresh items, by a policy that decides every night anew.

    Both the t test and the bootstrap must say so: where a few clusters hold most of the items, the t test alone errs in
    11 of 100 nights instead of 5, and where clusters are few, the bootstrap alone in 6 (`registry.simulate`).
    """
    if not policy.is_large_enough(primary) or primary.p_value is None or primary.low is None:
        return False
    return primary.p_value <= policy.alpha and primary.low > policy.min_effect


def _nightly(primary: Comparison, results: tuple[GuardrailResult, ...], policy: Policy, look: Look | None) -> Decision:
    if passes(primary, policy):
        if any(result.harms for result in results):
            return Decision("reject", "better, but harmful", comparison=primary, look=look)
        if any(result.is_open for result in results):
            return Decision("underpowered", "guardrails not evaluable", comparison=primary, look=look)
        return Decision("promote", "better", comparison=primary, look=look)
    verdict, cause, needs = _not_better(primary, policy)
    return Decision(verdict, cause, comparison=primary, needs=needs, look=look)


def _not_better(primary: Comparison, policy: Policy) -> tuple[Verdict, Cause, int | None]:
    """Why a candidate that did not pass the test wasn't promoted, and how many more items would help."""
    if not policy.is_large_enough(primary):
        return "underpowered", "too few items", _missing_items(primary, policy)
    # Harm is shown before power is asked about: an interval below 0 needs no more items.
    if primary.high is not None and primary.high <= 0:
        return "reject", "worse" if primary.high < 0 else "no better", None
    if primary.mde is not None and primary.mde > policy.target:
        return "underpowered", "target not detectable", _missing_items(primary, policy)
    return "inconclusive", "no difference found", None if primary.needed is None else max(primary.needed - primary.n, 1)


def _missing_items(primary: Comparison, policy: Policy) -> int:
    """How many more items would make the target detectable; at least those that the preset's size asks for."""
    wanted = None if primary.mde is None else needed_items(primary.n, primary.mde, policy.target)
    return max(
        policy.min_items - primary.n,
        policy.min_clusters - primary.clusters,
        0 if wanted is None else wanted - primary.n,
    )


def _look(
    evidence: Evidence, results: tuple[GuardrailResult, ...], policy: Policy, history: GateHistory
) -> Look | None:
    if policy.year is not None:  # it looks by its own level, interval and, maybe, judge
        estimate = error_budget.primary_estimate(evidence, results, policy, policy.year)
        return error_budget.look_at(estimate, policy, policy.year, history)
    primary = policy.robust(evidence.primary)
    if policy.sequential is not None:
        return one_challenger.look_at(primary, policy, policy.sequential)
    if primary.se is None or primary.sd is None or primary.mde is None:
        return None
    return Look(
        items=effective_items(primary.n, primary.se, primary.sd),
        design_effect=measured_design_effect(primary.n, primary.se, primary.sd),
        level=policy.alpha,
        mde=policy.min_effect + primary.mde,
    )


def _faults(evidence: Evidence, policy: Policy) -> Iterator[Fault]:
    """What keeps the evidence from being judged at all, by what the policy asks of it."""
    primary = evidence.primary
    enough = policy.is_large_enough(primary)
    if enough and None in (primary.effect, primary.p_value, primary.low, primary.high, primary.mde):
        yield Fault("incomplete", "the comparison")
    measured = [guardrail.name for guardrail in evidence.guardrails]
    for name in dict.fromkeys(measured):
        if measured.count(name) > 1:
            yield Fault("measured twice", name)
    for limit in policy.limits:
        if limit.required and not limit.alarm and limit.name not in measured:
            yield Fault("not measured", limit.name)
    for guardrail in evidence.guardrails:
        own = policy.limit(guardrail.name)
        if own is None:
            yield Fault("of another preset", guardrail.name)
        elif (guardrail.margin, guardrail.required, guardrail.unit) != (own.margin, own.required, own.unit):
            yield Fault("other limits", guardrail.name)
