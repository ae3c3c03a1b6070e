"""Lists of chapters by themselves: references of the talks whose names they have. Nobody signs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_lists
from errata.formats.fields import mapping, written_time
from errata.formats.review_lines import reviews
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected, SourceRow
from errata.formats.talk_names import list_of


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """A reference for each list in a file or folder. Raises BadInput when there is none.

    `until` leaves nothing out, as such a list has no date, and `key` changes nothing: its name says whose it is.
    """
    lists = chapter_lists.files(path) if path.is_dir() else [path]
    if not lists:
        raise BadInput(f"{path} has no lists of chapters; put them there, each called as its transcript is")
    return read_files(lists, until)


def read_files(lists: Iterable[Path], until: str | None = None) -> Iterator[Review | Rejected]:
    """A reference for each list in the files that hold some."""
    return reviews(_once(chain.from_iterable(map(_rows, lists))), lambda raw: raw, lambda _: None, until)


def _once(rows: Iterable[SourceRow | Rejected]) -> Iterator[SourceRow | Rejected]:
    """A second list of one talk is refused where it says otherwise: nothing tells which is right."""
    first: dict[str, SourceRow] = {}
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        talk = row.raw["video_id"]
        earlier = first.setdefault(talk, row)
        if row.raw["reviewed"] == earlier.raw["reviewed"]:
            yield row
        else:
            yield row.reject(BadInput("{!r} has other chapters in {}; keep one of the two", talk, earlier.file))


def _rows(path: Path) -> Iterator[SourceRow | Rejected]:
    nameless = SourceRow(str(path), list_of(path), None)
    try:
        lists = chapter_lists.episodes_of(path)
    except BadInput as problem:
        yield nameless.reject(problem)
        return
    for name, starts in lists:
        talk = name or list_of(path)
        try:
            raw = {"video_id": talk, "kind": "reference", "reviewed": _reviewed(starts)}
        except BadInput as problem:
            yield nameless.reject(problem)
            continue
        yield SourceRow(str(path), talk, raw)


def _reviewed(starts: JsonObject) -> list[JsonObject]:
    """As a line of `reviews_jsonl` has it."""
    pairs = mapping(starts, "the list").items()
    return [{"start": written_time(start, "a chapter's start"), "title": title} for start, title in pairs]
