"""Files of rows: JSON, JSONL and CSV, told apart by what is in them.

Nothing that stands in a file is lost: a row that can't be read comes out refused, with its text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.formats.json_files import parse, read_text
from errata.formats.source_rows import Rejected, SourceRow, json_lines


def is_json(path: Path) -> bool:
    """Whether a text file begins as JSON does. Raises BadInput when it can't be read."""
    return read_text(path).lstrip()[:1] in {"[", "{"}


def json_rows(path: Path) -> Iterator[SourceRow | Rejected]:
    """The items of a JSON list, one object, or the lines of JSONL. Raises BadInput, at once, when it can't be read."""
    text = read_text(path)
    # A line that is an object is JSONL's first; JSON of one object on one line reads the same either way.
    first = next(line for line in text.split("\n") if line.strip())
    if _is_object(first):
        return json_lines(path)
    try:
        whole = parse(text)
    except BadInput as problem:
        if path.suffix == ".jsonl":
            return json_lines(path)
        raise BadInput(f"{path}: {problem}") from problem
    items = whole if isinstance(whole, list) else [whole]
    if not items:
        raise BadInput(f"{path} is an empty list; export it again, or leave it out")
    return (SourceRow(str(path), f"item {number}", item) for number, item in enumerate(items, start=1))


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse(line), dict)
    except BadInput:
        return False


def csv_header(path: Path) -> list[str]:
    """The columns of a CSV file. Raises BadInput when it can't be read or names a column twice."""
    return _header(path, read_text(path))[0]


def csv_rows(path: Path) -> list[SourceRow | Rejected]:
    """The rows of a CSV file, each a dict of texts by column; rows without any text are skipped.

    The delimiter is the one of comma, semicolon and tab that parts the first line into the most columns. Raises
    BadInput when the file can't be read, names a column twice or has no rows.
    """
    text = read_text(path)
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # a transcript may stand in one cell
    header, delimiter = _header(path, text)
    rows = list(_cells_by_column(path, text, header, delimiter))
    if not rows:
        raise BadInput(f"{path} has no rows below its first line; export it again, or leave it out")
    return rows


def _header(path: Path, text: str) -> tuple[list[str], str]:
    headers = {delimiter: _first_row(text, delimiter) for delimiter in ",;\t"}
    delimiter = max(headers, key=lambda item: len(headers[item]))
    header = [name.strip() for name in headers[delimiter]]
    check_header(path, header)
    return header, delimiter


def check_header(path: Path, header: list[str]) -> None:
    """Raises BadInput when a column is named twice."""
    for name in header:
        if name and header.count(name) > 1:
            raise BadInput(f"{path} has the column {name!r} twice; rename or remove one")


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def _cells_by_column(path: Path, text: str, header: list[str], delimiter: str) -> Iterator[SourceRow | Rejected]:
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            torn = BadInput("not CSV ({}, lines {} to {}); mend it or export it again", problem, line, reader.line_num)
            yield SourceRow(str(path), line, "".join(lines[line - 1 : reader.line_num])).reject(torn)
            continue
        if line > 1 and any(cell.strip() for cell in cells):
            yield by_column(SourceRow(str(path), line, None), header, cells)


def by_column(place: SourceRow, header: list[str], cells: list[Any]) -> SourceRow | Rejected:
    """A table's row as a dict; refused when it has more or fewer cells than the header."""
    if len(cells) != len(header):
        odd = BadInput("it has {} cells and the header {}; mend it or export it again", len(cells), len(header))
        return replace(place, raw=cells).reject(odd)
    return SourceRow(place.file, place.row, dict(zip(header, cells, strict=True)))
