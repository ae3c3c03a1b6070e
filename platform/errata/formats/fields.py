"""The fields of an outside row, each checked. Every function raises BadInput that names the field and its value."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from reprlib import repr as short
from typing import Any

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.clock import read_clock
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.json_files import Doubled

LONGEST_TITLE = 500
"""Characters in a chapter's title: more is a paragraph in the wrong field."""

_UNSEEN = ("Cf", "Cc", "Zs")
"""Characters that nobody sees."""
_NUMERAL = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d*)?(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)


def mapping(value: Any, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise BadInput("{} must be a JSON object, not {}", what, short(value))
    if isinstance(value, Doubled):
        raise BadInput("{} has the key {} twice; keep one", what, short(value.repeated_key))
    return value


def listing(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInput("{} must be a list, not {}", what, short(value))
    return value


def objects(value: Any, what: str, item: str) -> list[JsonObject]:
    """A list of JSON objects, each of which is called `item` and its place, counted from 0."""
    return [mapping(member, f"{item} {at}") for at, member in enumerate(listing(value, what))]


def text(value: Any, what: str) -> str:
    """A string that a database and a tokenizer can take; may be empty."""
    if not isinstance(value, str):
        raise BadInput("{} must be text, not {}", what, short(value))
    if "\0" in value:
        raise BadInput("{} has a NUL character at {}; take it out", what, value.index(chr(0)))
    try:
        value.encode()
    except UnicodeEncodeError as problem:
        raise BadInput(
            "{} has half a character (a lone surrogate) at {}; take it out", what, problem.start
        ) from problem
    return value


def text_or_nothing(value: Any, what: str) -> str:
    return "" if value is None else text(value, what)


def filled_text(value: Any, what: str) -> str:
    """Text on one line, with single spaces."""
    line = tidy(text(value, what))
    if all(unicodedata.category(character) in _UNSEEN for character in line):
        raise BadInput("{} is empty; fill it in", what)
    return line


def word(value: Any, what: str) -> str:
    """A name: text, or a whole number as its digits. Raises BadInput."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value, what)


def number(value: Any, what: str) -> float:
    """A finite number; one written as text is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput("{} must be a number, not {}", what, short(value))
    return value + 0.0  # an int becomes a float, and −0.0 becomes 0.0: equal times have equal hashes


def time(value: Any, what: str) -> float:
    """A finite number that is not negative; numbers written as text are refused."""
    seconds = number(value, what)
    if seconds < 0:
        raise BadInput("{} is {}; a time must not be negative", what, value)
    return seconds


def written_number(value: Any, what: str) -> float:
    """A number, or a text that is one: "90", "90.5", "1,234", and "5e-17", as Python writes what is all but 0."""
    if not isinstance(value, str):
        return time(value, what)
    if not _NUMERAL.fullmatch(value.strip()):
        raise BadInput("{} must be a number, not {}", what, short(value))
    return time(float(value.replace(",", "")), what)


def written_time(value: Any, what: str) -> float:
    """Seconds as in `written_number`, or a clock time: "20:34", "00:20:34", "00:20:34.5"."""
    if not isinstance(value, str) or _NUMERAL.fullmatch(value.strip()):
        return written_number(value, what)
    seconds = read_clock(value.strip())
    if seconds is None:
        raise BadInput("{} must be a number, not {}, or a time such as 00:20:34", what, short(value))
    return seconds


_SAID = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


def yes_or_no(value: Any, what: str) -> bool:
    """A truth value, also as a word, as spreadsheets and forms have it; nothing is no."""
    said = "" if value is None else str(value).strip().lower()
    if said not in _SAID:
        raise BadInput("{} must be yes or no, not {}", what, short(value))
    return _SAID[said]


def chapter(start: float, title: Any, what: str) -> Chapter:
    line = filled_text(title, f"{what}'s title")
    if len(line) > LONGEST_TITLE:
        raise BadInput("{}'s title has {} characters; shorten it to {} or fewer", what, len(line), LONGEST_TITLE)
    return Chapter(start, line)


def listed_chapters(value: Any, what: str) -> Chapters:
    """Of `[{"start": 0, "title": "…"}]`."""
    items = []
    for at, item in enumerate(listing(value, what)):
        name = f"{what}[{at}]"
        row = mapping(item, name)
        items.append(chapter(time(row.get("start"), f"{name}'s start"), row.get("title"), name))
    return chapters(items, what)


def chapters(items: Iterable[Chapter], what: str) -> Chapters:
    """In order of time, each at a start of its own."""
    ordered = tuple(sorted(items, key=lambda item: item.start))
    for earlier, later in pairwise(ordered):
        if earlier.start == later.start:
            raise BadInput("{} has two chapters at {:g}; move or remove one", what, later.start)
    return ordered
