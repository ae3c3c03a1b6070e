"""XLSX as rows of texts, by way of openpyxl, which is loaded when it is needed and may be missing."""

from __future__ import annotations

import importlib
import io
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from errata.errors import BadInput, Unavailable
from errata.formats.json_files import read_bytes
from errata.formats.row_files import by_column, check_header, first_table_row, known_names
from errata.formats.source_rows import Rejected, SourceRow

LARGEST = 200 * 2**20
"""Bytes that a workbook may unpack to."""

LONGEST_CELL = 32_767
"""Characters that XLSX keeps of a cell."""

_BROKEN = (BadZipFile, zlib.error, EOFError, ParseError, LookupError, ValueError, TypeError, RuntimeError, OSError)
"""What zipfile, the XML parser and openpyxl raise over a broken workbook: found by breaking one at every byte."""

_XLS = b"\xd0\xcf\x11\xe0"
"""The beginning of a compound file, in which Excel kept workbooks before XLSX."""
_HEADING_ROWS = 10
"""Rows among which the header is looked for."""
MOST_ROWS = 2**20
"""Rows that XLSX has in a sheet."""
MOST_LINKS = 65_530
"""Links that XLSX has in a sheet."""
_AS_TEXT = "@"
"""The number format by which a cell keeps what is typed."""
_SECONDS = re.compile(r"[:\[]s", re.IGNORECASE)
"""In a number format: seconds are shown."""
_TIME_OF_DAY = re.compile(r"am/pm", re.IGNORECASE)
_FIRST, _LAST = 20_000, 80_000
"""Numbers that are days of the years from about 1955 to 2120, whichever day a workbook counts from."""

_NOT_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class Column(NamedTuple):
    """How a column of a sheet that is written looks."""

    name: str
    width: int
    """In characters."""
    keeps_text: bool = False
    """What is typed into it later stays the text that it is."""
    is_link: bool = False
    """Its texts open what they name."""


def is_one(path: Path) -> bool:
    """Whether the file is a zip archive, as XLSX is. Raises BadInput when it can't be read, or is XLSX's forerunner."""
    start = read_bytes(path, 4)
    if start == _XLS:
        raise BadInput(f"{path} is a workbook of Excel 97 to 2003; save it as XLSX or CSV")
    return start == b"PK\x03\x04"


def rows(path: Path, names: Collection[str], dates: Collection[str] = ()) -> list[SourceRow | Rejected]:
    """The first sheet's rows, each a dict of texts by column; one with a formula or an error in `names` is refused.

    A column that is one of `names` in other letters ("Video ID") is called by that name. In a column of `dates` a bare
    number is a date, as spreadsheets count them. Raises BadInput when the file can't be read or names a column twice,
    and Unavailable without openpyxl.
    """
    table, epoch = _table(path)
    above = first_table_row([[_text(cell) for cell in cells] for cells in table[:_HEADING_ROWS]])
    header = known_names([_text(cell) for cell in table[above]], names) if table else []
    while header and not header[-1]:
        header.pop()
    check_header(path, header)
    places = {at for at, name in enumerate(header) if name in names}
    days = {at for at, name in enumerate(header) if name in dates}
    sheet_rows = []
    for line, cells in enumerate(table[above + 1 :], start=above + 2):
        texts = [_day(cell, epoch) if at in days else _text(cell) for at, cell in enumerate(cells)]
        is_computed = any(cell.data_type in {"f", "e"} for at, cell in enumerate(cells) if at in places)
        row = _row(SourceRow(str(path), line, None), header, texts, is_computed)
        if row is not None:
            sheet_rows.append(row)
    return sheet_rows


def write(path: Path, sheets: Mapping[str, tuple[Sequence[Column], Sequence[list[str]]]]) -> None:
    """Writes texts into the sheets of a new workbook, each with its columns and rows.

    Raises BadInput, and Unavailable without openpyxl.
    """
    book = _openpyxl().Workbook()
    book.remove(book.active)
    for title, (columns, rows) in sheets.items():
        if len(rows) >= MOST_ROWS:
            raise BadInput(f"{path} can't hold the {len(rows):,} rows of {title!r}; use CSV")
        page = book.create_sheet(title)
        page.freeze_panes = "A2"
        header = [[column.name for column in columns]]
        for line, texts in enumerate([*header, *rows], start=1):
            for at, (text, column) in enumerate(zip(texts, columns, strict=True), start=1):
                _write_cell(page.cell(line, at, _writable(text, path)), column)
        for at, column in enumerate(columns):
            page.column_dimensions[page.cell(1, at + 1).column_letter].width = column.width
    try:
        book.save(path)
    except OSError as problem:
        raise BadInput(f"{path} can't be written ({problem.strerror}); name another place") from problem


def _write_cell(cell: Any, column: Column) -> None:
    cell.data_type = "s"  # "#REF!" would be written as an error
    if column.keeps_text:
        cell.number_format = _AS_TEXT
    if column.is_link and cell.value and 1 < cell.row <= MOST_LINKS:
        cell.hyperlink = cell.value


def _openpyxl() -> Any:
    try:
        return importlib.import_module("openpyxl")
    except ImportError as problem:
        raise Unavailable("XLSX needs openpyxl, which is not installed; install it, or use CSV") from problem


def _table(path: Path) -> tuple[list[list[Any]], datetime]:
    """The first sheet's cells, and the day from which the workbook counts its dates."""
    openpyxl = _openpyxl()
    data = io.BytesIO(read_bytes(path))
    try:
        _check_size(path, data)
        book = openpyxl.load_workbook(data, read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write wrong ones, and rows beyond them would be missing
        return [list(cells) for cells in sheet.iter_rows()], book.epoch
    except _BROKEN as problem:
        raise BadInput(f"{path} can't be read as XLSX ({problem}); save it again, or as CSV") from problem


def _check_size(path: Path, data: io.BytesIO) -> None:
    with ZipFile(data) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST:
            raise BadInput(f"{path} unpacks to more than {LARGEST >> 20} MiB; save it as CSV")


def _row(place: SourceRow, header: list[str], texts: list[str], is_computed: bool) -> SourceRow | Rejected | None:
    """None where the row is blank; refused for a formula in it."""
    while len(texts) > len(header) and not texts[-1]:
        texts.pop()
    if not any(text.strip() for text in texts):
        return None
    if is_computed:
        return Rejected(place.file, place.row, "a cell of it is a formula or an error; put its value there", texts)
    return by_column(place, header, texts + [""] * (len(header) - len(texts)))


def _day(cell: Any, epoch: datetime) -> str:
    """A date; a number that is one only in `epoch`'s count is taken for it."""
    if cell.data_type != "n" or not isinstance(cell.value, int | float) or not _FIRST <= cell.value < _LAST:
        return _text(cell)
    moment = epoch + timedelta(days=cell.value)
    return (moment.date() if moment.time() == time() else moment.replace(microsecond=0)).isoformat()


def _text(cell: Any) -> str:
    """What a cell shows, as far as it is what was typed into it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()  # a date alone is kept as one with a time
    if isinstance(value, bool):
        return str(value).upper()  # as it is shown
    if isinstance(value, time | timedelta):
        return _clock_text(value, cell.number_format)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _clock_text(value: time | timedelta, number_format: str) -> str:
    """What was typed: 1:33 is kept as an hour and 33 minutes, and shown as 1:33."""
    if isinstance(value, time):
        value = timedelta(0, value.second, value.microsecond, 0, value.minute, value.hour)
    minutes, seconds = divmod(round(value.total_seconds(), 3), 60)
    clock = f"{int(minutes) // 60}:{int(minutes) % 60:02d}"
    if _SECONDS.search(number_format):
        clock += f":{seconds:06.3f}".removesuffix(".000")
    return f"{clock} by the clock" if _TIME_OF_DAY.search(number_format) else clock


def _writable(cell: str, path: Path) -> str:
    if len(cell) > LONGEST_CELL or _NOT_XML.search(cell):
        raise BadInput(f"{path} can't hold {cell[:60]!a}, which is too long or has control characters; use CSV")
    return cell
