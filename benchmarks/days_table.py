"""What a model made of a stream of days, as a table: what it described, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from errata.documents.recall import Recall

SAID, SEEN, OTHER_WORDS, NEVER_TAUGHT = "recall", "perception", "other words", "never taught"
"""Kinds of questions: of what was said, of what was shown, of what was said but asked otherwise than it was taught, and
of recordings that were never taught."""


@dataclass(frozen=True, slots=True)
class Described:
    """Percent of chunks of which it is described."""

    place: float
    colour: float


@dataclass(frozen=True, slots=True)
class Outcome:
    variant: str
    stream: Described
    """By Day-0: what the days teach."""
    examined: tuple[Described, Described]
    """Of recordings that neither Day-0 nor Day-N was taught, by each."""
    recall: Recall


def show(outcomes: Sequence[Outcome]) -> None:
    table = Table("", *(outcome.variant for outcome in outcomes))
    table.add_row("place described", *(_number(outcome.stream.place) for outcome in outcomes))
    table.add_row("colour described", *(_number(outcome.stream.colour) for outcome in outcomes))
    for kind in (SAID, SEEN, OTHER_WORDS, NEVER_TAUGHT):
        table.add_row(f"{kind}: Day-0, Day-N", *(_grades(outcome.recall, kind) for outcome in outcomes))
    table.add_row("place of others: Day-0, Day-N", *(_both(o.examined, lambda one: one.place) for o in outcomes))
    table.add_row("colour of others: Day-0, Day-N", *(_both(o.examined, lambda one: one.colour) for o in outcomes))
    console = Console()
    console.print(table)
    first = outcomes[0].recall.over_days
    if first is not None:
        days = Table("taught up to", *first.days, title=outcomes[0].variant)
        for name, row in zip(("Day-0", *first.days), first.scores, strict=True):
            days.add_row(name, *map(_number, row))
        console.print(days)


def _both(examined: tuple[Described, Described], part: Callable[[Described], float]) -> str:
    return ", ".join(_number(part(described)) for described in examined)


def _grades(recall: Recall, kind: str) -> str:
    parts = [part for part in recall.by_kind if part.name == kind]
    return ", ".join(f"{_number(part.day0)}, {_number(part.day_n)} of {part.n}" for part in parts) or "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} %"
