"""Spreadsheets, CSV or XLSX, one row a chapter.

    video_id, reviewer, reviewed_on, kind, start, title, prediction, blind

- Columns may be written in other letters ("Video ID"), and stand below a title of the table.
- The rows of one `video_id`, `reviewer`, `reviewed_on` and `prediction` are one review, wherever they stand; in those
  columns but the first a blank cell says what the row above of that video says. Further columns are not read, and named
  (`Review.unread`); all but video_id, start and title may be missing.
- `kind` is edit (also when it is blank), accept or reject, once or on every row of a review.
- `start` is a number in the transcript's unit, or a time such as 1:02:03, as `cell_starts` says; `reviewed_on` is a
  date, as `dates` says.
- A row with neither start nor title is no chapter: it says that there are none, or who rejected them.
- `prediction` is the key of the prediction that the task was made of, and `blind` says yes, once or on every row, where
  the reviewer was shown none.

A cell that a spreadsheet may run as a formula (it begins with = + - @, also wide ones or after spaces and quotes, or
with a tab or the end of a line) is written with an apostrophe before it, which is taken off again when it is read; so
is what follows a semicolon, a tab or the end of a line in a cell, which other countries' spreadsheets take for its end.
Titles thus come back to the letter, those that begin with an apostrophe of their own as well. In XLSX the first sheet
is read, and a formula in one of these columns is refused.

A sheet that goes out has besides, for whoever reviews in it, `talk` (its title) and `words` (the time, and what is said
there), and `link` where the recording's address is known; XLSX has a second sheet with all that is said, and when. CSV
has no room for that: there a talk without a draft has a row for each of its lines, without start and title.

What is refused is a whole review, in the layout of `reviews_jsonl`. A row that can't be read, or has no video_id, takes
the reviews of the video that it names along, or else those above and below it: one of their chapters may be meant.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from errata.domain.chapter import starts, tidy
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats import workbook
from errata.formats.cell_starts import cell_start
from errata.formats.chapter_text import moment, plain, spoken
from errata.formats.fields import mapping
from errata.formats.json_files import write_text
from errata.formats.review_lines import Line, reviews
from errata.formats.review_task import START, ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.row_files import csv_rows, known_names
from errata.formats.source_rows import Rejected, SourceRow
from errata.formats.video_ids import id_in
from errata.formats.workbook import Column

COLUMNS = ("video_id", "reviewer", "reviewed_on", "kind", "start", "title", "prediction", "blind")
NEEDED = ("video_id", "start", "title")

_SAME = ("reviewer", "reviewed_on", "prediction")
_VERBATIM = ("video_id", "title", "prediction")
_FORMULA = r"[\s'\"]*[=+\-@＝＋－＠−]"
"""True of an apostrophe and whatever it is true of: what `guard` does, `unguard` can therefore undo."""


def _where_run(guard: str) -> re.Pattern[str]:
    """Finds `guard` wherever in a cell a spreadsheet may begin to run what follows."""
    return re.compile(rf"^{guard}(?={_FORMULA}|'*[\t\r\n])|(?<=[;\t\r\n]){guard}(?={_FORMULA})")


_UNGUARDED, _GUARDED = _where_run(""), _where_run("'")

_SENT = (
    Column("video_id", 14),
    Column("reviewer", 12),
    Column("reviewed_on", 12, keeps_text=True),
    Column("kind", 8),
    Column("talk", 30),
    Column("start", 8, keeps_text=True),  # of 1:33, typed into it, a spreadsheet would make an hour and more
    Column("title", 40),
    Column("words", 80),
    Column("link", 30, is_link=True),
    Column("prediction", 12),
    Column("blind", 6),
)
"""A sheet that goes out."""
_LINES = (Column("video_id", 14), Column("start", 8), Column("time", 10), Column("words", 120))
"""What is said."""
_NAMES = [column.name for column in _SENT]
_EXCERPT = 160
"""Characters of the words at a chapter's start."""


def read(path: Path, until: str | None = None, key: str | None = None) -> Iterator[Review | Rejected]:
    """Raises BadInput when the file can't be read or lacks a column, and Unavailable for XLSX without openpyxl."""
    names = COLUMNS if key is None else (key, *COLUMNS)
    rows = list(workbook.rows(path, names, ("reviewed_on",)) if workbook.is_one(path) else csv_rows(path, names))
    _check_columns(path, rows, key)
    cell_rows = [_cells(row, key) if isinstance(row, SourceRow) else row for row in rows]
    columns = next((list(row.raw) for row in rows if isinstance(row, SourceRow)), [])
    unread = tuple(name for name in columns if name and name not in (*COLUMNS, *_NAMES, key))
    found = reviews([_row(review) for review in _group_rows(cell_rows, columns, key)], _line, _day, until)
    return (replace(each, unread=unread) if isinstance(each, Review) else each for each in found)


def fits(raw: JsonObject) -> bool:
    return set(NEEDED) <= set(known_names(raw, COLUMNS))


def write(path: Path, tasks: Iterable[ReviewTask]) -> int:
    """Writes predictions for reviewers to correct, as XLSX where `path` ends in that, else as CSV; returns how many.

    Raises BadInput when it can't be written, and Unavailable for XLSX without openpyxl.
    """
    items = list(tasks)
    has_transcripts = path.suffix.lower() == ".xlsx"
    rows = list(chain.from_iterable(_rows(item, has_transcripts) for item in items))
    if has_transcripts:
        lines = list(chain.from_iterable(map(_said_in, items)))
        workbook.write(path, {"chapters": (_SENT, rows), "transcripts": (_LINES, lines)})
    else:
        table = io.StringIO(newline="")
        # in quotes, or programs that part cells at semicolons as well as commas part a title that has one
        csv.writer(table, quoting=csv.QUOTE_ALL).writerows([_NAMES, *rows])
        write_text(path, table.getvalue(), "utf-8-sig")  # without the mark Excel takes it for another encoding
    return len(items)


def guard(cell: str) -> str:
    return _UNGUARDED.sub("'", cell)


def unguard(cell: str) -> str:
    return _GUARDED.sub("", cell)


def _rows(item: ReviewTask, has_transcripts: bool) -> list[list[str]]:
    talk = item.transcript
    same = {
        "video_id": talk.external_id,
        "talk": talk.title,
        "prediction": item.key,
        "blind": "yes" if item.blind else "",
    }

    def row(**cells: str) -> list[str]:
        return [guard((same | cells).get(name, "")) for name in _NAMES]

    if item.blind and not has_transcripts:
        return [
            row(words=_with_time(place, talk, spoken(line)), link=_link(item, place))
            for place, line in zip(starts(talk), talk.lines, strict=True)
        ]
    shown = () if item.blind else item.chapters
    return [
        row(
            start=plain(chapter.start),
            title=tidy(chapter.title),
            words=_excerpt(talk, chapter.start),
            link=_link(item, chapter.start),
        )
        for chapter in shown
    ] or [row(words=_excerpt(talk, 0.0), link=_link(item, 0.0))]


def _link(item: ReviewTask, start: float) -> str:
    """The recording from `start` on: by the address's `{start}`, or as a fragment (W3C, Media Fragments URI 1.0)."""
    if not item.media:
        return ""
    address = item.media if START in item.media else f"{item.media}#t={START}"
    seconds = 0 if item.transcript.unit == "words" else int(start)
    return address.replace(START, str(seconds))


def _excerpt(talk: Transcript, start: float) -> str:
    """The time, and the words from there on, as a reviewer would look for them."""
    first = max(bisect_right(starts(talk), start) - 1, 0)
    words = " ".join(line.text for line in islice(talk.lines, first, first + _EXCERPT))
    cut = words if len(words) <= _EXCERPT else f"{words[:_EXCERPT]}…"
    return _with_time(int(start), talk, cut)


def _with_time(start: float, talk: Transcript, words: str) -> str:
    return f"[{moment(float(start), talk.unit)}] {words}"


def _said_in(item: ReviewTask) -> list[list[str]]:
    """What is said in a transcript, a row a line."""
    talk = item.transcript
    rows = []
    for place, line in zip(starts(talk), talk.lines, strict=True):
        time = moment(float(place), talk.unit)
        rows.append([guard(cell) for cell in (talk.external_id, str(place), time, spoken(line))])
    return rows


class _Group(NamedTuple):
    first: SourceRow
    rows: list[dict[str, str]]
    broken: list[Rejected]


def _check_columns(path: Path, rows: list[SourceRow | Rejected], key: str | None) -> None:
    table = next((row.raw for row in rows if isinstance(row, SourceRow)), None)
    broken = next((row for row in rows if isinstance(row, Rejected)), None)
    if table is None and broken is not None:
        raise BadInput(f"{path} has no rows that can be read; line {broken.row}: {broken.reason}")
    if table is None:
        raise BadInput(
            f"{path} has no rows that can be read; name the columns in the first line (of the first sheet): "
            f"{', '.join(COLUMNS)}"
        )
    needed = NEEDED if key is None else (key, *NEEDED[1:])
    if missing := [name for name in needed if name not in table]:
        raise BadInput(
            f"{path} has no column {' and no column '.join(missing)}; its columns must be {', '.join(COLUMNS)}"
        )


def _group_rows(rows: list[SourceRow | Rejected], columns: list[str], key: str | None) -> list[_Group]:
    """The rows of each review, in the order in which the reviews begin; `columns` are those of a row that is torn."""
    above = _first_cells(rows)
    groups: dict[tuple[str, ...], _Group] = {}
    placed = [_place(_whole(row, above), above, groups) for row in rows]
    videos: dict[str, list[_Group]] = {}
    for group in groups.values():
        videos.setdefault(group.first.raw["video_id"], []).append(group)
    before, after = _nearest(placed), _nearest(placed[::-1])[::-1]
    for row, last, following in zip(placed, before, after, strict=True):
        if isinstance(row, Rejected):
            names = _videos_in(row, columns, videos, key)
            spoilt = _groups_of(names, videos) if names else _likelier(row, last, following)
            if not spoilt:  # it may be of a review that has no other row: that one is refused under its own name
                spoilt = [groups.setdefault((*names,), _Group(SourceRow(row.file, row.row, None), [], []))]
            for group in spoilt:
                group.broken.append(row)
    return list(groups.values())


def _groups_of(names: list[str], videos: dict[str, list[_Group]]) -> list[_Group]:
    return list(chain.from_iterable(videos.get(name, []) for name in names))


def _place(
    row: SourceRow | Rejected, above: dict[str, dict[str, str]], groups: dict[tuple[str, ...], _Group]
) -> _Group | Rejected:
    """The review that a row belongs to, with the row in it."""
    if isinstance(row, Rejected):
        return row
    cells = row.raw
    filled = above[cells["video_id"]]  # goes along: what this row fills in holds for the rows below it
    filled.update({name: cells[name] for name in _SAME if cells[name]})
    group = groups.setdefault((cells["video_id"], *filled.values()), _Group(row, [], []))
    group.rows.append({**cells, **filled, "row": str(row.row)})
    return group


def _nearest(placed: list[_Group | Rejected]) -> list[_Group | None]:
    """For each row the last review up to it."""
    last: _Group | None = None
    nearest = []
    for row in placed:
        last = last if isinstance(row, Rejected) else row
        nearest.append(last)
    return nearest


def _videos_in(broken: Rejected, columns: list[str], videos: Collection[str], key: str | None) -> list[str]:
    """The videos that a row which can't be read is of, as far as it says."""
    if isinstance(broken.raw, str):
        return [name for name in videos if name in broken.raw]
    at = columns.index(key or "video_id")
    name = _talk(broken.raw[at], key) if at < len(broken.raw) else ""
    return [name] if name.strip() and (name in videos or len(broken.raw) == len(columns)) else []


def _likelier(broken: Rejected, before: _Group | None, after: _Group | None) -> list[_Group]:
    """Of the reviews beside a row the one whose prediction stands in it; where it says none, both may be meant."""
    beside = [before] if before is after else [before, after]
    groups = [group for group in beside if group is not None]
    keys = [group.rows[0]["prediction"] for group in groups]
    keyed = [group for group, key in zip(groups, keys, strict=True) if key and key in broken.raw]
    return keyed or groups


def _talk(cell: str, key: str | None) -> str:
    """The id in a cell of the column `key`, or of `video_id`, where it stands to the letter."""
    return unguard(cell) if key is None else id_in(unguard(cell))


def _cells(row: SourceRow, key: str | None) -> SourceRow | Rejected:
    cells = {name: unguard(row.raw.get(name, "")) for name in COLUMNS}
    cells["video_id"] = _talk(row.raw.get(key or "video_id", ""), key)
    if not cells["video_id"].strip():
        return Rejected(row.file, row.row, f"it has no {key or 'video_id'}; fill it in", list(row.raw.values()))
    for name in set(COLUMNS) - set(_VERBATIM):
        cells[name] = cells[name].strip()
    return SourceRow(row.file, row.row, cells)


def _whole(row: SourceRow | Rejected, above: dict[str, dict[str, str]]) -> SourceRow | Rejected:
    """Refuses a row with a piece of the key above it, as the last line of a file that was cut off has."""
    if isinstance(row, Rejected):
        return row
    key, piece = above[row.raw["video_id"]]["prediction"], row.raw["prediction"]
    if not piece or piece == key or not key.startswith(piece):
        return row
    reason = f"its prediction {piece!r} is a piece of the one above; the file may be cut off, export it again"
    return Rejected(row.file, row.row, reason, list(row.raw.values()))


def _first_cells(rows: list[SourceRow | Rejected]) -> dict[str, dict[str, str]]:
    """For each video, what the first filled cell of each column says: it holds for the rows above that cell too."""
    first: dict[str, dict[str, str]] = {}
    for row in rows:
        if isinstance(row, SourceRow):
            cells = first.setdefault(row.raw["video_id"], dict.fromkeys(_SAME, ""))
            cells.update({name: cells[name] or row.raw[name] for name in _SAME})
    return first


def _row(group: _Group) -> SourceRow | Rejected:
    # Stands among the chapters, so that whoever mends the review sees what could not be read of it.
    lost = [{"start": None, "title": f"row {row.row}: {row.raw}"} for row in group.broken]
    chapters = [_chapter(row) for row in group.rows if row["start"] or row["title"].strip()]
    first = group.rows[0] if group.rows else dict.fromkeys(COLUMNS, "")
    raw: Line = {
        **{name: first[name] or None for name in ("video_id", *_SAME)},
        **{name: _said(group, name) for name in ("kind", "blind")},
        "reviewed": chapters + lost,
    }
    row = SourceRow(group.first.file, group.first.row, raw)
    return row.reject(f"row {group.broken[0].row} of it: {group.broken[0].reason}") if lost else row


def _said(group: _Group, column: str) -> str | None:
    """What a review's rows say in a column that may be filled in on any of them; all of it where they differ."""
    words = {row[column].lower() for row in group.rows if row[column]}
    return " and ".join(sorted(words)) or None


def _chapter(row: dict[str, str]) -> JsonObject:
    """With the start as it stands where it is none, and its row: whoever mends the review wants to see both."""
    try:
        return {"start": cell_start(row["start"]), "title": row["title"]}
    except BadInput:
        return {"start": row["start"], "title": row["title"], "row": row["row"]}


def _line(raw: Any) -> Line:
    review = mapping(raw, "the review")
    for chapter in review["reviewed"]:
        if isinstance(chapter["start"], str) and review["kind"] != "reject":
            try:
                cell_start(chapter["start"])
            except BadInput as problem:
                raise BadInput("in row {}, {}", chapter["row"], problem) from problem
    return review


def _day(raw: Any) -> Any:
    return mapping(raw, "the review").get("reviewed_on")
