"""What the gate sees of a contender."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from errata.documents.comparison import Comparison, Powered
from errata.documents.guardrail import Guardrail
from errata.files import JsonObject

FaultCode = Literal[
    "reported",
    "unknown guardrail",
    "no number",
    "answers missing",
    "incomplete",
    "measured twice",
    "not measured",
    "of another preset",
    "other limits",
    "not evaluable",
]
"""What is wrong; the first four are of the evidence itself, the others of what a preset asks of it.

`reported`: whoever measured says so, in `detail`. `no number`: a value named `detail` is NaN or infinite.
`answers missing`: `value` answers of judges, for the reasons in `detail`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why evidence can't be judged; any blocks."""

    code: FaultCode
    name: str = ""
    """What it is about: a guardrail, or another part of the evidence."""
    detail: str = ""
    value: str = ""
    """The value that is no number (`nan`, `inf` or `-inf`, which JSON doesn't have), or how many are missing."""


JudgeCode = Literal[
    "counts", "rectified", "other items", "nothing to add", "unsteady", "few labels", "unlike people", "no surer"
]


@dataclass(frozen=True, slots=True)
class JudgeSay:
    """Whether a judge's verdicts count in a comparison, and why not."""

    code: JudgeCode
    items: int | None = None
    """Those that the judge alone judged, where it counts; else those that people labelled and it saw."""
    rho: float | None = None
    """Correlation of its differences with people's."""
    asked: float | None = None
    """What `items` (`other items`, `few labels`) or `rho` (`unlike people`) would have to be."""


@dataclass(frozen=True, slots=True)
class SliceAlarm:
    """A slice with too few items to decide by that seems to lose more than its margin."""

    name: str
    loss: float
    """In `unit`, drawn towards the other slices'; positive."""
    unit: str
    n: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate sees."""

    primary: Comparison
    """F1 of candidate minus champion, on fresh items, by people's labels alone."""
    guardrails: tuple[Guardrail, ...]
    faults: tuple[Fault, ...] = ()
    powered: Powered | None = None
    """The same with a judge's help, where there is a judge."""
    judge: JudgeSay | None = None
    """Why a judge that was asked is not in `powered`."""
    alarms: tuple[SliceAlarm, ...] = ()
    """What the release owner should see; none decides."""
    nights: int = 1
    """On how many nights the candidate was put to the gate, this one included."""
    place_taken: bool = False
    """Whether another waits for its decision already."""
    unbuilt: dict[str, str] = field(default_factory=dict)
    """By target of which there is no export, why: it could not be made, or is gone."""
    begins: bool | None = None
    """Whether nobody has bet on it before: who was blocked on its first night is bet on later. None where an older
    Errata didn't say: then its first night is its first bet."""


def upgraded_evidence(value: JsonObject) -> JsonObject:
    """As it was written while faults were sentences. Its notes are left: the decision beside it has them too."""
    faults = [{"code": "reported", "detail": fault} for fault in value.get("faults", ())]
    return {**value, "faults": faults}
