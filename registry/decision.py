"""What the gate sees, and what it says."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar

from errata.documents.comparison import Comparison, Powered
from errata.errors import BadInput
from registry.guardrail import Guardrail
from registry.history import SpentTest

Verdict = Literal["promote", "reject", "inconclusive", "underpowered", "blocked"]
Part = TypeVar("Part", Comparison, Guardrail, Powered)
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate sees."""

    primary: Comparison
    """F1 of candidate minus champion, on fresh items, by people's labels alone."""
    guardrails: tuple[Guardrail, ...]
    faults: tuple[str, ...] = ()
    """What is wrong with the evidence itself, one sentence each; any blocks."""
    powered: Powered | None = None
    """The same with a judge's help, where there is a judge."""
    notes: tuple[str, ...] = ()
    """What the release owner should see, one sentence each; none decides."""
    nights: int = 1
    """On how many nights the candidate was put to the gate, this one included."""

    def as_json(self) -> dict[str, Any]:
        """For the record: a value that is not a number is null there, and a fault, so that it stays blocked."""
        return asdict(sound(self))

    @classmethod
    def from_json(cls, value: Any) -> Evidence:
        """Raises BadInput where a value is missing or of the wrong type."""
        return checked(cls, value, "the evidence", "score the candidate again")


@dataclass(frozen=True, slots=True)
class Look:
    """What the fresh items could tell tonight."""

    items: float
    """Independent human items that would say as much."""
    design_effect: float | None
    """How many times more items clusters make it take; None without spread."""
    level: float
    """Of the primary test, spent or still to come."""
    mde: float
    """Points of F1 that the test at this level finds 80 times in 100."""
    low: float | None = None
    """The interval that holds at every look, in points of F1, where the preset has one."""
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    verdict: Verdict
    reasons: tuple[str, ...]
    """Sentences for the release owner: the verdict's cause first, each guardrail, the preset's known error last."""
    needs: int | None
    """About how many more fresh items would decide it; None where more items wouldn't help."""
    look: Look | None = None
    test: SpentTest | None = None
    """The test that this decision spent, where the preset has a budget of them."""
    final: bool = False
    """Whether the contender may not wait and be looked at again: its test is spent, or its time is up."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def sound(evidence: Evidence) -> Evidence:
    """The same evidence, with every NaN or infinity turned into None and into a fault."""
    parts: list[tuple[str, Comparison | Guardrail | Powered]] = [("the comparison", evidence.primary)]
    parts += [(guardrail.name, guardrail) for guardrail in evidence.guardrails]
    if evidence.powered is not None:
        parts += [("the judge's evidence", part) for part in (evidence.powered, evidence.powered.comparison)]
    faults = [
        f"{name} of {place} is {value}, not a number; score it again."
        for place, part in parts
        for name, value in _broken(part).items()
    ]
    return replace(
        evidence,
        primary=_mended(evidence.primary),
        guardrails=tuple(_mended(guardrail) for guardrail in evidence.guardrails),
        faults=(*evidence.faults, *faults),
        powered=_unbroken(evidence.powered),
    )


def _unbroken(powered: Powered | None) -> Powered | None:
    return None if powered is None or _broken(powered) or _broken(powered.comparison) else powered


def _mended(part: Part) -> Part:
    gone: dict[str, Any] = dict.fromkeys(_broken(part))
    return replace(part, **gone)


def _broken(part: Comparison | Guardrail | Powered) -> dict[str, float]:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {name: value for name, value in values.items() if isinstance(value, float) and not math.isfinite(value)}


def checked(kind: type[Read], value: Any, what: str, remedy: str) -> Read:
    """`value`, as it came from JSON, as a `kind`. Raises BadInput where a part is missing or of the wrong type."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadInput(f"{what} can't be read at {place} ({first['msg']}); {remedy}") from error
