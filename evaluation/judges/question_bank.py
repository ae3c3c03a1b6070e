"""A question bank and models' answers to it.

The bank is a JSONL file of `{"id", "question", "reference", "item", "day", "kind", "shown"}`: `item` is what the
question is about (a talk, a video: its cluster), `day` when it could be learnt, `kind` what it asks for (`recall` of
what was said, say, or `perception` of what was seen), and `shown` what of the talk `item` a model is shown with the
question, as `0:10:00-0:12:00`; the last three may be left out. A model's answers are one of `{"id", "answer"}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.domain.hashing import sha256
from errata.errors import BadInput
from errata.formats.fields import mapping, written_time
from errata.formats.source_rows import Rejected, json_lines


@dataclass(frozen=True, slots=True)
class BankQuestion:
    id: str
    question: str
    reference: str
    item: str
    day: str = ""
    kind: str = ""
    shown: tuple[float, float] | None = None
    """From when to when, in the talk's unit; None where a model answers by what it knows."""


def read_bank(path: Path) -> tuple[BankQuestion, ...]:
    """Raises BadInput, naming the line, on a row that is no question and on an id that comes twice."""
    questions: dict[str, BankQuestion] = {}
    for line, row in _rows(path, ("id", "question", "reference", "item"), ("day", "kind", "shown")):
        if row["id"] in questions:
            raise BadInput(f"{path}, line {line}: the id {row['id']!r} comes a second time; give it another")
        if not row["question"].strip() or not row["reference"].strip():
            raise BadInput(f"{path}, line {line}: its question or its reference is empty; fill it in")
        shown = _span(row.pop("shown", ""), f"{path}, line {line}: what is shown")
        questions[row["id"]] = BankQuestion(**row, shown=shown)
    without_day = [question.id for question in questions.values() if not question.day]
    if 0 < len(without_day) < len(questions):
        raise BadInput(f"{path}: {without_day[0]!r} has no day and others have one; give every question one, or none")
    return tuple(questions.values())


def about_item(item: str) -> str:
    """Where judges' answers to an item's questions are kept: of what was said of a talk nothing may stay that `errata
    forget` can't find by its id."""
    return sha256(f"item:{item}")


def days_of(bank: Sequence[BankQuestion]) -> tuple[str, ...]:
    """In the order in which the bank has them."""
    return tuple(dict.fromkeys(question.day for question in bank if question.day))


def read_answers(path: Path, bank: Sequence[BankQuestion]) -> dict[str, str]:
    """Raises BadInput where a question has no answer or two: what a model could not answer is an empty text and 0."""
    answers: dict[str, str] = {}
    for line, row in _rows(path, ("id", "answer")):
        if row["id"] in answers:
            raise BadInput(f"{path}, line {line}: {row['id']!r} is answered a second time; keep one answer")
        answers[row["id"]] = row["answer"]
    lacking = [question.id for question in bank if question.id not in answers]
    if lacking:
        raise BadInput(f"{path} has no answer to {lacking[0]!r}; give every question one, an empty text if need be")
    return {question.id: answers[question.id] for question in bank}


def _span(written: str, what: str) -> tuple[float, float] | None:
    """Raises BadInput, beginning with `what`, where it is none."""
    if not written.strip():
        return None
    first, _, last = written.partition("-")
    span = written_time(first, f"the beginning of {what}"), written_time(last, f"the end of {what}")
    if span[0] >= span[1]:
        raise BadInput("{} must be two times, the later one last, as 0:10:00-0:12:00, not {!r}", what, written)
    return span


def _rows(
    path: Path, fields: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int | str, dict[str, str]]]:
    """The named fields of each line, all text; other fields are left aside."""
    for row in json_lines(path):
        if isinstance(row, Rejected):
            raise BadInput(str(row))
        raw = mapping(row.raw, f"{path}, line {row.row}")
        present = [*fields, *(name for name in optional if name in raw)]
        wrong = [name for name in present if not isinstance(raw.get(name), str)]
        if wrong:
            raise BadInput(f"{path}, line {row.row} has no text called {wrong[0]!r}; add it")
        yield row.row, {name: raw[name] for name in present}
