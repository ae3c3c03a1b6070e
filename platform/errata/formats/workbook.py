"""XLSX as rows of texts, by way of openpyxl, which is loaded when it is needed and may be missing."""

from __future__ import annotations

import importlib
import io
import re
import zlib
from collections.abc import Collection, Iterable
from datetime import datetime
from datetime import time as midnight
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from errata.errors import BadInput, Unavailable
from errata.formats.json_files import read_bytes
from errata.formats.row_files import by_column, check_header
from errata.formats.source_rows import Rejected, SourceRow

LARGEST = 200 * 2**20
"""Bytes that a workbook may unpack to."""

LONGEST_CELL = 32_767
"""Characters that XLSX keeps of a cell."""

_BROKEN = (BadZipFile, zlib.error, EOFError, ParseError, LookupError, ValueError, TypeError, RuntimeError, OSError)
"""What zipfile, the XML parser and openpyxl raise over a broken workbook: found by breaking one at every byte."""

_NOT_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def is_one(path: Path) -> bool:
    """Whether the file is a zip archive, as XLSX is. Raises BadInput when it can't be read."""
    return read_bytes(path, 4) == b"PK\x03\x04"


def rows(path: Path, columns: Collection[str]) -> list[SourceRow | Rejected]:
    """The first sheet's rows, each a dict of texts by column; one with a formula or an error in `columns` is refused.

    Raises BadInput when the file can't be read or names a column twice, and Unavailable without openpyxl.
    """
    table = _table(path)
    header = [_text(cell.value).strip() for cell in table[0]] if table else []
    while header and not header[-1]:
        header.pop()
    check_header(path, header)
    places = {at for at, name in enumerate(header) if name in columns}
    sheet_rows = []
    for line, cells in enumerate(table[1:], start=2):
        row = _row(SourceRow(str(path), line, None), header, cells, places)
        if row is not None:
            sheet_rows.append(row)
    return sheet_rows


def write(path: Path, table: Iterable[list[str]]) -> None:
    """Writes texts into the one sheet of a new workbook. Raises BadInput, and Unavailable without openpyxl."""
    book = _openpyxl().Workbook()
    for line, cells in enumerate(table, start=1):
        for at, cell in enumerate(cells, start=1):
            book.active.cell(line, at, _writable(cell, path)).data_type = "s"  # "#REF!" would be written as an error
    try:
        book.save(path)
    except OSError as problem:
        raise BadInput(f"{path} can't be written ({problem.strerror}); name another place") from problem


def _openpyxl() -> Any:
    try:
        return importlib.import_module("openpyxl")
    except ImportError as problem:
        raise Unavailable("XLSX needs openpyxl, which is not installed; install it, or use CSV") from problem


def _table(path: Path) -> list[list[Any]]:
    openpyxl = _openpyxl()
    data = io.BytesIO(read_bytes(path))
    try:
        _check_size(path, data)
        sheet = openpyxl.load_workbook(data, read_only=True).worksheets[0]
        sheet.reset_dimensions()  # some programs write wrong ones, and rows beyond them would be missing
        return [list(cells) for cells in sheet.iter_rows()]
    except _BROKEN as problem:
        raise BadInput(f"{path} can't be read as XLSX ({problem}); save it again, or as CSV") from problem


def _check_size(path: Path, data: io.BytesIO) -> None:
    with ZipFile(data) as archive:
        if sum(part.file_size for part in archive.infolist()) > LARGEST:
            raise BadInput(f"{path} unpacks to more than {LARGEST >> 20} MiB; save it as CSV")


def _row(place: SourceRow, header: list[str], cells: list[Any], places: set[int]) -> SourceRow | Rejected | None:
    """None where the row is blank; refused for a formula in one of the `places`."""
    texts = [_text(cell.value) for cell in cells]
    while len(texts) > len(header) and not texts[-1]:
        texts.pop()
    if not any(cell.strip() for cell in texts):
        return None
    if any(cell.data_type in {"f", "e"} for at, cell in enumerate(cells) if at in places):
        return Rejected(place.file, place.row, "a cell of it is a formula or an error; put its value there", texts)
    return by_column(place, header, texts + [""] * (len(header) - len(texts)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == midnight():
        return value.date().isoformat()  # a date alone is kept as one with a time
    if isinstance(value, bool):
        return str(value).upper()  # as it is shown
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _writable(cell: str, path: Path) -> str:
    if len(cell) > LONGEST_CELL or _NOT_XML.search(cell):
        raise BadInput(f"{path} can't hold {cell[:60]!a}, which is too long or has control characters; use CSV")
    return cell
