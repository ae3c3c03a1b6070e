"""What a model still knows on Day N of what it knew on Day 0, by a question bank, graded by judges, or by
the words of the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from statistics import fmean
from typing import Literal, cast

import numpy as np

from errata.documents.recall import Controls, Grader, Recall, RecallItem, RecallOverDays, RecallPart
from errata.domain.twins import words
from evaluation.continual import measures, none_for_nan
from evaluation.judges.judge_client import JudgeClient
from evaluation.judges.panel import FAMILIES
from evaluation.judges.question_bank import BankQuestion, about_item, days_of
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
    return Request(KIND, INSTRUCTIONS, fence(data), GradeForm, about_item(question.item))


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


Answers = Mapping[str, str]
"""By question."""


@dataclass(frozen=True, slots=True)
class AnsweredBank:
    questions: Sequence[BankQuestion]
    day0: Answers
    day_n: Answers
    """Of the model that was taught all days."""
    after: Mapping[str, Answers] = field(default_factory=dict)
    """Of the models between, by the last day that each was taught."""


def recall(clients: Sequence[JudgeClient], answered: AnsweredBank) -> Recall:
    """Recall of Day-0 and Day-N as judges grade it; see docs/judges.md."""
    bank = answered.questions
    tries = [(client, try_controls(client, bank)) for client in clients]
    graders = [client for client, controls in tries if _has_a_say(client, controls)]

    def grades_of(answers: Answers) -> Grades:
        return _mean_grades([grade(client, bank, answers) for client in graders], bank)

    return replace(
        _graded(answered, grades_of),
        say=len({client.judge.family for client in graders}) >= FAMILIES,
        complete=not any(client.missing for client in clients),
        judges=tuple(_grader(client, controls, client in graders) for client, controls in tries),
    )


def recall_of_words(answered: AnsweredBank) -> Recall:
    """The same, where an answer that has the reference's words in a row is right in full, and another is wrong."""

    def grades_of(answers: Answers) -> Grades:
        return {
            question.id: 2.0 if has_words(answers[question.id], question.reference) else 0.0
            for question in answered.questions
        }

    return replace(_graded(answered, grades_of), graded_by="words")


def has_words(answer: str, reference: str) -> bool:
    """In a row; without punctuation and casing. A reference without a word is in no answer."""
    said, wanted = words(answer), words(reference)
    runs = range(len(said) - len(wanted) + 1)
    return bool(wanted) and any(said[place : place + len(wanted)] == wanted for place in runs)


def _graded(answered: AnsweredBank, grades_of: Callable[[Answers], Grades]) -> Recall:
    """Recall of Day-0 and Day-N, in percent of the full grade, and their paired difference; who graded is not said."""
    bank = answered.questions
    day0, day_n = grades_of(answered.day0), grades_of(answered.day_n)
    between = {day: grades_of(answers) for day, answers in answered.after.items()}
    items = _graded_by_all(bank, day0, day_n)
    whole = _part("", items)
    return Recall(
        questions=len(bank),
        say=True,
        complete=True,
        judges=(),
        n=whole.n,
        day0=whole.day0,
        day_n=whole.day_n,
        difference=whole.difference,
        learnt=sum(item.day_n > item.day0 for item in items),
        forgotten=sum(item.day_n < item.day0 for item in items),
        items=items,
        by_day=_parts(items, {question.id: question.day for question in bank}),
        by_kind=_parts(items, {question.id: question.kind for question in bank}),
        over_days=_over_days(bank, day0, between, day_n),
    )


def _part(name: str, items: Sequence[RecallItem]) -> RecallPart:
    difference = compare(
        [item.day_n for item in items], [item.day0 for item in items], [item.item for item in items], 0
    )
    return RecallPart(name, len(items), difference.mean_old, difference.mean_new, difference)


def _parts(items: Sequence[RecallItem], names: Mapping[str, str]) -> tuple[RecallPart, ...]:
    """Those that have a name, in the bank's order."""
    there = dict.fromkeys(name for name in names.values() if name)
    return tuple(_part(name, [item for item in items if names[item.id] == name]) for name in there)


def _over_days(
    bank: Sequence[BankQuestion], day0: Grades, between: Mapping[str, Grades], day_n: Grades
) -> RecallOverDays | None:
    days = days_of(bank)
    if len(days) < 2:
        return None
    unknown: Grades = {question.id: None for question in bank}
    models = [day0, *(between.get(day, unknown) for day in days[:-1]), day_n]
    scores = np.array([[_recall_of(day, bank, grades) for day in days] for grades in models])
    shown = tuple(tuple(none_for_nan(score) for score in row) for row in scores)
    return RecallOverDays(days, shown, measures(scores))


def _recall_of(day: str, bank: Sequence[BankQuestion], grades: Grades) -> float:
    """In percent; NaN as soon as a grade is missing."""
    known = [grades[question.id] for question in bank if question.day == day]
    return 50 * fmean(value for value in known if value is not None) if None not in known else nan


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
