"""What a model still knows on Day N of what it knew on Day 0, by a question bank, graded by judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

from errata.documents.recall import Controls, Grader, Recall, RecallItem
from errata.domain.hashing import sha256
from errata.domain.twins import words
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.panel import FAMILIES
from evaluation.judges.question_bank import BankQuestion
from evaluation.judges.render import fence, visible
from evaluation.judges.request import GUARD, Form, Request
from evaluation.statistics.paired import compare

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


Grades = dict[str, float | None]
"""By question, from 0 to 2; None where a judge's answer is missing."""


def request(question: BankQuestion, answer: str) -> Request:
    data = {
        "question": visible(question.question),
        "reference": visible(question.reference),
        "answer": visible(answer)[:LONGEST],
    }
    return Request(KIND, INSTRUCTIONS, fence(data), GradeForm, sha256(f"item:{question.item}"))


def grade(client: JudgeClient, bank: Sequence[BankQuestion], answers: Mapping[str, str]) -> Grades:
    """Nobody is asked about an empty answer: it is 0."""
    answered = [question for question in bank if answers[question.id].strip()]
    requests = [request(question, answers[question.id]) for question in answered]
    forms = cast(list[GradeForm | None], client.ask(requests))
    grades: Grades = {question.id: 0.0 for question in bank}
    for question, form in zip(answered, forms, strict=True):
        grades[question.id] = None if form is None else float(form.grade)
    return grades


def try_controls(client: JudgeClient, bank: Sequence[BankQuestion]) -> Controls:
    """Whether a grader knows the reference itself for a 2, and another question's reference for a 0."""
    sample = bank[:CONTROLS]
    foreign = {question.id: _foreign_reference(question, bank) for question in sample}
    own_grades = grade(client, sample, {question.id: question.reference for question in sample})
    # an empty answer is a 0 that nobody was asked for
    foreign_grades = grade(client, [question for question in sample if foreign[question.id]], foreign)
    right = [value == 2 for value in own_grades.values() if value is not None]
    right += [value == 0 for value in foreign_grades.values() if value is not None]
    return Controls(len(right), sum(right))


def _foreign_reference(question: BankQuestion, bank: Sequence[BankQuestion]) -> str:
    """The reference that has least in common with this question's; empty where all are the same."""
    own = set(words(question.reference))
    others = [other.reference for other in bank if set(words(other.reference)) != own]
    return min(others, key=lambda text: len(own & set(words(text))), default="")


def recall(
    clients: Sequence[JudgeClient],
    bank: Sequence[BankQuestion],
    answers: tuple[Mapping[str, str], Mapping[str, str]],
) -> Recall:
    """Recall of Day-0 and Day-N, in percent of the full grade, and their paired difference; see docs/judges.md."""
    tries = [(client, try_controls(client, bank)) for client in clients]
    graders = [client for client, controls in tries if _has_a_say(client, controls)]
    day0, day_n = (_mean_grades([grade(client, bank, texts) for client in graders], bank) for texts in answers)
    items = _graded_by_all(bank, day0, day_n)
    difference = compare(
        [item.day_n for item in items], [item.day0 for item in items], [item.item for item in items], 0
    )
    return Recall(
        questions=len(bank),
        say=len({client.judge.family for client in graders}) >= FAMILIES,
        complete=not any(client.missing for client in clients),
        judges=tuple(_grader(client, controls, client in graders) for client, controls in tries),
        n=len(items),
        day0=difference.mean_old,
        day_n=difference.mean_new,
        difference=difference,
        learnt=sum(item.day_n > item.day0 for item in items),
        forgotten=sum(item.day_n < item.day0 for item in items),
        items=items,
    )


def _has_a_say(client: JudgeClient, controls: Controls) -> bool:
    return not client.missing and controls.right >= RIGHT * max(controls.n, 1)


def _grader(client: JudgeClient, controls: Controls, say: bool) -> Grader:
    return Grader(
        name=client.judge.name,
        family=client.judge.family,
        say=say,
        controls=controls,
        missing=dict(client.missing),
        calls=client.calls,
        tokens=client.tokens,
        cached=client.cached,
    )


def _mean_grades(graded: Sequence[Grades], bank: Sequence[BankQuestion]) -> Grades:
    """The mean over judges; None as soon as one is missing, or there is none."""
    means: Grades = {}
    for question in bank:
        values = [grades[question.id] for grades in graded]
        present = [value for value in values if value is not None]
        means[question.id] = sum(present) / len(present) if present and len(present) == len(values) else None
    return means


def _graded_by_all(bank: Sequence[BankQuestion], day0: Grades, day_n: Grades) -> tuple[RecallItem, ...]:
    """In percent: the full grade is 2."""
    items = []
    for question in bank:
        old, new = day0[question.id], day_n[question.id]
        if old is not None and new is not None:
            items.append(RecallItem(question.id, question.item, 50 * old, 50 * new))
    return tuple(items)
