"""Chapter lists in video descriptions, by YouTube's rules: one review a video.

A line of the list begins or ends with a time (M:SS or H:MM:SS); the rest is the title. Which lines are the list, which
are prose, and which are refused because they may be either: `listed_lines`. The list counts if it starts at 0:00, has
at least three times, in ascending order, and each chapter lasts 10 seconds or more (YouTube Help, "Video chapters");
else YouTube shows no chapters at all, and the row is refused with the rule that is broken. A first time of 0:01 is the
documented way to turn a list off.

    {"id": "…", "description": "…", "duration": 754, "reviewer": "…", "reviewed_on": "2024-02-15"}

Read are JSON (a list of these, one of them, or a dict by id of them or of texts), JSONL, CSV with these columns, a
text file that is called by the id (`talk_names`), and a folder of such files (`.txt`, `.description`). The id may be
called `video_id` or `external_id`; only id and description are needed. Nobody signs a description: without `reviewer`
it is "description".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import chapter_lists, timed_text
from errata.formats.chapter_text import TypedChapter
from errata.formats.fields import mapping, text, text_or_nothing, written_time
from errata.formats.json_files import read_text
from errata.formats.listed_lines import read_list
from errata.formats.review_lines import Line, entries, reviews
from errata.formats.review_task import BLIND, KEY
from errata.formats.reviews_jsonl import Review
from errata.formats.row_files import csv_rows, is_json, json_rows, known_names
from errata.formats.source_rows import REJECTED, Rejected, SourceRow
from errata.formats.talk_names import talk_of
from errata.formats.timed_lines import timed_lines
from errata.formats.video_ids import video_id

FILES = (".txt", ".description")
COLUMNS = ("video_id", "external_id", "id", "description", "duration", "reviewer", "reviewed_on", KEY, BLIND)
FEWEST = 3
SHORTEST = 10
"""Seconds."""


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """In a folder a bad file is a refused row. Raises BadInput when the one file can't be read, or there is none."""
    return _reviews(_rows(path), until, key)


def read_files(
    folder: Path, texts: Sequence[Path], until: str | None = None, key: str | None = None
) -> Iterator[Review | Rejected]:
    """The descriptions in `texts`, which `folder` holds. Raises BadInput when there is none."""
    return _reviews(_folder(folder, texts), until, key)


def _reviews(rows: Iterable[SourceRow | Rejected], until: str | None, key: str | None) -> Iterator[Review | Rejected]:
    return map(_with_prose, reviews(_once(rows, key), partial(_line, key=key), _day, until))


def fits(raw: JsonObject) -> bool:
    return "description" in known_names(raw, COLUMNS) or _are_descriptions(raw)


def _are_descriptions(raw: JsonObject) -> bool:
    """Whether these are texts by id, with a chapter list in one of them."""
    if not all(isinstance(value, str) for value in raw.values()):
        return False
    return any(line.shape == "time first" for value in raw.values() for line in timed_lines(value))


def is_file(path: Path) -> bool:
    return path.suffix.lower() in FILES


def files(folder: Path, lists: Sequence[Path]) -> list[Path]:
    """Those of a folder that may be descriptions; `lists` are its lists of chapters, which are none."""
    others = set(lists)
    return sorted(file for file in folder.iterdir() if is_file(file) and file not in others)


def _rows(path: Path) -> Iterable[SourceRow | Rejected]:
    if path.is_dir():
        return _folder(path, files(path, chapter_lists.files(path)))
    if is_file(path):
        return [SourceRow(str(path), path.stem, {"id": talk_of(path), "description": read_text(path)})]
    return chain.from_iterable(map(_by_id, json_rows(path))) if is_json(path) else csv_rows(path, COLUMNS)


def _folder(folder: Path, texts: Sequence[Path]) -> list[SourceRow | Rejected]:
    if not texts:
        raise BadInput(f"{folder} has no {' or '.join(FILES)} files; put the descriptions there, one a video")
    return [_file_row(file) for file in texts]


def _file_row(file: Path) -> SourceRow | Rejected:
    row = SourceRow(str(file), file.stem, {"id": talk_of(file), "description": None})
    try:
        return SourceRow(row.file, row.row, {**row.raw, "description": read_text(file)})
    except BadInput as problem:
        return row.reject(problem)


def _by_id(row: SourceRow | Rejected) -> Iterator[SourceRow | Rejected]:
    """The entries of a dict by id; other rows as they are."""
    raw = row.raw if isinstance(row.raw, dict) else {}
    if isinstance(row, Rejected) or not raw or "description" in raw or REJECTED in raw:
        yield row
    else:
        for name, value in raw.items():
            yield SourceRow(row.file, name, {**(entries(value) or {"description": value}), "id": name})


def _once(rows: Iterable[SourceRow | Rejected], key: str | None) -> Iterator[SourceRow | Rejected]:
    """A second description of one video is refused: nothing says which is right."""
    ids: set[str] = set()
    for row in rows:
        name = None if isinstance(row, Rejected) else _known_id(row.raw, key)
        if isinstance(row, SourceRow) and name in ids:
            yield row.reject(BadInput("video {!r} has a second description; keep one of the two", name))
            continue
        if name is not None:
            ids.add(name)
        yield row


def _known_id(raw: Any, key: str | None) -> str | None:
    try:
        return _id(mapping(raw, "the row"), key)
    except BadInput:
        return None


def _id(fields: JsonObject, key: str | None) -> str:
    return video_id(fields, ("video_id", "id", "external_id"), key)


def _day(raw: Any) -> Any:
    return mapping(raw, "the row").get("reviewed_on") or None


def _line(raw: Any, key: str | None = None) -> Line:
    fields = mapping(raw, "the row")
    chapters = _chapters(text(fields.get("description"), "description"), _duration(fields.get("duration")))
    return {
        "video_id": _id(fields, key),
        "reviewer": text_or_nothing(fields.get("reviewer"), "reviewer") or "description",
        "reviewed_on": _day(raw),
        "reviewed": [{"start": item.start, "title": item.title} for item in chapters],
        "prediction": fields.get(KEY),
        "blind": fields.get(BLIND),
    }


def _chapters(description: str, duration: float | None) -> list[TypedChapter]:
    try:
        chapters = read_list(description).chapters
        _check(chapters, duration)
    except BadInput as problem:
        if timed_text.is_speech(description):
            raise BadInput(
                "it is no description, but what was said, with times; import it with `errata import transcripts`"
            ) from problem
        raise
    return chapters


def _with_prose(review: Review | Rejected) -> Review | Rejected:
    """Counts the lines that mention a time and were left alone."""
    if isinstance(review, Rejected):
        return review
    prose = read_list(review.row.raw["description"]).prose
    return replace(review, adjustments={"prose": prose}) if prose else review


def _duration(value: Any) -> float | None:
    """In seconds; None where it is not known."""
    if value is None or value == "":
        return None
    return written_time(value, "duration")


def _check(chapters: list[TypedChapter], duration: float | None) -> None:
    """Raises BadInput with the rule that the list breaks."""
    if not chapters:
        raise BadInput("no line of it is written as 0:00 Title or Title - 0:00, so it has no chapters; leave it out")
    if chapters[0].start != 0:
        raise BadInput(
            "its first chapter starts at {:g} s, not at 0:00, which turns the list off; mend it", chapters[0].start
        )
    if len(chapters) < FEWEST:
        raise BadInput("it has {} chapters, and fewer than {} are no list to YouTube; add some", len(chapters), FEWEST)
    ends = [] if duration is None else [TypedChapter(duration, "the end")]
    for item, following in pairwise([*chapters, *ends]):
        length = following.start - item.start
        if length <= 0:
            raise BadInput(
                "{!r} does not come after {!r}; put the times in ascending order", following.title, item.title
            )
        if length < SHORTEST:
            raise BadInput(
                "{!r} lasts {:g} s, and a chapter lasts {} s or more; mend its time", item.title, length, SHORTEST
            )
