"""What long work says while it runs: on stderr, so that stdout stays what was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from errata.terminal import fitted

Row = TypeVar("Row")
ProgressBar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""`progress_bar`, or whatever else is told of long work: its name, how much there is, and each thing that is done."""


def note(line: str) -> None:
    """A sentence for people."""
    sys.stderr.write(fitted(line, sys.stderr, 0) + "\n")


@contextmanager
def counter(name: str) -> Iterator[Callable[[], None]]:
    """What to call for each of the things called `name`; a terminal shows how many there were so far."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn(f"{{task.completed:,.0f}} {name}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


@contextmanager
def progress_bar(name: str, total: int) -> Iterator[Callable[[], None]]:
    """What to call for each of `total` things that are done; `name` is text, whatever it looks like."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    # no thread that redraws it: what is done may be forks of this process
    with Progress(console=Console(stderr=True), auto_refresh=False) as progress:
        task = progress.add_task(escape(name), total=total)
        yield lambda: progress.update(task, advance=1, refresh=True)


@contextmanager
def no_progress_bar(name: str, total: int) -> Iterator[Callable[[], None]]:
    """For work that nobody watches."""
    yield lambda: None


def count_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows as they come, which a terminal counts."""
    with counter("rows") as advance:
        for row in rows:
            advance()
            yield row
