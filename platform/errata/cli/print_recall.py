"""What `errata judges recall` prints for people."""

from __future__ import annotations

from collections.abc import Sequence

from errata.cli.output import number, print_table, say, say_whole, say_wrapped, with_interval
from errata.cli.print_judging import cost_sentence
from errata.documents.recall import Recall, RecallOverDays, RecallPart
from errata.loop.bank_answering import AnsweredFile
from errata.wording.counts import counted


def print_answered(answered: AnsweredFile) -> None:
    kept = f", {answered.kept} of them in an earlier run" if answered.kept else ""
    say(f"{counted(answered.questions, 'question')} answered by {answered.model[:16]}{kept}")
    for name, problems in answered.problems.items():
        for problem in problems:
            say_wrapped(f"{name}: {problem}")
    if answered.empty:
        say_wrapped(f"nothing is said to {counted(len(answered.empty), 'question')}: {', '.join(answered.empty)}")
    say_whole(str(answered.out))


def print_recall(recall: Recall) -> None:
    for grader in recall.judges:
        counts = "is heard" if grader.say else "is not heard"
        say(f"{grader.name} {counts}: {grader.controls.right} of {counted(grader.controls.n, 'control')} graded right")
    questions = counted(recall.n, "question")
    say(f"recall on Day 0 {number(recall.day0)} %, on Day N {number(recall.day_n)} %, on {questions}")
    say(f"{recall.learnt} learnt, {recall.forgotten} forgotten")
    _print_parts("by kind", recall.by_kind)
    _print_parts("by day", recall.by_day)
    if recall.over_days is not None:
        _print_days(recall.over_days)
    if recall.graded_by == "words":
        say_wrapped("Right is what has the reference's words in a row; no judge was asked.")
        return
    if not recall.say:
        say_wrapped("This counts for nothing: graders of two families at least must be heard.")
    calls, tokens = sum(grader.calls for grader in recall.judges), sum(grader.tokens for grader in recall.judges)
    say_wrapped(cost_sentence(calls, tokens, sum(grader.cached for grader in recall.judges), recall.complete))


def _print_parts(title: str, parts: Sequence[RecallPart]) -> None:
    if parts:
        columns = ("asked", "questions", "Day 0", "Day N", "Day N minus Day 0")
        print_table(title, columns, [_part_row(part) for part in parts])


def _part_row(part: RecallPart) -> tuple[str, ...]:
    gap = part.difference
    difference = with_interval(gap.effect, gap.low, gap.high, "+.1f")
    return part.name, str(part.n), number(part.day0), number(part.day_n), difference


def _print_days(over_days: RecallOverDays) -> None:
    taught = ("Day 0", *over_days.days)
    rows = [(name, *map(number, row)) for name, row in zip(taught, over_days.scores, strict=True)]
    if any(score is not None for row in over_days.scores[1:-1] for score in row):
        print_table("over the days", ("taught up to", *over_days.days), rows)
        measures = over_days.measures
        now, since = number(measures["chaudhry_forgetting"]), number(measures["gem_bwt"])
        say_wrapped(
            "in percent, of the questions about each day; forgotten, the best ever minus now: "
            f"{now}; backward transfer, now minus when just taught: {since}"
        )
