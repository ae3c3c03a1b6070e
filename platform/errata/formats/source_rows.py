"""Rows of an outside file: each becomes a value or is refused with its reason, and what was refused can be mended.

A rejects file is JSONL. Each line is the row as the import that refused it reads it, and a `_rejected` beside it that
says where the row stood and why it was refused; imports take no notice of that key. Mend the line, and give the file
to the same command. What is left unmended is refused again, but for one case: of two rows under one id the later is
refused, and importing it again by itself says that it is meant, as another version of the first.

- corrections: the line of `reviews_jsonl`;
- transcripts: `{"video_id": …, "metadata": {…}, "asr": {…}}`, both halves as their two files hold them, which
  `chapter_llama` reads back;
- a row that isn't a JSON object (a torn line, a text file) has no fields to keep: its text stands in `_rejected.raw`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.errors import BadInput, ErrataError
from errata.files import JsonObject
from errata.formats.json_files import json_object, parse, read_text, write_text

REJECTED = "_rejected"

Adjustment = Literal[
    "out of order",
    "backwards",
    "without an end",
    "before the start",
    "duration",
    "after the end",
    "prose",
    "on one line",
]
"""What was put right on the way in: lines that were not in order of time, ended before they started, had no end or
stood before the beginning; a stated duration before the last words' end; chapters that began after the last words;
lines of a description that mention a time and are no chapter; chapters that fell on a line which another had taken."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Rejected:
    file: str
    row: int | str
    reason: str
    """A sentence that says what to do."""
    raw: Any
    """The row in the form in which it can be imported again; its text where it has no such form."""
    kind: str = ""
    """What is the same in the reasons of its sort, as an error's `kind`; empty where nothing else is told."""
    names: tuple[str, ...] = ()
    """What differs between them."""

    def __str__(self) -> str:
        return self.reason if self.file in self.names else f"{self.place}: {self.reason}"

    @property
    def place(self) -> str:
        """The file, and what of it; a file that is one talk is named once."""
        if isinstance(self.row, int):
            return f"{self.file}, line {self.row}"
        return self.file if self.row == Path(self.file).stem else f"{self.file}, {self.row}"


class LeftOut(Rejected):
    """What asks for nothing, and is there for nobody to mend: it is counted, by its reason in a word or two."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SourceRow:
    file: str
    row: int | str
    """The line, counted from 1; for files that are maps, the key."""
    raw: Any

    def reject(self, reason: ErrataError | str) -> Rejected:
        # A key may hold what no terminal and no database takes: that is often the very reason.
        plain = isinstance(self.row, int) or self.row.isprintable()
        place = self.row if plain else ascii(self.row)
        if isinstance(reason, str):
            return Rejected(self.file, place, reason, self.raw)
        return Rejected(self.file, place, str(reason), self.raw, reason.kind, reason.names)


@dataclass(frozen=True, slots=True)
class ImportedTranscript:
    """A transcript, and the chapters that came with it."""

    transcript: Transcript
    reference: Chapters | None
    """None where none came; an empty tuple says that it has no chapters."""
    row: SourceRow = field(compare=False, repr=False)
    """Where it stood: `row.reject(reason)` refuses it after all, when it doesn't fit what the record holds."""
    adjustments: Mapping[Adjustment, int] = field(default_factory=dict, compare=False)
    """How many lines were put right on the way in, by what was wrong."""


class DetectedFile(NamedTuple, Generic[Value]):
    """What a file or folder was taken for, in words, and what is in it."""

    path: Path
    label: str
    rows: Iterator[Value | Rejected]


def convert_rows(
    rows: Iterable[SourceRow | Rejected], make: Callable[[SourceRow], Value]
) -> Iterator[Value | Rejected]:
    """What `make` makes of each row, in order; a row on which it raises BadInput comes out rejected."""
    for row in rows:
        yield row if isinstance(row, Rejected) else _convert(row, make)


def _convert(row: SourceRow, make: Callable[[SourceRow], Value]) -> Value | Rejected:
    try:
        return make(row)
    except BadInput as problem:
        return row.reject(problem)


def json_lines(path: Path) -> Iterator[SourceRow | Rejected]:
    """The rows of a JSONL file; blank lines are skipped. Raises BadInput, at once, when the file can't be read."""
    lines = read_text(path).split("\n")  # not splitlines: U+2028 may stand in a JSON string
    return (_parse_line(str(path), number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _parse_line(file: str, number: int, line: str) -> SourceRow | Rejected:
    try:
        return SourceRow(file, number, parse(line, number))
    except BadInput as problem:
        return SourceRow(file, number, line).reject(problem)


def write_rejects(path: Path, rejected: Iterable[Rejected]) -> int:
    """Writes the rejects, one a line, and returns how many; writes no file when there are none.

    `path` should end in `.jsonl`, by which imports know it. Raises BadInput when it can't be written.
    """
    lines = [_line(item) for item in rejected]
    if lines:
        write_text(path, "".join(lines))
    return len(lines)


def _line(item: Rejected) -> str:
    why: JsonObject = {"file": item.file, "row": item.row, "reason": item.reason}
    fields: list[tuple[str, Any]] = []
    if isinstance(item.raw, dict):
        fields = [field for field in item.raw.items() if field[0] != REJECTED]
        before = item.raw.get(REJECTED)
        if not fields and isinstance(before, dict) and "raw" in before:
            why["raw"] = before["raw"]  # nobody has mended it yet: its text is all that there is of it
    elif item.raw is not None:
        why["raw"] = item.raw
    return json.dumps(json_object([*fields, (REJECTED, why)]), ensure_ascii=False) + "\n"
