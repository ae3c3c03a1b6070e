"""Which of the formats of reviews a file holds, told by its content.

A new reader of reviews is named in `FORMATS`, and in `_fitting` where it isn't told by its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import (
    argilla,
    chapter_lists,
    description,
    doccano,
    kinds,
    label_studio,
    label_studio_min,
    lone_chapters,
    reviews_jsonl,
    sheet,
    workbook,
)
from errata.formats.reviews_jsonl import Review
from errata.formats.row_files import csv_header, is_json, json_rows, known_names
from errata.formats.source_rows import DetectedFile, LeftOut, Rejected


class ReviewFormat(NamedTuple):
    label: str
    """What it is called in a sentence."""
    needs: tuple[str, ...]
    """The fields that a row of it has at least, as far as they tell it from others."""
    fits: Callable[[JsonObject], bool]
    """Whether a row of a file is this format's."""
    read: Callable[[Path, str | None, str | None], Iterator[Review | Rejected]]


def _is_review(raw: JsonObject) -> bool:
    return "reviewed" in raw or "draft" in raw or {"reviewer", "kind"} <= set(raw)


FORMATS = {
    "argilla": ReviewFormat("an Argilla export", ("fields", "responses"), argilla.fits, argilla.read),
    "label-studio": ReviewFormat(
        "a Label Studio export (JSON)", ("data", "annotations"), label_studio.fits, label_studio.read
    ),
    "label-studio-min": ReviewFormat(
        "a Label Studio export (JSON_MIN or CSV)", ("annotation_id",), label_studio_min.fits, label_studio_min.read
    ),
    "sheet": ReviewFormat("a spreadsheet", sheet.NEEDED, sheet.fits, sheet.read),
    "reviews": ReviewFormat(
        "a list of reviews (JSONL)", ("video_id", "reviewer", "reviewed"), _is_review, reviews_jsonl.read
    ),
    "doccano": ReviewFormat("a doccano export", ("text", "label"), doccano.fits, doccano.read),
    "description": ReviewFormat("video descriptions", ("id", "description"), description.fits, description.read),
    "chapters": ReviewFormat("lists of chapters", ("start", "title"), lambda _: False, lone_chapters.read),
}
"""A row that fits several is the first one's."""
_OTHER = "not read (of a folder, lists of chapters and descriptions are)"
"""Why other files of a folder are left out."""


def reviews(path: Path, name: str = "auto", until: str | None = None, key: str | None = None) -> DetectedFile[Review]:
    """The reviews in a file or folder; `name` is one of FORMATS, or `auto`; `until` as in `reviews_jsonl.read`.

    `key` names the field (of a task's data or metadata, or a table's column) that holds the transcript's id, or a file
    or address that is called by it; without one each format looks where it usually stands.

    Raises BadInput when the file can't be read, or is in none of the formats.
    """
    if name not in ("auto", *FORMATS):
        raise BadInput(f"there is no format {name!r}; name one of auto, {', '.join(FORMATS)}")
    if name == "auto" and path.is_dir():
        return _in_folder(path, until, key)
    review_format = FORMATS[_fitting(path, key) if name == "auto" else name]
    return DetectedFile(path, review_format.label, review_format.read(path, until, key))


def has_review_rows(path: Path) -> bool:
    """Whether a text file has rows as a reviewing tool or a sheet has them."""
    try:
        return not workbook.is_one(path) and _fitting(path, None) not in ("description", "chapters")
    except BadInput:
        return False


def _fitting(path: Path, key: str | None) -> str:
    if workbook.is_one(path):
        return "sheet"
    if chapter_lists.is_one(path):
        return "chapters"
    if description.is_file(path):
        return "description"
    first: JsonObject = {}
    try:
        for sample in chain.from_iterable(map(_samples, _contents(path))):
            first = first or sample
            for name, review_format in FORMATS.items():
                if review_format.fits(sample if key is None else {**sample, "video_id": ""}):
                    return name
    except BadInput:
        _check_is_no_transcript(path)
        raise
    _check_is_no_transcript(path)
    accepted = ", ".join(review_format.label for review_format in FORMATS.values())
    raise BadInput(f"{path} is in no format of reviews that can be read{_nearest(first)}; accepted are {accepted}")


def _check_is_no_transcript(path: Path) -> None:
    """Raises BadInput for a file that holds a transcript and no review."""
    try:
        name = kinds.kind(path)
    except BadInput:
        return
    if name in kinds.FORMATS and name not in ("rejects", "text"):
        what = kinds.label(name)
        raise BadInput("{} holds a transcript ({}); import it with `errata import transcripts`", path, what)


def _nearest(sample: JsonObject) -> str:
    """What a row lacks of the format to which it is nearest; nothing where it is near none."""
    has = {name: len(set(known_names(sample, needed.needs)) & set(needed.needs)) for name, needed in FORMATS.items()}
    name = max(has, key=lambda name: has[name] / len(FORMATS[name].needs))
    if not has[name]:
        return ""
    columns = known_names(sample, FORMATS[name].needs)
    lacking = [field for field in FORMATS[name].needs if field not in columns]
    return f": it is nearest to {FORMATS[name].label}, which needs {' and '.join(lacking)} too"


def _in_folder(path: Path, until: str | None, key: str | None) -> DetectedFile[Review]:
    """A folder holds lists of chapters, descriptions, or both."""
    lists = chapter_lists.files(path)
    texts = description.files(path, lists)
    rows: dict[str, Iterator[Review | Rejected]] = {}
    if lists:
        rows["chapters"] = lone_chapters.read_files(lists, until)
    if texts or not lists:
        rows["description"] = description.read_files(path, texts, until, key)
    paths = {*lists, *texts}
    others = (LeftOut(str(file), file.name, _OTHER, None) for file in sorted(path.iterdir()) if _is_other(file, paths))
    return DetectedFile(path, " and ".join(FORMATS[name].label for name in rows), chain(*rows.values(), others))


def _is_other(file: Path, paths: Set[Path]) -> bool:
    return file not in paths and not file.name.startswith(".")


def _contents(path: Path) -> Iterator[Any]:
    """The rows of JSON, no more of them than are asked for, or the columns of CSV as one."""
    if not is_json(path):
        return iter([dict.fromkeys(csv_header(path), "")])
    return (row.raw for row in json_rows(path))


def _samples(raw: Any) -> list[JsonObject]:
    """A row, or the rows in it where it is a dict of rows by id."""
    if not isinstance(raw, dict):
        return []
    by_id = list(raw.values())
    return by_id if by_id and all(isinstance(value, dict) for value in by_id) else [raw]
