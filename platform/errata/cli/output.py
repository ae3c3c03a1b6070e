"""What the command line prints: people read tables on stdout and progress on stderr; `--json` is one document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Mean = dict[str, Any]
Found = TypeVar("Found")


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def show(found: Found, as_json: bool, tell: Callable[[Found], None]) -> None:
    """Prints what a command found as JSON, or as `tell` says it to people."""
    (print_json if as_json else tell)(found)


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    style: dict[str, Any] = {"title_style": "bold", "header_style": "bold", "title_justify": "left"}
    table = Table(title=title, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), **style)
    for index, column in enumerate(columns):
        is_text = index == 0 or any("\n" in row[index] for row in rows)
        table.add_column(column, justify="left" if is_text else "right", no_wrap=index == 0)
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False).print(table)  # an id is text, whatever it looks like


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:z.1f}"


def interval(mean: Mean | None) -> str:
    """`81.2 [78, 84]`, so that a night's row fits 80 columns, or a dash where nothing was scored."""
    if not mean or not mean.get("n"):
        return "–"
    if mean.get("low") is None or mean.get("high") is None:
        return percent(mean["f1"])
    return f"{mean['f1']:.1f} [{mean['low']:.0f}, {mean['high']:.0f}]"
