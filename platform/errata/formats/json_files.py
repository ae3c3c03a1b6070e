"""Text, JSON and JSONL from outside, read without losing anything in silence.

Python's own reader keeps the last of two equal keys and takes NaN for a number. Here both come out as what they are:
a `Doubled` object, and the text "NaN".
"""

from __future__ import annotations

import json
import math
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject

_MARK = "\ufeff"
_NO_TEXT = {
    b"\x1f\x8b": "is compressed; unpack it first (gunzip)",
    b"BZh9": "is compressed; unpack it first (bunzip2)",
    b"\xfd7zXZ": "is compressed; unpack it first (unxz)",
    b"\x28\xb5\x2f\xfd": "is compressed; unpack it first (unzstd)",
    b"PK\x03\x04": "is a zip archive or an Office document; unpack it, or save its words as text",
    b"%PDF-": "is a PDF; save its words as text",
    **dict.fromkeys((b"\xff\xd8\xff", b"\x89PNG", b"GIF8"), "is a picture; leave it out"),
    **dict.fromkeys(
        (b"ID3", b"\xff\xfb", b"OggS", b"fLaC", b"RIFF", b"\x1aE\xdf\xa3"), "is a recording; transcribe it first"
    ),
}
"""What the beginnings of some files say that they are."""
_MP4 = (b"ftyp", "is a recording; transcribe it first")
"""Behind four bytes of length."""
_RICH = "{\\rtf"
_HEAD = 4096
"""Characters that are looked at."""
_WIDE = 3
"""Where more than one character in so many is NUL, each was written in two bytes or four."""


class Doubled(dict[str, Any]):
    """A JSON object in which a key stands twice: `items()` has all the pairs, so it is written as it was read."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        return self._pairs

    @property
    def repeated_key(self) -> str:
        return Counter(key for key, _ in self._pairs).most_common(1)[0][0]


def read_bytes(path: Path, count: int = -1) -> bytes:
    """The first `count` bytes of a file, or all. Raises BadInput."""
    try:
        if path.is_fifo():
            raise BadInput(f"{path} is a pipe, which can be read but once; save what comes out of it, and name that")
        with path.open("rb") as file:
            return file.read(count)
    except OSError as problem:
        raise BadInput(f"{path} can't be read ({problem.strerror}); check the path") from problem


def is_there(path: Path) -> bool:
    """Whether a file is at a path; none is where the name is longer than a disk takes."""
    try:
        return path.is_file()
    except OSError:
        return False


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Writes line ends as they stand in `text`, and half a character as JSON escapes it. Raises BadInput."""
    try:
        path.write_text(text, encoding=encoding, errors="backslashreplace", newline="")
    except OSError as problem:
        raise BadInput(f"{path} can't be written ({problem.strerror}); name another place") from problem


def read_text(path: Path) -> str:
    """The whole of a file in UTF-8, with or without a byte order mark, or in UTF-16 with one. Raises BadInput.

    Other encodings are refused and not guessed: the same bytes are other letters in each of them.
    """
    content = read_bytes(path)
    encoding = "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as problem:
        if other := what_it_is(path, content):
            raise other from problem
        name = encoding.removesuffix("-sig").upper()
        remedy = "save it as UTF-8" + (', in a spreadsheet as "CSV UTF-8"' if path.suffix.lower() == ".csv" else "")
        raise BadInput(f"{path} is not {name} (byte {problem.start}); {remedy}") from problem
    if text.startswith(_RICH):
        raise BadInput("{} is rich text (RTF); save it as plain text", path)
    if _WIDE * text.count("\0", 0, _HEAD) > len(text[:_HEAD]):
        raise BadInput("{} is UTF-16 or UTF-32 without the mark that says so; save it as UTF-8", path)
    text = text.lstrip(_MARK)  # some programs write a second one
    if not text.strip():
        raise BadInput("{} is empty; export it again, or leave it out", path)
    return text


def what_it_is(path: Path, content: bytes) -> BadInput | None:
    """Why a file is no text, where its first bytes say what it is instead."""
    for begins, what in _NO_TEXT.items():
        if content.startswith(begins):
            return BadInput("{} " + what, path)
    kind, what = _MP4
    return BadInput("{} " + what, path) if content[4:8] == kind else None


def read_json(path: Path) -> Any:
    """A JSON file's value. Raises BadInput with file, line and column."""
    text = read_text(path)
    try:
        return parse(text)
    except BadInput as problem:
        raise BadInput(f"{path}: {problem}") from problem


def read_map(path: Path) -> JsonObject:
    """A JSON file that is one object. Raises BadInput with file, line and column."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise BadInput(f"{path} must be a JSON object with one entry an id, not a {type(value).__name__}")
    return value


def parse(text: str, line: int = 1) -> Any:
    """One JSON value, which begins on this line of its file. A number that is not finite stays the text it was written
    as. Raises BadInput with line and column."""
    try:
        return json.loads(text, object_pairs_hook=json_object, parse_constant=str, parse_float=_float, parse_int=_int)
    except json.JSONDecodeError as problem:
        if problem.msg == "Extra data":
            raise BadInput(
                "not JSON (more follows its end, line {}, column {}); export it again, or name it .jsonl if each line "
                "is a value of its own",
                line + problem.lineno - 1,
                problem.colno,
            ) from problem
        raise BadInput(
            "not JSON ({}, line {}, column {}); it is broken or cut off: export it again",
            problem.msg,
            line + problem.lineno - 1,
            problem.colno,
        ) from problem
    except RecursionError as problem:
        raise BadInput("nested too deeply to be read; export it again") from problem


def parse_lines(text: str) -> list[Any]:
    """The JSON values of JSONL, one a line. Raises BadInput with line and column."""
    # not splitlines: U+2028 may stand in a JSON string
    return [parse(line, number) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def json_object(pairs: Iterable[tuple[str, Any]]) -> JsonObject:
    """The object of these keys and values: `Doubled` where one stands again."""
    pairs = list(pairs)
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else Doubled(pairs)


def _float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _int(text: str) -> int | str:
    # More than some 308 digits are no number to anybody, and Python refuses to read more than 4,300.
    return int(text) if math.isfinite(float(text)) else text
