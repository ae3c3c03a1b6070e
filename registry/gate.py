"""Whether a candidate becomes champion: a pure function of the evidence and of a policy fixed before it was seen.

Order of decision: blocked; promote if the test and every evaluable guardrail pass; reject if the test passes but a
guardrail fails, or if the interval excludes any benefit; underpowered; else inconclusive. With fewer items or clusters
than the preset asks for, neither test nor interval is to be trusted: that is underpowered, whatever they show.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar

from errata.errors import BadInput
from evaluation.statistics import Comparison, needed_items, non_inferiority_bound

Verdict = Literal["promote", "reject", "inconclusive", "underpowered", "blocked"]
Status = Literal["passed", "failed", "not evaluable"]
Part = TypeVar("Part", Comparison, "Guardrail")


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One thing that must not get worse, as it was measured; made by `Policy.guardrail`."""

    name: str
    n: int
    effect: float | None
    """In `unit`; negative is worse."""
    bound: float | None
    """The worst that the effect may plausibly be, in `unit`. None where the set was too small to tell."""
    margin: float
    """Passed if `bound` is at least −margin."""
    required: bool
    unit: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.margin):
            raise ValueError(f"guardrail {self.name} has the margin {self.margin}; take it from the policy")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate sees."""

    primary: Comparison
    """F1 of candidate minus champion, on fresh items."""
    guardrails: tuple[Guardrail, ...]
    faults: tuple[str, ...] = ()
    """What is wrong with the evidence itself, one sentence each; any blocks."""

    def as_json(self) -> dict[str, Any]:
        """For the record: a value that is not a number is null there, and a fault, so that it stays blocked."""
        return asdict(sound(self))

    @classmethod
    def from_json(cls, value: Any) -> Evidence:
        """Raises BadInput where a value is missing or of the wrong type."""
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise BadInput(
                f"the evidence can't be read at {place} ({first['msg']}); score the candidate again"
            ) from error


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    margin: float
    required: bool = False
    """Not evaluable blocks."""
    unit: str = "points of F1"
    interval: bool = True
    """False where `bound` is the measured difference itself."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A preset of the gate, fixed before any data is seen and never tuned to it."""

    name: str
    min_items: int
    min_clusters: int
    alpha: float
    target: float
    """The gain, in points of F1, that the gate is built to find."""
    min_guardrail_items: int
    limits: tuple[Limit, ...]
    known_error: str
    """How often the preset is wrong, in words, as `python -m registry.simulate` measured it."""

    def guardrail(self, name: str, comparison: Comparison) -> Guardrail:
        """`comparison` of what is to ship with what it may not fall behind, under this policy's limit `name`.

        Like the primary test, the bound asks both the t test and the bootstrap, and takes the worse one.
        Raises KeyError for a name without a limit.
        """
        limit = {limit.name: limit for limit in self.limits}[name]
        return Guardrail(
            name=name,
            n=comparison.n,
            effect=comparison.effect,
            bound=_bound(comparison) if limit.interval else comparison.effect,
            margin=limit.margin,
            required=limit.required,
            unit=limit.unit,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    reasons: tuple[str, ...]
    """Sentences for the release owner: the verdict's cause first, each guardrail, the preset's known error last."""
    needs: int | None
    """About how many more fresh items would decide it; None where more items wouldn't help."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# Each number's reason, written down before the first candidate was scored:
#  40 items, 5 clusters  the least at which the test's error was seen to hold (`registry.simulate`); at a spread of 20
#                        points 40 items still find a gain of 8 to 10 points, which the first corrections often bring.
#  5 %, one-sided        one useless promotion in 20 tests, and a rollback is one command; a worse candidate has less.
#  2.0 points of F1      about what reusing one holdout every night inflates a champion by: less isn't worth a release.
#  anchor 3.0            what a slice may lose in the annual gate: tens of items can't tell a smaller loss from none.
#  day0_retention 3.0    the same against Day-0, so that many small losses can't add up unseen.
#  parity_server 0.5     merging in 16 bit or quantising to 8 should change next to no answer.
#  parity_device 1.0     4-bit weights cost a little; a reader doesn't see a point of F1.
#  parsable 0.5          an unreadable answer is a video without chapters: the worst there is. The measured shares are
#                        compared: no interval on tens of items could be that narrow.
#  20 items              fewer say so little that "failed" would only mean "too few".
# Parity and parsable are required: they are about the artefact that ships, and cost inference, not reviewers.
SMALL = Policy(
    name="small",
    min_items=40,
    min_clusters=5,
    alpha=0.05,
    target=2.0,
    min_guardrail_items=20,
    limits=(
        Limit("anchor", 3.0),
        Limit("day0_retention", 3.0),
        Limit("parity_server", 0.5, required=True),
        Limit("parity_device", 1.0, required=True),
        Limit("parsable", 0.5, required=True, unit="percentage points", interval=False),
    ),
    known_error=(
        "A candidate that is no better passes the test on fresh items in 3.6 to 5.8 of 100 tests (65 items in 24 "
        "clusters and 40 in 5, even and uneven, ICC 0 and 0.2). One that waits and is looked at 5 times, as 40 items "
        "become 120, passes at some look in 11.8 of 100. With ICC 0.2 and a spread of 15 to 25 points, a true gain of "
        "2 points is found in 7 to 22 of 100 tests, and one of 5 points in 15 to 71. (Simulated, normal differences, "
        "4,000 repetitions: python -m registry.simulate.)"
    ),
)


PRESETS = {SMALL.name: SMALL}


def preset(name: str) -> Policy:
    """Raises BadInput for a preset that isn't there."""
    if name not in PRESETS:
        raise BadInput(f"the gate has no preset {name!r}; set gate.preset in params.yaml to {' or '.join(PRESETS)}")
    return PRESETS[name]


def decide(evidence: Evidence, policy: Policy) -> Decision:
    evidence = sound(evidence)
    verdict, causes, needs = _judge(evidence, policy)
    known = f"Known error of the preset {policy.name}: {policy.known_error}"
    return Decision(verdict, (*causes, *_guardrail_sentences(evidence, policy), known), needs)


def passes(primary: Comparison, policy: Policy) -> bool:
    """Whether the candidate is better on fresh items.

    Both the t test and the bootstrap must say so: where a few clusters hold most of the items, the t test alone errs in
    11 of 100 nights instead of 5, and where clusters are few, the bootstrap alone in 6 (`registry.simulate`).
    """
    if not _enough(primary, policy) or primary.p_value is None or primary.low is None:
        return False
    return primary.p_value <= policy.alpha and primary.low > 0


def sound(evidence: Evidence) -> Evidence:
    """The same evidence, with every NaN or infinity turned into None and into a fault."""
    parts: list[tuple[str, Comparison | Guardrail]] = [("the comparison", evidence.primary)]
    parts += [(guardrail.name, guardrail) for guardrail in evidence.guardrails]
    faults = [
        f"{name} of {place} is {value}, not a number; score the candidate again."
        for place, part in parts
        for name, value in _broken(part).items()
    ]
    return Evidence(
        primary=_mended(evidence.primary),
        guardrails=tuple(_mended(guardrail) for guardrail in evidence.guardrails),
        faults=(*evidence.faults, *faults),
    )


def _mended(part: Part) -> Part:
    gone: dict[str, Any] = dict.fromkeys(_broken(part))
    return replace(part, **gone)


def _broken(part: Comparison | Guardrail) -> dict[str, float]:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {name: value for name, value in values.items() if isinstance(value, float) and not math.isfinite(value)}


def _judge(evidence: Evidence, policy: Policy) -> tuple[Verdict, tuple[str, ...], int | None]:
    primary = evidence.primary
    gaps = (*evidence.faults, *_gaps(evidence, policy))
    if gaps:
        return "blocked", gaps, None
    finding = _finding(primary)
    if passes(primary, policy):
        failed = [guardrail.name for guardrail in evidence.guardrails if status(guardrail, policy) == "failed"]
        if failed:
            cause = f"The candidate is better on fresh items, but fails {' and '.join(failed)}."
            return "reject", (cause, finding), None
        return "promote", ("The candidate is better on fresh items.", finding), None
    if not _enough(primary, policy):
        return "underpowered", (_too_few(primary, policy), finding), _short(primary, policy)
    if primary.high is not None and primary.high <= 0:
        cause = "The candidate is worse" if primary.high < 0 else "The candidate is no better"
        return "reject", (f"{cause} on fresh items: the interval leaves no room for a benefit.", finding), None
    if primary.mde is not None and primary.mde > policy.target:
        return "underpowered", (_too_few(primary, policy), finding), _short(primary, policy)
    cause = "The difference is too small to tell from none, on items that would have shown the gain aimed at."
    needs = None if primary.needed is None else max(primary.needed - primary.n, 1)
    return "inconclusive", (cause, finding), needs


def _enough(primary: Comparison, policy: Policy) -> bool:
    return primary.n >= policy.min_items and primary.clusters >= policy.min_clusters


def _gaps(evidence: Evidence, policy: Policy) -> Iterator[str]:
    """What keeps the evidence from being judged at all, one sentence each."""
    primary = evidence.primary
    if _enough(primary, policy) and None in (primary.effect, primary.p_value, primary.low, primary.high, primary.mde):
        yield "The comparison on fresh items is incomplete; score the candidate again."
    measured = [guardrail.name for guardrail in evidence.guardrails]
    for limit in policy.limits:
        if measured.count(limit.name) > 1:
            yield f"{limit.name} was measured more than once; keep one."
        if limit.required and limit.name not in measured:
            yield f"{limit.name} is required, but was not measured."
    for guardrail in evidence.guardrails:
        yield from _guardrail_gaps(guardrail, policy)


def _guardrail_gaps(guardrail: Guardrail, policy: Policy) -> Iterator[str]:
    limit = {limit.name: limit for limit in policy.limits}.get(guardrail.name)
    if limit is None:
        yield f"{guardrail.name} is no guardrail of the preset {policy.name}."
    elif (guardrail.margin, guardrail.required, guardrail.unit) != (limit.margin, limit.required, limit.unit):
        yield f"{guardrail.name} was measured under other limits than the preset {policy.name} sets."
    elif limit.required and status(guardrail, policy) == "not evaluable":
        yield f"{guardrail.name} is required, but not evaluable: {_size(guardrail, policy)}."


def status(guardrail: Guardrail, policy: Policy) -> Status:
    """A set is too small for its test, and not evaluable, where even no difference at all could not have passed it.

    It still fails where the whole interval lies below zero: then it shows harm, however wide it is.
    """
    if guardrail.n < policy.min_guardrail_items or guardrail.effect is None or guardrail.bound is None:
        return "not evaluable"
    # At the margin itself the non-inferiority test has p = alpha, which passes, as it does in the primary test.
    if guardrail.bound >= -guardrail.margin:
        return "passed"
    reach = guardrail.effect - guardrail.bound
    return "not evaluable" if reach > guardrail.margin and guardrail.effect + reach >= 0 else "failed"


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


def _finding(primary: Comparison) -> str:
    if primary.effect is None:
        return "There is nothing to compare."
    where = f"on {primary.n} fresh items from {primary.clusters} clusters"
    if primary.low is None or primary.high is None or primary.p_value is None:
        return f"Candidate minus champion: {primary.effect:+z.1f} points of F1 {where}."
    return (
        f"Candidate minus champion: {primary.effect:+z.1f} points of F1 "
        f"(90 % interval {primary.low:+z.1f} to {primary.high:+z.1f}, p = {primary.p_value:.2g}) {where}."
    )


def _guardrail_sentences(evidence: Evidence, policy: Policy) -> Iterator[str]:
    for guardrail in evidence.guardrails:
        outcome = status(guardrail, policy)
        if outcome == "not evaluable":
            yield f"{guardrail.name}: not evaluable, {_size(guardrail, policy)}."
        else:
            yield (
                f"{guardrail.name}: {outcome}, {guardrail.effect:+z.1f} {guardrail.unit} and at worst "
                f"{guardrail.bound:+z.1f} on {guardrail.n} items; {-guardrail.margin:+.1f} is allowed."
            )
    measured = {guardrail.name for guardrail in evidence.guardrails}
    for limit in policy.limits:
        if limit.name not in measured:
            yield f"{limit.name}: not evaluable, not measured."


def _size(guardrail: Guardrail, policy: Policy) -> str:
    if guardrail.n < policy.min_guardrail_items:
        return f"{guardrail.n} items where {policy.min_guardrail_items} are needed"
    if guardrail.effect is None or guardrail.bound is None:
        return "its items are of one cluster or lack a value"
    return (
        f"{guardrail.n} items tell the difference to within {guardrail.effect - guardrail.bound:.1f} {guardrail.unit}, "
        f"and {guardrail.margin:.1f} is asked"
    )


def _bound(comparison: Comparison) -> float | None:
    if comparison.effect is None or comparison.se is None or comparison.low is None:
        return None
    return min(non_inferiority_bound(comparison.effect, comparison.se, comparison.clusters), comparison.low)
