"""What the command line prints: people read tables on stdout and progress on stderr; `--json` is one document."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

Mean = dict[str, Any]


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """Progress: to stderr, so that stdout stays what was asked for."""
    sys.stderr.write(line + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=index == 0)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def interval(mean: Mean | None) -> str:
    """`81.2 [78.0, 84.1]`, or a dash where nothing was scored."""
    if not mean or not mean.get("n"):
        return "–"
    if mean.get("low") is None or mean.get("high") is None:
        return percent(mean["f1"])
    return f"{mean['f1']:.1f} [{mean['low']:.1f}, {mean['high']:.1f}]"
