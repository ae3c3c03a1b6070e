"""A question bank: what a model still knows on Day N of what it knew on Day 0, graded by judges.

The bank is a JSONL file of `{"id", "question", "reference", "item"}`, `item` being what the question is about (a talk,
a video, a day: its cluster); a model's answers are one of `{"id", "answer"}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from errata.domain.hashing import sha256
from errata.domain.twins import words
from errata.errors import BadInput
from evaluation.judges.panel import FAMILIES
from evaluation.judges.render import fenced, visible
from evaluation.judges.request import GUARD, Form, Request
from evaluation.judges.seat import Seat
from evaluation.statistics import compare

KIND = "recall@1"
CONTROLS = 20
"""Questions of the bank, at most, on which a grader is tried out."""
RIGHT = 0.8
"""Least share of controls that a grader must get right to be heard."""
LONGEST = 4_000
"""Characters of an answer that are graded."""

INSTRUCTIONS = f"""\
You grade an answer to a question against a reference answer. The grade is 2 if the answer says what the reference \
says, in whatever words, and nothing that contradicts it; 1 if it says a part of it; 0 if it is wrong, empty, or about \
something else. What the reference does not say counts neither for nor against.
{GUARD}
Fill in `why` first, in one sentence, and then `grade`."""


class GradeForm(Form):
    why: str
    grade: Literal[0, 1, 2]


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    question: str
    reference: str
    item: str


Grades = dict[str, float | None]
"""By question, from 0 to 2; None where a judge's answer is missing."""


def read_bank(path: Path) -> tuple[Question, ...]:
    """Raises BadInput, naming the line, on a row that is no question and on an id that comes twice."""
    found: dict[str, Question] = {}
    for line, row in _rows(path, ("id", "question", "reference", "item")):
        if row["id"] in found:
            raise BadInput(f"{path}, line {line}: the id {row['id']!r} comes a second time; give it another")
        if not row["question"].strip() or not row["reference"].strip():
            raise BadInput(f"{path}, line {line}: its question or its reference is empty; fill it in")
        found[row["id"]] = Question(**row)
    if not found:
        raise BadInput(f"{path} holds no question; write one JSON object a line")
    return tuple(found.values())


def read_answers(path: Path, bank: Sequence[Question]) -> dict[str, str]:
    """Raises BadInput where a question has no answer or two: what a model could not answer is an empty text and 0."""
    found: dict[str, str] = {}
    for line, row in _rows(path, ("id", "answer")):
        if row["id"] in found:
            raise BadInput(f"{path}, line {line}: {row['id']!r} is answered a second time; keep one answer")
        found[row["id"]] = row["answer"]
    lacking = [question.id for question in bank if question.id not in found]
    if lacking:
        raise BadInput(f"{path} has no answer to {lacking[0]!r}; give every question one, an empty text if need be")
    return {question.id: found[question.id] for question in bank}


def _rows(path: Path, fields: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The named fields of each line, all text; other fields are left aside."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} can't be read ({error}); give a JSONL file in UTF-8") from error
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            row = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}, line {line} is not JSON ({error}); mend it") from error
        wrong = [name for name in fields if not isinstance(row, dict) or not isinstance(row.get(name), str)]
        if wrong:
            raise BadInput(f"{path}, line {line} has no text called {wrong[0]!r}; add it")
        yield line, {name: row[name] for name in fields}


def request(question: Question, answer: str) -> Request:
    data = {name: visible(text) for name, text in (("question", question.question), ("reference", question.reference))}
    data["answer"] = visible(answer)[:LONGEST]
    return Request(KIND, INSTRUCTIONS, fenced(data), GradeForm, sha256(f"item:{question.item}"))


def grade(seat: Seat, bank: Sequence[Question], answers: Mapping[str, str]) -> Grades:
    """Nobody is asked about an empty answer: it is 0."""
    given = [question for question in bank if answers[question.id].strip()]
    forms = seat.ask([request(question, answers[question.id]) for question in given])
    grades: Grades = {question.id: 0.0 for question in bank}
    for question, form in zip(given, cast(list[GradeForm | None], forms), strict=True):
        grades[question.id] = None if form is None else float(form.grade)
    return grades


def controls(seat: Seat, bank: Sequence[Question]) -> dict[str, Any]:
    """Whether a grader knows the reference itself for a 2, and another question's reference for a 0."""
    tried = bank[:CONTROLS]
    strange = {question.id: _another(question, bank) for question in tried}
    own = grade(seat, tried, {question.id: question.reference for question in tried})
    other = grade(seat, [question for question in tried if strange[question.id]], strange)
    told = [value == 2 for value in own.values() if value is not None]
    told += [value == 0 for value in other.values() if value is not None]
    return {"n": len(told), "right": sum(told)}


def _another(question: Question, bank: Sequence[Question]) -> str:
    """The reference that has least in common with this question's; empty where all are the same."""
    own = set(words(question.reference))
    strange = [each.reference for each in bank if set(words(each.reference)) != own]
    return min(strange, key=lambda text: len(own & set(words(text))), default="")


def recall(
    seats: Sequence[Seat], bank: Sequence[Question], answers: tuple[Mapping[str, str], Mapping[str, str]]
) -> dict[str, Any]:
    """Recall of Day-0 and Day-N, in percent of the full grade, and their paired difference; see docs/judges.md."""
    tried = {seat.judge.name: controls(seat, bank) for seat in seats}
    heard = [seat for seat in seats if _heard(seat, tried[seat.judge.name])]
    graded = [_panel([grade(seat, bank, given) for seat in heard], bank) for given in answers]
    families = {seat.judge.family for seat in heard}
    return {
        "questions": len(bank),
        "say": len(families) >= FAMILIES,
        "complete": not any(seat.missing for seat in seats),
        "judges": [
            {
                "name": seat.judge.name,
                "family": seat.judge.family,
                "say": seat in heard,
                "controls": tried[seat.judge.name],
                "missing": dict(seat.missing),
                "calls": seat.calls,
                "tokens": seat.tokens,
                "cached": seat.cached,
            }
            for seat in seats
        ],
        **_compared(bank, *graded),
    }


def _heard(seat: Seat, tried: Mapping[str, int]) -> bool:
    return not seat.missing and tried["right"] >= RIGHT * max(tried["n"], 1)


def _panel(graded: Sequence[Grades], bank: Sequence[Question]) -> Grades:
    """The mean over judges; None as soon as one is missing, or there is none."""
    result: Grades = {}
    for question in bank:
        values = [grades[question.id] for grades in graded]
        known = [value for value in values if value is not None]
        result[question.id] = sum(known) / len(known) if known and len(known) == len(values) else None
    return result


def _compared(bank: Sequence[Question], day0: Grades, day_n: Grades) -> dict[str, Any]:
    rows = [(q, old, new) for q in bank if (old := day0[q.id]) is not None and (new := day_n[q.id]) is not None]
    found = compare([50 * new for *_, new in rows], [50 * old for _, old, _ in rows], [q.item for q, *_ in rows], 0)
    return {
        "n": found.n,
        "day0": found.mean_old,
        "day_n": found.mean_new,
        "difference": found.as_json(),
        "learnt": sum(new > old for _, old, new in rows),
        "forgotten": sum(new < old for _, old, new in rows),
        "items": [{"id": q.id, "item": q.item, "day0": 50 * old, "day_n": 50 * new} for q, old, new in rows],
    }
