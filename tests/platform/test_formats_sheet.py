"""Spreadsheets that come in: which rows are one review, and what a cell says however people type it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import review_detect, sheet
from errata.formats.dates import iso_date
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut
from tests.platform.sheets import (
    CHAPTERS,
    KINDS,
    TWO,
    blank,
    one,
    refused,
    row,
    write,
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_a_chapter_and_the_rows_of_a_review_are_one(kind: str, tmp_path: Path) -> None:
    review = one(tmp_path / f"s.{kind}", *reversed(TWO))
    assert (review.video_id, review.kind, review.chapters, review.draft) == ("v", "edit", CHAPTERS, None)
    assert (review.reviewer, review.reviewed_on, review.prediction_key) == ("Ann", "2026-01-02", "key")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiters_of_different_countries_and_a_byte_order_mark(delimiter: str, tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", *TWO, delimiter=delimiter)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (review,) = sheet.read(path)
    assert isinstance(review, Review) and review.chapters == CHAPTERS


@pytest.mark.parametrize("kind", KINDS)
def test_blank_cells_say_what_the_row_above_of_that_video_says(kind: str, tmp_path: Path) -> None:
    rows = [row("0", "Welcome"), row("5", "x", video_id="w", reviewer="Bea"), blank("60.5", "Soil")]
    first, second = sheet.read(write(tmp_path / f"s.{kind}", *rows))
    assert isinstance(first, Review) and isinstance(second, Review)
    assert (first.chapters, first.reviewer) == (CHAPTERS, "Ann")
    assert (second.video_id, second.reviewer, second.chapters) == ("w", "Bea", (Chapter(5.0, "x"),))


def test_a_row_put_in_above_the_first_belongs_to_the_review_below(tmp_path: Path) -> None:
    assert one(tmp_path / "s.csv", blank("0", "Welcome"), row("60.5", "Soil")).chapters == CHAPTERS


def test_a_sorted_sheet_still_holds_the_same_reviews(tmp_path: Path) -> None:
    rows = [row(at, title, reviewer=who) for who in ("Ann", "Bea") for at, title in (("0", "a"), ("9", who))]
    found = list(sheet.read(write(tmp_path / "s.csv", *sorted(rows, key=lambda item: item["start"]))))
    assert [(r.reviewer, r.chapters) for r in found if isinstance(r, Review)] == [
        ("Ann", (Chapter(0.0, "a"), Chapter(9.0, "Ann"))),
        ("Bea", (Chapter(0.0, "a"), Chapter(9.0, "Bea"))),
    ]


def test_two_dates_or_two_predictions_are_two_reviews(tmp_path: Path) -> None:
    rows = [*TWO, row("1", "a", reviewed_on="2026-01-03"), row("2", "b", prediction="other")]
    assert len(list(sheet.read(write(tmp_path / "s.csv", *rows)))) == 3


@pytest.mark.parametrize(
    ("rows", "kind", "chapters"),
    [
        ([row(kind="Reject")], "reject", None),
        ([row("0", "Welcome", kind="reject"), blank("5", "x")], "reject", None),
        ([row(kind="accept")], "accept", None),
        ([row("0", "Welcome", kind="accept"), row("60.5", "Soil")], "accept", CHAPTERS),
        ([row()], "edit", ()),
        ([*TWO, row()], "edit", CHAPTERS),
    ],
)
def test_what_the_rows_say(rows: list[Any], kind: str, chapters: Any, tmp_path: Path) -> None:
    review = one(tmp_path / "s.csv", *rows)
    assert (review.kind, review.chapters) == (kind, chapters)


def test_other_columns_are_left_alone_and_most_of_ours_may_be_missing(tmp_path: Path) -> None:
    rows = [{"notes": "x", "title": "a", "video_id": "v", "start": "1", "reviewer": "Ann"}]
    assert one(tmp_path / "s.csv", *rows).chapters == (Chapter(1.0, "a"),)


def test_numbers_and_dates_as_a_spreadsheet_keeps_them(tmp_path: Path) -> None:
    rows = [row(0, 2024, video_id=7, reviewed_on=date(2026, 1, 2)), row(60.5, "b", video_id=7.0)]
    rows[1]["reviewed_on"] = date(2026, 1, 2)
    review = one(tmp_path / "s.xlsx", *rows)
    assert (review.video_id, review.reviewed_on) == ("7", "2026-01-02")
    assert review.chapters == (Chapter(0.0, "2024"), Chapter(60.5, "b"))


@pytest.mark.parametrize(
    ("cell", "start"),
    [
        ("93", 93.0),
        ("93.5", 93.5),
        ("93,5", 93.5),
        ("0,125", 0.125),
        ("0:21", 21.0),
        ("1:33", 93.0),
        ("1:02:03", 3723.0),
        ("01:02:03,5", 3723.5),
        ("75:30", 4530.0),
        ("75:30:00", 4530.0),  # what spreadsheets make of 75:30
    ],
)
def test_a_start_as_people_type_it(cell: str, start: float, tmp_path: Path) -> None:
    assert one(tmp_path / "s.csv", row(cell, "a"), delimiter=";").chapters == (Chapter(start, "a"),)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("02.05.2024", "2024-05-02"),
        ("2.5.2024", "2024-05-02"),
        ("13/5/2024", "2024-05-13"),
        ("5/13/2024", "2024-05-13"),
        ("5-5-2024", "2024-05-05"),
        ("2024/5/2", "2024-05-02"),
        ("02.05.2024 9:30", "2024-05-02T09:30:00"),
        ("2024-05-02T09:30:00", "2024-05-02T09:30:00"),
    ],
)
def test_a_date_as_people_write_it(cell: str, day: str, tmp_path: Path) -> None:
    assert one(tmp_path / "s.csv", row("0", "a", reviewed_on=cell)).reviewed_on == day


@given(day=st.dates(date(1000, 1, 1)))
def test_a_local_date_is_that_date_or_refused_because_it_may_be_another(day: date) -> None:
    assert iso_date(f"{day.day}.{day.month}.{day.year}", "it") == day.isoformat()
    for written in (f"{day.day}/{day.month}/{day.year}", f"{day.month}-{day.day}-{day.year}"):
        if day.day > 12 or day.day == day.month:
            assert iso_date(written, "it") == day.isoformat()
        else:
            with pytest.raises(BadInput, match=rf"may be .*{day.isoformat()}"):
                iso_date(written, "it")


@pytest.mark.parametrize("above", ["sep=;\r\n", '"sep=;"\n', "\n\nReviews of May;;;\n\n", "SEP=;\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_what_stands_above_the_columns_is_no_row(above: str, encoding: str, tmp_path: Path) -> None:
    text = f"{above}Video ID;Reviewer;Start;Title\nv;Jörg;0;Welcome\nv;Jörg;60,5;Soil\n"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "s.csv").write_bytes((mark + text).encode(encoding))
    (review,) = review_detect.reviews(tmp_path / "s.csv").rows
    assert isinstance(review, Review) and (review.reviewer, review.chapters) == ("Jörg", CHAPTERS)


def test_a_refused_row_below_a_heading_is_named_by_its_line_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text('sep=;\nvideo_id;start;title\nv;0;Welcome\nw;"a"b;c\n')
    (reason,) = [why for why in refused(tmp_path / "s.csv").values() if why]
    assert reason.startswith("row 4 of it: not CSV (") and "lines 4 to 4" in reason


def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(tmp_path: Path) -> None:
    late = row("x", "broken", reviewed_on="2026-01-03", video_id="w")
    undated = row("1", "a", reviewed_on="", video_id="u")
    path = write(tmp_path / "s.csv", *TWO, late, undated)
    assert [item.video_id for item in sheet.read(path, "2026-01-02") if isinstance(item, Review)] == ["v", "u"]
    assert [type(item) for item in sheet.read(path, "2026-01-02")] == [Review, LeftOut, Review]
    with pytest.raises(BadInput, match="is not a date"):
        sheet.read(path, "soon")
