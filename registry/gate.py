"""Whether a candidate becomes champion: a pure function of the evidence, of a policy fixed before it was seen, and of
the tests that were spent before.

Order of decision: blocked; promote if the test and every evaluable guardrail pass; reject if the test passes but a
guardrail fails, or if the interval excludes any benefit; underpowered; else inconclusive. With fewer items or clusters
than the preset asks for, neither test nor interval is to be trusted: that is underpowered, whatever they show.

A policy with a `year` decides by it (`registry.annual`); one without decides every night anew, below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from errata.documents.comparison import Comparison
from evaluation.statistics import needed_items
from evaluation.statistics.size import effective_items, measured_design_effect
from registry import annual, reasons
from registry.decision import Decision, Evidence, Look, Verdict, sound
from registry.guardrail import Guardrail, Limit, Status
from registry.guardrail import status as status_of
from registry.history import History
from registry.policy import ANNUAL, PRESETS, SMALL, Policy, preset

__all__ = [
    "ANNUAL",
    "PRESETS",
    "SMALL",
    "Decision",
    "Evidence",
    "Guardrail",
    "History",
    "Limit",
    "Policy",
    "Status",
    "Verdict",
    "decide",
    "passes",
    "preset",
    "sound",
    "status",
]


def decide(evidence: Evidence, policy: Policy, history: History | None = None) -> Decision:
    """`history` is of the tests spent before tonight; a policy without a `year` doesn't ask for it."""
    evidence, history = sound(evidence), history or History()
    gaps = (*evidence.faults, *_gaps(evidence, policy))
    if gaps:
        look = _look(evidence, policy, history)
        found = Decision("blocked", (*gaps, reasons.finding(evidence.primary)), None, look)
    elif policy.year is None:
        found = _nightly(evidence, policy, _look(evidence, policy, history))
    else:
        found = annual.decide(evidence, policy, policy.year, failing(evidence, policy), history)
    known = f"Known error of the preset {policy.name}: {policy.known_error}"
    told = (reasons.detectable(found.look, evidence.primary), *reasons.guardrails(evidence, policy), *evidence.notes)
    return replace(found, reasons=(*found.reasons, *told, known))


def passes(primary: Comparison, policy: Policy) -> bool:
    """Whether the candidate is better on fresh items, by a policy that decides every night anew.

    Both the t test and the bootstrap must say so: where a few clusters hold most of the items, the t test alone errs in
    11 of 100 nights instead of 5, and where clusters are few, the bootstrap alone in 6 (`registry.simulate`).
    """
    if not _enough(primary, policy) or primary.p_value is None or primary.low is None:
        return False
    return primary.p_value <= policy.alpha and primary.low > 0


def status(guardrail: Guardrail, policy: Policy) -> Status:
    return status_of(guardrail, policy.least(guardrail.name))


def failing(evidence: Evidence, policy: Policy) -> list[str]:
    """The guardrails that fail, of those that decide."""
    deciding = [rail for rail in evidence.guardrails if (limit := policy.limit(rail.name)) and limit.decides]
    return [rail.name for rail in deciding if status(rail, policy) == "failed"]


def _nightly(evidence: Evidence, policy: Policy, look: Look | None) -> Decision:
    primary, failed = evidence.primary, failing(evidence, policy)
    finding = reasons.finding(primary)
    if passes(primary, policy):
        if failed:
            cause = f"It is better on fresh items, but fails {' and '.join(failed)}."
            return Decision("reject", (cause, finding), None, look)
        return Decision("promote", ("It is better on fresh items.", finding), None, look)
    verdict, cause, needs = _undecided(primary, policy)
    return Decision(verdict, (reasons.also_failed(cause, failed), finding), needs, look)


def _undecided(primary: Comparison, policy: Policy) -> tuple[Verdict, str, int | None]:
    """Why a candidate that did not pass the test wasn't promoted, and how many more items would help."""
    if not _enough(primary, policy):
        return "underpowered", _too_few(primary, policy), _short(primary, policy)
    if primary.high is not None and primary.high <= 0:
        cause = "It is worse" if primary.high < 0 else "It is no better"
        return "reject", f"{cause} on fresh items: the interval leaves no room for a benefit.", None
    if primary.mde is not None and primary.mde > policy.target:
        return "underpowered", _too_few(primary, policy), _short(primary, policy)
    cause = "The difference is too small to tell from none, on items that would have shown the gain aimed at."
    return "inconclusive", cause, None if primary.needed is None else max(primary.needed - primary.n, 1)


def _look(evidence: Evidence, policy: Policy, history: History) -> Look | None:
    if policy.year is not None:
        return annual.looked(annual.estimated(evidence, policy, policy.year), policy, policy.year, history)
    primary = evidence.primary
    if primary.se is None or primary.sd is None or primary.mde is None:
        return None
    return Look(
        items=effective_items(primary.n, primary.se, primary.sd),
        design_effect=measured_design_effect(primary.n, primary.se, primary.sd),
        level=policy.alpha,
        mde=primary.mde,
    )


def _enough(primary: Comparison, policy: Policy) -> bool:
    return primary.n >= policy.min_items and primary.clusters >= policy.min_clusters


def _gaps(evidence: Evidence, policy: Policy) -> Iterator[str]:
    """What keeps the evidence from being judged at all, one sentence each."""
    primary = evidence.primary
    if _enough(primary, policy) and None in (primary.effect, primary.p_value, primary.low, primary.high, primary.mde):
        yield "The comparison on fresh items is incomplete; score it again."
    measured = [guardrail.name for guardrail in evidence.guardrails]
    for name in dict.fromkeys(measured):
        if measured.count(name) > 1:
            yield f"{name} was measured more than once; keep one."
    for limit in policy.limits:
        if limit.required and not limit.alarm and limit.name not in measured:
            yield f"{limit.name} is required, but was not measured."
    for guardrail in evidence.guardrails:
        yield from _guardrail_gaps(guardrail, policy, _enough(primary, policy))


def _guardrail_gaps(guardrail: Guardrail, policy: Policy, enough: bool) -> Iterator[str]:
    """Without `enough` fresh items, too few for a guardrail are no fault of the artefact: the night is underpowered."""
    limit = policy.limit(guardrail.name)
    small = guardrail.n < policy.least(guardrail.name)
    if limit is None:
        yield f"{guardrail.name} is no guardrail of the preset {policy.name}."
    elif (guardrail.margin, guardrail.required, guardrail.unit) != (limit.margin, limit.required, limit.unit):
        yield f"{guardrail.name} was measured under other limits than the preset {policy.name} sets."
    elif not limit.required or limit.alarm or (small and not enough):
        return
    elif status(guardrail, policy) == "not evaluable":
        yield f"{guardrail.name} is required, but not evaluable: {reasons.size(guardrail, policy)}."


def _short(primary: Comparison, policy: Policy) -> int | None:
    """How many more items would make the target detectable; at least those that the preset's size asks for."""
    wanted = None if primary.mde is None else needed_items(primary.n, primary.mde, policy.target)
    return max(
        policy.min_items - primary.n,
        policy.min_clusters - primary.clusters,
        0 if wanted is None else wanted - primary.n,
    )


def _too_few(primary: Comparison, policy: Policy) -> str:
    if not _enough(primary, policy):
        return (
            f"{primary.n} fresh items from {primary.clusters} clusters are too few to judge by: "
            f"{policy.min_items} from {policy.min_clusters} are needed."
        )
    return f"{primary.n} items would only show a gain of {primary.mde:.1f} points; the target is {policy.target:.1f}."
