"""Label Studio's JSON_MIN and CSV exports: one review a row, in order of the date at which it was last changed.

    {"video_id": "…", "id": 1, "chapter": [{…}, …], "chapter_title": ["…", …], "annotator": "…", "annotation_id": 1, …}

A row is the task's data, the task's number as `id`, and each control's values under the control's name. Chapters are
the regions of the control with `chapter` in its name or in its labels (as in `label_studio`); their titles stand under
the name with `chapter` and `title` in it, or else as a list under `title` or `titles`.

The export has lost the ids that say which title is which region's, and region and title are joined by their places
alone. A region without a title shifts the titles after it, so a row in which the two lists differ in length is refused:
the JSON export still knows. So is one with chapters typed in a text area, which may as well be the task's data. Lost,
too, are predictions (reviews come without a draft), cancelled annotations, and whether a row without regions had no
chapters or wasn't about chapters: such a row needs a `verdict`, the data's `errata_prediction`, or `"chapters": []`.

The video's id is the data's `video_id`, `external_id` or `path`, or else the stem of its media file; `id` is the task's
own. In CSV a list is written as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from reprlib import repr as short
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import filled_text, listing, mapping, word
from errata.formats.json_files import parse
from errata.formats.label_studio import REGIONS, marks_chapters, start_of, verdict
from errata.formats.review_lines import Line, by_day, place_name, reviews
from errata.formats.review_task import BLIND, KEY
from errata.formats.reviews_jsonl import Review
from errata.formats.row_files import csv_rows, is_json, json_rows
from errata.formats.source_rows import Rejected, SourceRow
from errata.formats.video_ids import ID_KEYS, video_id


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """Reads JSON_MIN, JSONL of its rows, or the CSV export. Raises BadInput when the file can't be read."""
    rows = json_rows(path) if is_json(path) else map(_decode, csv_rows(path))
    return reviews(by_day(map(_with_annotation_id, rows), _day), partial(_line, key=key), _day, until)


def fits(raw: JsonObject) -> bool:
    return "annotator" in raw and "annotation_id" in raw


def _decode(row: SourceRow | Rejected) -> SourceRow | Rejected:
    """A CSV row as JSON_MIN has it: lists read, and empty cells, which stand for what a task lacks, left out."""
    if isinstance(row, Rejected):
        return row
    return SourceRow(row.file, row.row, {name: _cell(cell) for name, cell in row.raw.items() if cell})


def _cell(cell: str) -> Any:
    if cell[0] not in "[{":
        return cell
    try:
        return parse(cell)
    except BadInput:
        return cell  # a title, or a note, that begins with a bracket


def _with_annotation_id(row: SourceRow | Rejected) -> SourceRow | Rejected:
    if isinstance(row, Rejected) or not isinstance(row.raw, dict) or isinstance(row.row, int):
        return row
    return SourceRow(row.file, f"{row.row}, annotation {place_name(row.raw.get('annotation_id'))}", row.raw)


def _day(raw: Any) -> Any:
    fields = mapping(raw, "the row")
    return fields.get("updated_at") or fields.get("created_at")


def _line(raw: Any, key: str | None = None) -> Line:
    fields = mapping(raw, "the row")
    regions = _regions(fields)
    if regions is None and (name := _text_field(fields)):
        raise BadInput("the text under {} may be the task's own or the answer; export as JSON", short(name))
    if regions is None and "verdict" not in fields and not fields.get(KEY):
        raise BadInput(
            "it has no chapter regions, and this export does not say whether that means none; "
            'export as JSON, or add "chapters": []'
        )
    return {
        "video_id": video_id(fields, tuple(name for name in ID_KEYS if name != "id"), key),
        "reviewer": word(fields.get("annotator"), "annotator"),
        "reviewed_on": _day(raw),
        "kind": verdict(fields["verdict"]) if "verdict" in fields else None,
        "reviewed": _join(regions, _titles(fields), fields) if regions else [],
        "prediction": fields.get(KEY),
        "blind": fields.get(BLIND),
    }


def _regions(fields: JsonObject) -> list[Any] | None:
    """The values of the one control that marks chapters; None without one."""
    controls = {name: value for name, value in fields.items() if _are_regions(name, value)}
    if len(controls) > 1:
        raise BadInput("chapters are marked by {}; keep one of them", ", ".join(sorted(controls)))
    return next(iter(controls.values()), None)


def _are_regions(name: str, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    if not value:
        return name == "chapters"
    first = value[0]
    return isinstance(first, dict) and any(kind in first and marks_chapters(name, first, kind) for kind in REGIONS)


def _text_field(fields: JsonObject) -> str | None:
    """The name under which chapters may stand as text."""
    names = (name for name in fields if "chapter" in name.lower() and not _is_title(name))
    return next((name for name in names if isinstance(fields[name], str | list) and fields[name]), None)


def _is_title(name: str) -> bool:
    return "chapter" in name.lower() and "title" in name.lower()


def _titles(fields: JsonObject) -> list[Any]:
    names = [name for name in fields if _is_title(name)] or [name for name in ("title", "titles") if name in fields]
    if len(names) > 1:
        raise BadInput("chapter titles may stand in {}; keep one of them", ", ".join(sorted(names)))
    if not names:
        return []
    titles = fields[names[0]]
    if isinstance(titles, list):
        return titles
    if not _is_title(names[0]):
        raise BadInput("{} may be the chapter's or the video's; export as JSON, or write it as a list", names[0])
    return [titles]  # a single title is written bare


def _join(regions: list[Any], titles: list[Any], fields: JsonObject) -> list[JsonObject]:
    if len(titles) != len(regions):
        raise BadInput(
            "it has {} chapter regions and {} titles, and nothing says which is which; export as JSON, or "
            "give each region its title",
            len(regions),
            len(titles),
        )
    chapters = []
    for at, (region, title) in enumerate(zip(regions, titles, strict=True)):
        what = f"region {at}"
        chapters.append({"start": start_of(mapping(region, what), fields, what), "title": _title(title, what)})
    return chapters


def _title(title: Any, region: str) -> str:
    if isinstance(title, dict):  # a region with several texts is written as an object
        raise BadInput("{} has {} titles; keep one", region, len(listing(title.get("text"), "its titles")))
    return filled_text(title, f"the title of {region}")
