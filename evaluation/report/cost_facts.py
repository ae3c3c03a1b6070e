"""What the night took: people's reviews, time, training, answers and judges' calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evaluation.report.content import Fact, Report, tonights_items
from evaluation.report.measures import NAMES


def cost(report: Report) -> tuple[Fact, ...]:
    """Nothing that a night without the thing would have to show as 0."""
    return (*_people(report), *_machine(report), *_training(report), *_answers(report), *_judges(report))


def _people(report: Report) -> Iterator[Fact]:
    fresh = tonights_items(report)
    if report.nights:
        yield Fact("People", "Transcripts corrected since the last night", report.nights[-1].new_corrections)
    if fresh:
        yield Fact("People", "Fresh labels scored tonight", len(fresh))
        yield Fact("People", "Reviewers who gave them", len({row.reviewer for row in fresh}))


def _machine(report: Report) -> Iterator[Fact]:
    """Of the night's commands up to its verdict; absent for nights of before that was kept."""
    timing = report.files.timing
    if timing:
        yield Fact("Machine", "Seconds", round(timing.seconds))
        yield Fact("Machine", "Processor seconds", round(timing.cpu_seconds))
        yield Fact("Machine", "Attempts", timing.attempts)


def _training(report: Report) -> Iterator[Fact]:
    training, mixture = report.files.training, report.files.mixture
    if not training or not training.steps:
        return
    yield Fact("Training", "Steps", training.steps)
    if mixture:
        yield Fact("Training", "Rows to learn from", mixture.examples)
        yield Fact("Training", "Tokens in them, each time through", mixture.tokens)
        yield Fact("Training", "Tokens of them that are learnt", mixture.labels)


def _answers(report: Report) -> Iterator[Fact]:
    answered = Counter(row.name for row in report.items)
    for name in (*(name for name in NAMES if name in answered), *sorted(answered.keys() - NAMES.keys())):
        yield Fact("Items answered", NAMES.get(name, name), answered[name])
    for target, parity in report.files.parity.items():
        yield Fact("Items answered", f"Export for a {target}", parity.f1.n)


def _judges(report: Report) -> Iterator[Fact]:
    judgings = report.files.judges.values()
    if judgings:
        yield Fact("Judges", "Calls", sum(judging.calls for judging in judgings))
        yield Fact("Judges", "Tokens", sum(judging.tokens for judging in judgings))
        yield Fact("Judges", "Answers taken from earlier calls", sum(judging.cached for judging in judgings))
