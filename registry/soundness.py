"""Evidence in which every number is one."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, TypeVar

from errata.documents.comparison import Comparison, Powered
from errata.documents.evidence import Evidence, Fault
from errata.documents.guardrail import Guardrail

Part = TypeVar("Part", Comparison, Guardrail)


def check_numbers(evidence: Evidence) -> Evidence:
    """The same evidence, with every NaN or infinity turned into None and into a fault.

    JSON has none of these: a record would lose them, and the fault keeps the evidence blocked.
    """
    parts: list[tuple[str, Comparison | Guardrail | Powered]] = [("the comparison", evidence.primary)]
    parts += [(guardrail.name, guardrail) for guardrail in evidence.guardrails]
    if evidence.powered is not None:
        parts += [("the judge's evidence", part) for part in (evidence.powered, evidence.powered.comparison)]
    faults = list(evidence.faults)
    for place, part in parts:
        faults += [Fault("no number", place, field, str(value)) for field, value in _bad_numbers(part).items()]
    powered = evidence.powered
    if powered is not None and (_bad_numbers(powered) or _bad_numbers(powered.comparison)):
        powered = None  # its own numbers can't be None, and half of a judge's evidence is none
    return replace(
        evidence,
        primary=_without_bad_numbers(evidence.primary),
        guardrails=tuple(map(_without_bad_numbers, evidence.guardrails)),
        faults=tuple(faults),
        powered=powered,
    )


def _without_bad_numbers(part: Part) -> Part:
    nothing: dict[str, Any] = dict.fromkeys(_bad_numbers(part))
    return replace(part, **nothing)


def _bad_numbers(part: Comparison | Guardrail | Powered) -> dict[str, float]:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {name: value for name, value in values.items() if isinstance(value, float) and not math.isfinite(value)}
