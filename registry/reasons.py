"""A decision in sentences, for the release owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from errata.documents.comparison import Comparison
from registry.decision import Evidence, Look
from registry.guardrail import Guardrail, status
from registry.policy import Policy


def finding(primary: Comparison) -> str:
    if primary.effect is None:
        return "There is nothing to compare."
    where = f"on {primary.n} fresh items from {primary.clusters} clusters"
    if primary.low is None or primary.high is None or primary.p_value is None:
        return f"Against the champion: {primary.effect:+z.1f} points of F1 {where}."
    return (
        f"Against the champion: {primary.effect:+z.1f} points of F1 "
        f"(90 % interval {primary.low:+z.1f} to {primary.high:+z.1f}, p = {primary.p_value:.2g}) {where}."
    )


def detectable(look: Look | None, primary: Comparison) -> str:
    """What the items could have shown: with every verdict, so that nobody reads "not found" as "not there"."""
    if look is None or primary.sd is None:
        return "Detectable: nothing, with so few items or clusters."
    return (
        f"Detectable: a true gain of {look.mde:.1f} points in 80 of 100 tests at the level {look.level:.2g}; "
        f"with a spread of {primary.sd:.1f} points, the items say as much as {look.items:.0f} independent ones."
    )


def also_failed(cause: str, failed: Sequence[str]) -> str:
    """The verdict's cause, with the guardrails that fail besides."""
    return f"{cause} It also fails {' and '.join(failed)}." if failed else cause


def guardrails(evidence: Evidence, policy: Policy) -> Iterator[str]:
    for guardrail in evidence.guardrails:
        outcome = status(guardrail, policy.least(guardrail.name))
        limit = policy.limit(guardrail.name)
        aside = (
            "" if limit is None or limit.decides else f" (Shown only: the preset {policy.name} doesn't decide by it.)"
        )
        if outcome == "not evaluable":
            yield f"{guardrail.name}: not evaluable, {size(guardrail, policy)}.{aside}"
        else:
            yield (
                f"{guardrail.name}: {outcome}, {guardrail.effect:+z.1f} {guardrail.unit} and at worst "
                f"{guardrail.bound:+z.1f} on {guardrail.n} items; {-guardrail.margin:+z.1f} is allowed.{aside}"
            )
    names = [guardrail.name for guardrail in evidence.guardrails]
    for limit in policy.limits:
        if limit.decides and not any(limit.covers(name) for name in names):
            yield f"{limit.name.rstrip('_*')}: not evaluable, not measured."


def size(guardrail: Guardrail, policy: Policy) -> str:
    """Why a guardrail isn't evaluable."""
    least = policy.least(guardrail.name)
    if guardrail.n < least:
        return f"{guardrail.n} items where {least} are needed"
    if guardrail.effect is None or guardrail.bound is None:
        return "its items are of one cluster or lack a value"
    return (
        f"{guardrail.n} items tell the difference to within {guardrail.effect - guardrail.bound:.1f} {guardrail.unit}, "
        f"and {guardrail.margin:.1f} is asked"
    )
