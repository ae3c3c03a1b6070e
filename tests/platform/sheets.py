"""Sheets of reviews for the tests, as CSV and as XLSX."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.formats import sheet
from errata.formats.review_task import ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.sheet import COLUMNS
from errata.formats.source_rows import Rejected
from tests.examples import is_seen

CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(60.5, "Soil"))
KINDS = ["csv", "xlsx"]


def row(start: Any = "", title: Any = "", **changed: Any) -> dict[str, Any]:
    fields = {"video_id": "v", "reviewer": "Ann", "reviewed_on": "2026-01-02", "prediction": "key"}
    return {**dict.fromkeys(COLUMNS, ""), **fields, "start": start, "title": title, **changed}


def blank(start: Any = "", title: Any = "", **changed: Any) -> dict[str, Any]:
    return row(start, title, **{"reviewer": "", "reviewed_on": "", "prediction": "", **changed})


OTHER = [row("0", "a", video_id="w", prediction=""), row("9", "b", video_id="w", prediction="")]
LAST = [row("0", "z", video_id="last", prediction="")]
TWO = [row("0", "Welcome"), row("60.5", "Soil")]


def write(path: Path, *rows: dict[str, Any], delimiter: str = ",") -> Path:
    if path.suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        for cells in [list(rows[0]), *(list(item.values()) for item in rows)]:
            book.active.append(cells)
        book.save(path)
        return path
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(table.getvalue(), newline="")
    return path


def one(path: Path, *rows: dict[str, Any], delimiter: str = ",") -> Review:
    (review,) = sheet.read(write(path, *rows, delimiter=delimiter))
    assert isinstance(review, Review), review
    return review


def refused(path: Path) -> dict[str, str]:
    """Why, by video, and a blank for what was read."""
    found = list(sheet.read(path))
    return {
        str(item.raw["video_id"]) if isinstance(item, Rejected) else item.video_id: getattr(item, "reason", "")
        for item in found
    }


def review_task(*titles: str, video_id: str = "v", key: str = "key") -> ReviewTask:
    talk = Transcript(video_id, (Segment(0.0, 50.0, "words"),), 100.0)
    chapters = tuple(Chapter(at * 10.25, title) for at, title in enumerate(titles))
    return ReviewTask(talk, chapters, key, "champion-3")


dangerous = st.sampled_from(
    [";", "=", "+", "-", "@", "\t", "\r", "'", "''=", " =", '"=', "＝", "＋", "－", "＠", "−", "\n"]
)
texts = st.builds(lambda parts, rest: "".join(parts) + rest, st.lists(dangerous, max_size=3), st.text(max_size=6))
titles = texts.filter(lambda title: is_seen(title) and "\0" not in title)
