"""What `errata judges recall --json` prints: two models' answers to a question bank, as judges graded them."""

from __future__ import annotations

from dataclasses import dataclass

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
