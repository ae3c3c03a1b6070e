"""Whisper's TSV: columns `start`, `end` and `text`, times in milliseconds. One file is one transcript."""

from __future__ import annotations

from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.speakers import split_speakers
from errata.formats.talk import Speech

_HEADER = ["start", "end", "text"]


def fits(content: Any) -> bool:
    return isinstance(content, str) and content.lstrip().splitlines()[0].strip().lower().split("\t") == _HEADER


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    if not fits(text):
        raise BadInput("its first line must be start, end and text, with tabs between; export it again")
    _, *rows = text.lstrip().split("\n")
    lines = [_line(row.rstrip("\r"), number) for number, row in enumerate(rows, start=2) if row.strip()]
    if not lines:
        raise BadInput("no line is below its first; export it again")
    return split_speakers(lines)


def _line(row: str, number: int) -> JsonObject:
    cells = row.split("\t", 2)
    if len(cells) < len(_HEADER):
        raise BadInput("line {} must have a start, an end and words, not {}; export it again", number, short(row))
    start, end = (_seconds(cell, number) for cell in cells[:2])
    return {"start": start, "end": end, "text": cells[2], "speaker": None}


def _seconds(cell: str, number: int) -> float:
    if not (cell.strip().isascii() and cell.strip().isdigit() and len(cell) < 12):
        raise BadInput("line {}'s time must be whole milliseconds, not {}", number, short(cell))
    return int(cell) / 1000
