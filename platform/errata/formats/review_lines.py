"""The way from a row of a reviewer's tool to a review, as far as it is the same for all tools.

A format says what a row holds as a line of `reviews_jsonl`; the rules for that line then hold for every tool. What is
refused keeps the tool's own row, so that it can be mended and given to the same reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import reviews_jsonl
from errata.formats.json_files import Doubled
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, SourceRow, convert_rows

Line = JsonObject


def reviews(
    rows: Iterable[SourceRow | Rejected], line: Callable[[Any], Line], day: Callable[[Any], Any], until: str | None
) -> Iterator[Review | Rejected]:
    """The reviews that `rows` hold, in their order, those of the day `until` and before; a later one is a `LeftOut`.

    `line` turns a row's content into a line of `reviews_jsonl`; `day` finds its date alone, so that a later row is left
    for its day even when it is broken. Both may raise BadInput. Raises BadInput when `until` is no date.
    """
    if until is not None:
        last = reviews_jsonl.day(until)
        rows = (reviews_jsonl.leave_if_later(row, {"reviewed_on": _known_day(row, day)}, last) for row in rows)
    return convert_rows(rows, lambda row: _review(row, line))


def _review(row: SourceRow, line: Callable[[Any], Line]) -> Review | LeftOut:
    review = reviews_jsonl.review_of(SourceRow(row.file, row.row, _without_untouched(line(row.raw))))
    return review if isinstance(review, LeftOut) else replace(review, row=row)


def _without_untouched(line: Line) -> Line:
    """Chapters that the tool itself filled in, left out: a reviewer who rejects or accepts need not clear them."""
    reviewed, draft = line.get("reviewed"), line.get("draft")
    untouched = draft is None or _same_chapters(reviewed or [], draft)
    if (line.get("kind") == "reject" and untouched) or (line.get("kind") == "accept" and not reviewed):
        return {**line, "reviewed": None}
    return line


def _same_chapters(one: list[JsonObject], other: list[JsonObject]) -> bool:
    """In whatever order: a tool puts last what somebody has removed and brought back."""
    return len(one) == len(other) and all(chapter in other for chapter in one)


def by_day(rows: Iterable[SourceRow | Rejected], day: Callable[[Any], Any]) -> list[SourceRow | Rejected]:
    """In order of date, for tools that write in order of task: the order of reviews says which one is the last word.

    Dates are compared as text; rows without one come first.
    """
    return sorted(rows, key=lambda row: str(_known_day(row, day) or ""))


def _known_day(row: SourceRow | Rejected, day: Callable[[Any], Any]) -> Any:
    try:
        return day(row.raw)
    except BadInput:
        return None


def entries(raw: Any) -> JsonObject:
    """A row's keys and values; none where it is no object or has a key twice, which the check of its line refuses."""
    return raw if isinstance(raw, dict) and not isinstance(raw, Doubled) else {}


def place_name(value: Any) -> str:
    """A name as it stands, for a place in a file; anything else cut short."""
    return str(value) if isinstance(value, str | int) else short(value)
