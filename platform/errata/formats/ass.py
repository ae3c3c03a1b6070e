"""SubStation Alpha (.ass, .ssa): a `Dialogue:` line is a line of the one transcript in the file.

The `Format:` line of `[Events]` says which field is where. What sets style or position (`{\\i1}`, drawings) is left
out, `\\N` and `\\h` are blanks, and `Name` is the speaker. Lines of one time and text, as layers have them, are one.
"""

from __future__ import annotations

import re
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.cues import seconds, unescape_text
from errata.formats.talk import Speech

_FIRST = re.compile(r"\[Script Info\]|\[Events\]", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}.*?(?:\{[^{}]*\\p0[^{}]*\}|$)")
_BREAK = re.compile(r"\\n")
_NEEDED = ("start", "end", "text")


def fits(content: Any) -> bool:
    return isinstance(content, str) and _FIRST.match(content.lstrip()) is not None


def speech(text: str) -> Speech:
    """Raises BadInput, with the line that can't be read."""
    fields: list[str] = []
    lines: Speech = []
    for number, line in enumerate(text.splitlines(), start=1):
        kind, _, rest = line.partition(":")
        if kind.strip().lower() == "format":
            fields = [name.strip().lower() for name in rest.split(",")]
        elif kind.strip().lower() == "dialogue":
            lines.append(_line(rest, fields, number))
    if not lines:
        raise BadInput("no Dialogue: line is in it; export it again")
    # players show by time, so editors keep no order
    ordered = sorted(lines, key=lambda line: (float(line["start"]), float(line["end"])))
    return [line for at, line in enumerate(ordered) if not at or line != ordered[at - 1]]


def _line(rest: str, fields: list[str], number: int) -> JsonObject:
    if not all(name in fields for name in _NEEDED) or fields[-1] != "text":
        raise BadInput("line {} has no Format: line above it that ends with Text; export it again", number)
    values = rest.split(",", len(fields) - 1)
    if len(values) < len(fields):
        raise BadInput("line {} has {} fields of {}: {}; mend it", number, len(values), len(fields), short(rest))
    row = dict(zip(fields, values, strict=True))
    words = _OVERRIDE.sub("", _DRAWING.sub("", row["text"]))
    return {
        "start": seconds(row["start"], f"line {number}'s start"),
        "end": seconds(row["end"], f"line {number}'s end"),
        "text": unescape_text(_BREAK.sub(" ", words)),
        "speaker": row.get("name", row.get("actor", "")).strip() or None,
    }
