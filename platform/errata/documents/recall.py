"""What `errata judges recall --json` prints: two models' answers to a question bank, graded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.documents.comparison import Comparison
from errata.documents.document import Document


@dataclass(frozen=True, slots=True)
class Controls:
    n: int
    """References, its own and foreign ones, on which a grader was tried out."""
    right: int


@dataclass(frozen=True, slots=True)
class Grader:
    name: str
    family: str
    say: bool
    controls: Controls
    missing: dict[str, int]
    """Questions without an answer, by the error's message."""
    calls: int
    tokens: int
    cached: int


@dataclass(frozen=True, slots=True)
class RecallItem:
    """A question that every grader with a say graded; grades are in percent of the full one."""

    id: str
    item: str
    day0: float
    day_n: float


@dataclass(frozen=True, slots=True)
class RecallPart:
    """Some of the questions: those of one day, or of one kind."""

    name: str
    n: int
    day0: float | None
    day_n: float | None
    difference: Comparison


@dataclass(frozen=True, slots=True)
class RecallOverDays:
    days: tuple[str, ...]
    """Of the questions, in the order in which the bank has them."""
    scores: tuple[tuple[float | None, ...], ...]
    """In percent: a row for Day-0 and for the model as it was taught up to each day, a column for each day's questions;
    None where nobody answered, or not all graders did."""
    measures: dict[str, float | None]
    """Of continual learning, by name, as `evaluation.continual` defines them."""


@dataclass(frozen=True, slots=True)
class Recall(Document):
    questions: int
    say: bool
    """Whether graders of two families have one."""
    complete: bool
    judges: tuple[Grader, ...]
    n: int
    day0: float | None
    day_n: float | None
    difference: Comparison
    learnt: int
    forgotten: int
    items: tuple[RecallItem, ...]
    by_day: tuple[RecallPart, ...]
    """Empty where the bank says no days."""
    by_kind: tuple[RecallPart, ...]
    """Empty where the bank says no kinds."""
    over_days: RecallOverDays | None
    """None where the bank says fewer than two days."""
    graded_by: Literal["judges", "words"] = "judges"
    """`words`: by those of the references, and nobody was asked."""
