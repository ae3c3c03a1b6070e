"""What the command line prints: people read tables on stdout and progress on stderr; `--json` is one document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from errata.domain.names import printable
from errata.terminal import fitted, folded

Result = TypeVar("Result")
STYLES = {
    "promote": "green",
    "reject": "red",
    "blocked": "red",
    "unfinished": "red",
    "inconclusive": "yellow",
    "underpowered": "yellow",
    "skipped": "dim",
    "bootstrap": "dim",
}
"""Colours of verdicts, wherever a table has one."""


@runtime_checkable
class HasJson(Protocol):
    """What says itself how it is written."""

    def as_json(self) -> dict[str, Any]: ...


def as_json(value: Any) -> Any:
    """A use case's result in JSON's own types: objects by their fields, times in ISO 8601, paths as text."""
    if isinstance(value, HasJson):
        return value.as_json()
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_json(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(member) for member in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def show(
    result: Result,
    json_wanted: bool,
    text: Callable[[Result], None] | str,
    to_json: Callable[[Result], Any] = as_json,
) -> None:
    """Prints a command's result as one JSON document, or for people: by a function, or as this sentence."""
    if json_wanted:
        sys.stdout.write(json.dumps(as_json(to_json(result)), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    elif isinstance(text, str):
        say(text)
    else:
        text(result)


def say(line: str) -> None:
    """A sentence, or several lines; see `fitted`."""
    sys.stdout.write(fitted(printable(line), sys.stdout) + "\n")


def say_whole(line: str) -> None:
    """A path or a command, which is to be copied: the terminal breaks it itself, and copies it as one line."""
    sys.stdout.write(printable(line) + "\n")


def say_wrapped(line: str, indent: int = 2) -> None:
    """A line that may be longer than the terminal is wide; what follows its first piece is indented."""
    say_whole(folded(line, indent, whole=False))


def say_styled(line: str, style: str) -> None:
    """A line in a colour, where a terminal shows it and NO_COLOR isn't set."""
    from rich.console import Console
    from rich.text import Text

    Console(markup=False, emoji=False, soft_wrap=True).print(Text(printable(line), style))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    style: dict[str, Any] = {"title_style": "bold", "header_style": "bold", "title_justify": "left"}
    table = Table(title=printable(title), box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), **style)
    console = Console(markup=False, emoji=False)  # an id is text, whatever it looks like
    for index, column in enumerate(columns):
        is_narrow = max(len(row[index]) for row in (columns, *rows)) <= console.width // 2
        is_text = index == 0 or not is_narrow or any("\n" in row[index] for row in rows)
        table.add_column(
            column, justify="left" if is_text else "right", no_wrap=index == 0 and is_narrow, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(printable(cell), STYLES.get(cell.removesuffix(" *"), "")) for cell in row))
    console.print(table)


def number(value: float | None, form: str = "z.1f") -> str:
    return "–" if value is None else f"{value:{form}}"


def with_interval(value: float | None, low: float | None, high: float | None, form: str = "z.1f") -> str:
    """`81.2 [78.4, 84.0]`, or less where less is known."""
    if low is None or high is None:
        return number(value, form)
    return f"{number(value, form)} [{low:{form}}, {high:{form}}]"
