"""What long work says while it runs: on stderr, so that stdout stays what was asked for. A terminal has bars, a log has
lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from errata.terminal import fitted

Row = TypeVar("Row")
ProgressBar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""`progress_bar`, or whatever else is told of long work: its name, how much there is, and each thing that is done."""
FIRST_LINE = 60.0
"""Seconds that work takes before a log hears of it."""


def note(line: str) -> None:
    """A sentence for people."""
    sys.stderr.write(fitted(line, sys.stderr, 0) + "\n")


class LogLines:
    """How far long work has come, for a log. The first line comes after a minute, each further one when the work has
    taken twice as long, and one at its end: what is quick says nothing, and what takes hours a few lines."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` counts seconds."""
        self._now, self._began, self._due, self._said = now, now(), FIRST_LINE, ""

    def say(self, how_far: str) -> None:
        taken = self._now() - self._began
        if taken >= self._due:
            self._write(how_far, taken)
            self._due = 2 * taken

    def end(self, how_far: str) -> None:
        taken = self._now() - self._began
        if taken >= FIRST_LINE and how_far != self._said:
            self._write(how_far, taken)

    def _write(self, how_far: str, taken: float) -> None:
        note(f"{how_far}, after {taken / 60:.0f} min")
        self._said = how_far


@contextmanager
def counter(name: str) -> Iterator[Callable[[], None]]:
    """What to call for each of the things called `name`; it is shown how many there were so far."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        with _logged(lambda done: f"{done:,} {name}") as advance:
            yield advance
        return
    columns = (SpinnerColumn(), TextColumn(f"{{task.completed:,.0f}} {name}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


@contextmanager
def progress_bar(name: str, total: int) -> Iterator[Callable[[], None]]:
    """What to call for each of `total` things that are done; `name` is text, whatever it looks like."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        with _logged(lambda done: f"{name}: {done:,} of {total:,}") as advance:
            yield advance
        return
    # no thread that redraws it: what is done may be forks of this process
    with Progress(console=console, auto_refresh=False) as progress:
        task = progress.add_task(escape(name), total=total)
        yield lambda: progress.update(task, advance=1, refresh=True)


@contextmanager
def _logged(how_far: Callable[[int], str]) -> Iterator[Callable[[], None]]:
    lines, done = LogLines(), 0

    def advance() -> None:
        nonlocal done
        done += 1
        lines.say(how_far(done))

    yield advance
    lines.end(how_far(done))


@contextmanager
def no_progress_bar(name: str, total: int) -> Iterator[Callable[[], None]]:
    """For work that nobody watches."""
    yield lambda: None


def count_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows as they come, counted."""
    with counter("rows") as advance:
        for row in rows:
            advance()
            yield row
