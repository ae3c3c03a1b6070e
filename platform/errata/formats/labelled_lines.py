"""Chapters as spans of a text whose lines begin with their times, each called by its label."""

from __future__ import annotations

from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_text


def labelled_line(whole: str, first: Any, end: Any, label: Any, what: str) -> JsonObject:
    """The chapter that a label on characters `first` to `end` (exclusive) makes, as `reviews_jsonl` has it.

    It covers the text from the beginning of a line that has a time there, with or without that time, to the end of that
    line at least; any other span marks something else, as those of entities do. Raises BadInput.
    """
    start, stop = _offset(first, what), _offset(end, what)
    if not start < stop <= len(whole):
        raise BadInput(what + " runs from {} to {}, and the text has {} characters; mend it", start, stop, len(whole))
    begin = whole.rfind("\n", 0, start) + 1
    line_end = whole.find("\n", start)
    line = whole[begin : line_end if line_end >= 0 else len(whole)]
    timed = chapter_text.read_line(line)
    if timed is None or not _is_bare_time(whole[begin:start]) or stop < begin + len(line.rstrip()):
        raise BadInput(
            what + " marks {}, which is no line that begins with a time; label whole lines, or leave it out",
            short(whole[start:stop]),
        )
    return {"start": timed.start, "title": label}


def _is_bare_time(lead: str) -> bool:
    chapter = chapter_text.read_line(lead)
    return not lead.strip() or (chapter is not None and not chapter.title)


def _offset(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadInput(what + " must begin and end at characters, counted from 0, not at {}", short(value))
    return value
