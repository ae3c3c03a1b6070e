"""Evidence in which every number is one."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, TypeVar

from errata.documents.comparison import Comparison, Powered
from errata.documents.evidence import Evidence, Fault
from errata.documents.guardrail import Guardrail

Part = TypeVar("Part", Comparison, Guardrail, Powered)


def sound(evidence: Evidence) -> Evidence:
    """The same evidence, with every NaN or infinity turned into None and into a fault.

    JSON has none of these: a record would lose them, and the fault keeps the evidence blocked.
    """
    parts: list[tuple[str, Comparison | Guardrail | Powered]] = [("the comparison", evidence.primary)]
    parts += [(guardrail.name, guardrail) for guardrail in evidence.guardrails]
    if evidence.powered is not None:
        parts += [("the judge's evidence", part) for part in (evidence.powered, evidence.powered.comparison)]
    faults = [
        Fault("no number", place, field, str(value)) for place, part in parts for field, value in _broken(part).items()
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
