"""What must not get worse: what is allowed, and whether it passed.

All guardrails must pass, which is an intersection–union test (Berger 1982): each is tested at the full level, and
more of them make a promotion rarer, never likelier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.guardrail import Guardrail, Status
from evaluation.statistics.paired import non_inferiority_bound

POINTS = "points of F1"


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    """`slice_*` stands for every guardrail whose name begins so."""
    margin: float
    required: bool = False
    """It must be measured: what wasn't blocks."""
    unit: str = POINTS
    interval: bool = True
    """False where `bound` is the measured difference itself."""
    min_items: int | None = None
    """With fewer it isn't evaluable; None: the policy's."""
    alarm: bool = False
    """With fewer items it only raises an alarm; with as many, it must be evaluable like any other."""
    decides: bool = True
    """False: shown where it was measured, and nothing more."""
    target: str = ""
    """The one export that it ships or holds back; empty where it decides on the model."""

    def covers(self, name: str) -> bool:
        return name.startswith(self.name[:-1]) if self.name.endswith("*") else name == self.name


def point_comparison(measured: float | None, wanted: float, n: int) -> Comparison:
    """Percentage points of `measured` above `wanted`, of `n` items; without test or interval. None: nothing counts."""
    effect = None if measured is None else measured - wanted
    means = replace(NOTHING, n=n, clusters=n, mean_new=measured, mean_old=wanted)
    return replace(means, effect=effect, low=effect, high=effect)


def make_guardrail(name: str, comparison: Comparison, limit: Limit, clusters: float) -> Guardrail:
    """`clusters` give the degrees of freedom. Like a primary test, the bound asks both t test and bootstrap, and takes
    the worse one."""
    return Guardrail(
        name=name,
        n=comparison.n,
        effect=comparison.effect,
        bound=_bound(comparison, clusters) if limit.interval else comparison.effect,
        margin=limit.margin,
        required=limit.required,
        unit=limit.unit,
    )


def status(guardrail: Guardrail, min_items: int) -> Status:
    """A set is too small for its test, and not evaluable, where even no difference at all could not have passed it.

    It still fails where the whole interval lies below zero: then it shows harm, however wide it is.
    """
    if guardrail.n < min_items or guardrail.effect is None or guardrail.bound is None:
        return "not evaluable"
    # At the margin itself the non-inferiority test has p = alpha, which passes, as it does in the primary test.
    if guardrail.bound >= -guardrail.margin:
        return "passed"
    reach = guardrail.effect - guardrail.bound
    return "not evaluable" if reach > guardrail.margin and guardrail.effect + reach >= 0 else "failed"


def _bound(comparison: Comparison, clusters: float) -> float | None:
    if comparison.effect is None or comparison.se is None or comparison.low is None:
        return None
    return min(non_inferiority_bound(comparison.effect, comparison.se, clusters), comparison.low)
