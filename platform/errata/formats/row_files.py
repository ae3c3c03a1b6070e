"""Files of rows: JSON, JSONL and CSV, told apart by what is in them.

Nothing that stands in a file is lost: a row that can't be read comes out refused, with its text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.formats.json_files import parse, read_text
from errata.formats.source_rows import Rejected, SourceRow, json_lines

_HEADING_LINES = 10
"""Lines among which a table's header is looked for."""
_SEPARATOR = re.compile(r"\W*sep=(.)\W*", re.IGNORECASE)
"""The line that says what parts the cells, in quotes or filled up with delimiters as some programs save it."""


def is_json(path: Path) -> bool:
    """Whether a text file begins as JSON does, or is called JSONL and has an object at least. Raises BadInput when it
    can't be read.
    """
    text = read_text(path)
    if text.lstrip()[:1] in {"[", "{"}:
        return True
    return path.suffix.lower() == ".jsonl" and any(
        line.startswith("{") and _is_object(line) for line in text.split("\n")
    )


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
        if path.suffix.lower() == ".jsonl":
            return json_lines(path)
        raise BadInput(f"{path}: {problem}") from problem
    items = whole if isinstance(whole, list) else [whole]
    if not items:
        raise BadInput(f"{path} is an empty list; export it again, or leave it out")
    return (SourceRow(str(path), f"item {number}", item) for number, item in enumerate(items, start=1))


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):  # a long list on one line is not parsed to see that it is none
        return False
    try:
        return isinstance(parse(line), dict)
    except BadInput:
        return False


def csv_header(path: Path) -> list[str]:
    """The columns of a CSV file. Raises BadInput when it can't be read or names a column twice."""
    return _table(path, read_text(path), ()).header


def csv_rows(path: Path, names: Collection[str] = ()) -> list[SourceRow | Rejected]:
    """The rows of a CSV file, each a dict of texts by column; rows without any text are skipped.

    A column that is one of `names` in other letters ("Video ID") is called by that name. Raises BadInput when the file
    can't be read, names a column twice or has no rows.
    """
    text = read_text(path)
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # a transcript may stand in one cell
    rows = list(_cells_by_column(path, _table(path, text, names)))
    if not rows:
        raise BadInput(f"{path} has no rows below its first line; export it again, or leave it out")
    return rows


class _Table(NamedTuple):
    lines: list[str]
    """From the header on, with their ends."""
    above: int
    """Lines that stand above the header."""
    header: list[str]
    delimiter: str


def _table(path: Path, text: str, names: Collection[str]) -> _Table:
    """Where the table begins: below blank lines, a title and the `sep=;` by which spreadsheets are told the delimiter.

    That is the one of comma, semicolon and tab that parts the header into the most columns, unless it is told.
    """
    lines = list(io.StringIO(text, newline=""))
    delimiters = ",;\t"
    tables: list[_Table] = []
    for above, line in enumerate(lines[:_HEADING_LINES]):
        if declared := _SEPARATOR.fullmatch(line.strip("\r\n")):
            delimiters = declared[1]
            continue
        by_delimiter = {delimiter: _first_row(lines[above:], delimiter) for delimiter in delimiters}
        delimiter = max(by_delimiter, key=lambda item: len(by_delimiter[item]))
        tables.append(_Table(lines[above:], above, by_delimiter[delimiter], delimiter))
    if not tables:
        return _Table([], len(lines), [], delimiters)
    table = tables[first_table_row([table.header for table in tables])]
    header = known_names(table.header, names)
    check_header(path, header)
    return table._replace(header=header)


def first_table_row(rows: Sequence[list[str]]) -> int:
    """The first row with two filled cells: a table has more than one column, and a title above it has but one cell.

    The first one that is filled at all where none has two.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return next((at for fewest in (2, 1) for at, count in enumerate(filled) if count >= fewest), 0)


def known_names(header: Iterable[str], names: Collection[str]) -> list[str]:
    """Columns by their names in `names`, whatever their case, and with blanks or hyphens for underscores."""
    by_plain_name = {_plain(name): name for name in names}
    return [by_plain_name.get(_plain(column), column.strip()) for column in header]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def check_header(path: Path, header: list[str]) -> None:
    """Raises BadInput when a column is named twice."""
    for name in header:
        if name and header.count(name) > 1:
            raise BadInput(f"{path} has the column {name!r} twice; rename or remove one")


def _first_row(lines: list[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return []


def _cells_by_column(path: Path, table: _Table) -> Iterator[SourceRow | Rejected]:
    reader = csv.reader(table.lines, delimiter=table.delimiter, strict=True)
    while True:
        begin = reader.line_num
        line = table.above + begin + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            end = table.above + reader.line_num
            torn = BadInput("not CSV ({}, lines {} to {}); mend it or export it again", problem, line, end)
            yield SourceRow(str(path), line, "".join(table.lines[begin : reader.line_num])).reject(torn)
            continue
        if begin and any(cell.strip() for cell in cells):
            yield by_column(SourceRow(str(path), line, None), table.header, cells)


def by_column(place: SourceRow, header: list[str], cells: list[Any]) -> SourceRow | Rejected:
    """A table's row as a dict; refused when it has more or fewer cells than the header."""
    if len(cells) != len(header):
        odd = BadInput("it has {} cells and the header {}; mend it or export it again", len(cells), len(header))
        return replace(place, raw=cells).reject(odd)
    return SourceRow(place.file, place.row, dict(zip(header, cells, strict=True)))
