"""Why an import refused rows: many rows of a file go wrong in few ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from errata.formats.source_rows import Rejected

EXAMPLES = 3
"""Of each reason; the rejects file has them all."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    file: str
    row: int | str
    """The line, or what the format calls its rows."""
    reason: str
    """The whole sentence."""
    names: tuple[str, ...]
    """What of it is this row's alone."""


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str
    """A sentence, with … for what differs from row to row."""
    count: int
    examples: tuple[RefusedRow, ...]
    """The first of them."""


def refusals(refused: Iterable[Rejected]) -> tuple[Refusal, ...]:
    """The reasons, the commonest first, and else in the order of the rows."""
    rows: dict[str, list[Rejected]] = {}
    for row in refused:
        rows.setdefault(row.kind or row.reason, []).append(row)
    return tuple(sorted((_refusal(*group) for group in rows.items()), key=lambda refusal: -refusal.count))


def _refusal(kind: str, rows: list[Rejected]) -> Refusal:
    examples = tuple(RefusedRow(row.file, row.row, row.reason, row.names) for row in rows[:EXAMPLES])
    return Refusal(kind if len(rows) > 1 else rows[0].reason, len(rows), examples)
