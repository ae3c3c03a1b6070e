"""What the night took: people's reviews, time, training, answers and judges' calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evaluation.report.content import Fact, Report, tonight
from evaluation.report.measures import NAMES


def cost(report: Report) -> tuple[Fact, ...]:
    """Nothing that a night without the thing would have to show as 0."""
    return (*_people(report), *_machine(report), *_training(report), *_answers(report), *_judges(report))


def _people(report: Report) -> Iterator[Fact]:
    fresh = tonight(report)
    if report.nights:
        yield Fact("People", "Transcripts corrected since the last night", report.nights[-1].new_corrections)
    if fresh:
        yield Fact("People", "Fresh labels scored tonight", len(fresh))
        yield Fact("People", "Reviewers who gave them", len({row["reviewer"] for row in fresh}))


def _machine(report: Report) -> Iterator[Fact]:
    """Of the night's commands up to its verdict; absent for nights of before that was kept."""
    names = {"seconds": "Seconds", "cpu_seconds": "Processor seconds", "attempts": "Attempts"}
    took = report.sources.took
    return (Fact("Machine", name, round(took[key])) for key, name in names.items() if key in took)


def _training(report: Report) -> Iterator[Fact]:
    steps, mixed = report.sources.training.get("steps", 0), report.sources.mixed
    if not steps:
        return
    yield Fact("Training", "Steps", steps)
    if mixed:
        yield Fact("Training", "Rows to learn from", mixed["examples"])
        yield Fact("Training", "Tokens in them, each time through", mixed["tokens"])
        yield Fact("Training", "Tokens of them that are learnt", mixed["labels"])


def _answers(report: Report) -> Iterator[Fact]:
    answered = Counter(row["name"] for row in report.items)
    for name in (*(name for name in NAMES if name in answered), *sorted(answered.keys() - NAMES.keys())):
        yield Fact("Items answered", NAMES.get(name, name), answered[name])
    for target, found in report.sources.parity.items():
        yield Fact("Items answered", f"Export for a {target}", found["f1"]["n"])


def _judges(report: Report) -> Iterator[Fact]:
    judgings = report.sources.judges.values()
    if judgings:
        yield Fact("Judges", "Calls", sum(judging.calls for judging in judgings))
        yield Fact("Judges", "Tokens", sum(judging.tokens for judging in judgings))
        yield Fact("Judges", "Answers taken from earlier calls", sum(judging.cached for judging in judgings))
