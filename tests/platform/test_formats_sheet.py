"""Spreadsheets: which rows are one review, cells that would run as formulas, and what is lost with a torn row."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, tidy
from errata.errors import BadInput
from errata.formats import reviews_jsonl, sheet
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects
from tests.platform.sheets import (
    CHAPTERS,
    KINDS,
    LAST,
    OTHER,
    TWO,
    blank,
    one,
    refused,
    review_task,
    row,
    texts,
    titles,
    write,
)

# reading -----------------------------------------------------------------------------------------------------------


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


def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(tmp_path: Path) -> None:
    late = row("x", "broken", reviewed_on="2026-01-03", video_id="w")
    undated = row("1", "a", reviewed_on="", video_id="u")
    path = write(tmp_path / "s.csv", *TWO, late, undated)
    assert [item.video_id for item in sheet.read(path, "2026-01-02") if isinstance(item, Review)] == ["v", "u"]
    assert [type(item) for item in sheet.read(path, "2026-01-02")] == [Review, LeftOut, Review]
    with pytest.raises(BadInput, match="is not a date"):
        sheet.read(path, "soon")


# refusals ----------------------------------------------------------------------------------------------------------

BROKEN: list[tuple[list[dict[str, Any]], str]] = [
    ([row("1:33", "a")], "must be a number, not '1:33'"),
    ([row("93,5", "a")], "must be a number, not '93,5'"),
    ([row("1,234", "a")], "must be a number, not '1,234'"),
    ([row("-5", "a")], "is -5.0; a time must not be negative"),
    ([row("NaN", "a")], "must be a number, not 'NaN'"),
    ([row("1e999", "a")], "must be a number, not inf"),
    ([row("", "a")], "reviewed[0]'s start must be a number, not ''"),
    ([row("5", "")], "reviewed[0]'s title is empty"),
    ([row("5", "a"), row("5", "b")], "two chapters at 5"),
    ([row("5", "a\0")], "NUL character"),
    ([row("5", "x" * 1_000_000)], "shorten it to 500"),
    ([row("5", "a", reviewer="")], "reviewer must be text, not None"),
    ([row("5", "a", kind="maybe")], "not 'maybe'"),
    ([row("5", "a", kind="edit"), row("6", "b", kind="accept")], "not 'accept and edit'"),
    ([row("5", "a", reviewed_on="2/1/2026")], "reviewed_on must be an ISO date"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_review_is_refused_by_name_and_its_neighbours_are_read(
    broken: list[Any], why: str, tmp_path: Path
) -> None:
    far = [row("0", "a", video_id="w"), row("9", "b", video_id="w")]
    path = write(tmp_path / "s.csv", *broken, *far)
    bad, good = sorted(sheet.read(path), key=lambda item: isinstance(item, Review))
    assert isinstance(good, Review) and good.video_id == "w"
    assert isinstance(bad, Rejected) and why in bad.reason and bad.row == 2


TORN = [
    ("v,Ann", "cells and the header"),
    ("v,Ann,,,1,x,key,,more", "cells and the header"),
    (",,,,1,x,,", "no video_id"),
    ('v,"Ann"x,,,1,x,,', "not CSV"),
]


@pytest.mark.parametrize(("text", "why"), TORN)
def test_a_row_that_cannot_be_read_takes_the_review_above_it_along(text: str, why: str, tmp_path: Path) -> None:
    others = [row("0", "a", video_id="w")]
    lines = write(tmp_path / "s.csv", *others, *TWO).read_text().splitlines()
    (tmp_path / "s.csv").write_text("\n".join([*lines, text]))
    good, bad = sheet.read(tmp_path / "s.csv")
    assert isinstance(good, Review) and good.video_id == "w"
    assert isinstance(bad, Rejected) and bad.row == 3
    assert bad.reason.startswith("row 5 of it: ") and why in bad.reason
    write_rejects(tmp_path / "r.jsonl", [bad])
    assert all(isinstance(item, Rejected) for item in reviews_jsonl.read(tmp_path / "r.jsonl"))
    line = json.loads((tmp_path / "r.jsonl").read_text())
    line["reviewed"].pop()
    (tmp_path / "r.jsonl").write_text(json.dumps(line))
    (mended,) = reviews_jsonl.read(tmp_path / "r.jsonl")
    assert isinstance(mended, Review) and mended.chapters == CHAPTERS and mended.prediction_key == "key"


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_a_video_takes_the_reviews_above_and_below_along_unless_its_prediction_tells(
    kind: str, tmp_path: Path
) -> None:
    lost = row("9", "b", video_id=" ", prediction="")
    path = write(tmp_path / f"s.{kind}", *LAST, *TWO, lost, *OTHER)
    why = "row 5 of it: it has no video_id; fill it in"
    assert refused(path) == {"last": "", "v": why, "w": why}
    assert refused(write(path, *LAST, *TWO, {**lost, "prediction": "key"}, *OTHER)) == {"last": "", "v": why, "w": ""}
    assert refused(write(path, lost, *TWO)) == {"v": "row 2 of it: it has no video_id; fill it in"}


def test_the_first_row_of_a_review_takes_it_along_wherever_it_stands_when_it_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", *OTHER, *TWO, *LAST)
    lines = path.read_text().splitlines()
    for torn in ("v,Ann,,,0,Welcome, friends,key,", 'v,"Ann"x,,,0,Welcome,key,'):
        path.write_text("\n".join([*lines[:3], torn, *lines[4:]]))
        assert {video for video, why in refused(path).items() if "row 4 of it" in why} == {"v"}, torn
        path.write_text("\n".join([lines[0], torn, *lines[1:3], *lines[4:]]))
        assert {video for video, why in refused(path).items() if "row 2 of it" in why} == {"v"}, torn


def test_a_sheet_cut_off_anywhere_never_gives_a_review_of_fewer_chapters(tmp_path: Path) -> None:
    whole = write(tmp_path / "s.csv", *TWO).read_bytes()
    second = whole.rindex(b"v,Ann")
    for length in range(len(whole)):
        (tmp_path / "s.csv").write_bytes(whole[:length])
        try:
            found = list(sheet.read(tmp_path / "s.csv"))
        except BadInput:
            continue
        full = CHAPTERS if length > second else CHAPTERS[:1]  # a cut between two lines can't be seen
        assert all(isinstance(item, Rejected) or item.chapters == full for item in found), whole[:length]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"video_id,start,title\n", "no rows below"),
        (b"video_id,video_id,start,title\na,b,c,d\n", "'video_id' twice"),
        (b"name,age\nx,5\n", "has no column video_id and no column start and no column title"),
        (b"video_id,start,title\na,1\n", "no rows that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(content)
    with pytest.raises(BadInput, match=rf"s\.csv.*{why}"):
        sheet.read(tmp_path / "s.csv")
    with pytest.raises(BadInput, match=r"gone\.csv can't be read"):
        sheet.read(tmp_path / "gone.csv")


@given(text=st.text(st.sampled_from('v,;\t"\n\r0159.-='), max_size=40))
def test_no_text_stops_the_reading(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "s.csv"
    path.write_text("video_id,start,title,reviewer\nw,1,x,Ann\nw,2,y,Ann\nlast,1,z,Ann\n" + text, newline="")
    found = list(sheet.read(path))
    assert any(isinstance(item, Review) and item.video_id == "w" for item in found) or "w" in text
    assert all(isinstance(item, Review | Rejected) for item in found)


# writing -----------------------------------------------------------------------------------------------------------


def reviewed(path: Path) -> Path:
    """The sheet after a reviewer put their name into the first row of each video."""
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    seen: set[str] = set()
    for item in rows:
        item["reviewer"] = "" if item["video_id"] in seen else "Ann"
        seen.add(item["video_id"])
    return write(path, *rows)


def test_a_prediction_written_and_reviewed_comes_back_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    assert sheet.write(path, [review_task("a", "b"), review_task(video_id="-w", key="=k")]) == 2
    first, second = sheet.read(reviewed(path))
    assert isinstance(first, Review) and isinstance(second, Review)
    assert (first.chapters, first.prediction_key, first.reviewer) == (review_task("a", "b").chapters, "key", "Ann")
    assert (second.video_id, second.chapters, second.prediction_key) == ("-w", (), "=k")


def test_a_prediction_that_nobody_has_signed_is_refused_by_name(tmp_path: Path) -> None:
    sheet.write(tmp_path / "s.csv", [review_task("a")])
    (refused,) = sheet.read(tmp_path / "s.csv")
    assert isinstance(refused, Rejected) and "reviewer" in refused.reason


def test_a_bad_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere.* can't be written"):
        sheet.write(tmp_path / "nowhere" / "s.csv", [review_task("a")])


def test_text_that_xlsx_cannot_hold_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    for title in ("a\x01", "x" * 40_000):
        with pytest.raises(BadInput, match="use CSV"):
            sheet.write(tmp_path / "s.xlsx", [review_task(title)])


@given(text=texts)
def test_no_cell_is_written_that_a_spreadsheet_would_run_and_each_comes_back_exactly(text: str) -> None:
    cell = sheet.guard(text)
    assert sheet.unguard(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert not cell.lstrip(' "').startswith(("=", "+", "-", "@"))
    for part in re.split(r"[;\t\r\n]", cell):  # as a spreadsheet of another country parts the line
        assert not part.lstrip(' "').startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "−")), cell


def test_a_title_with_a_semicolon_is_one_cell_to_programs_that_part_cells_there_too(tmp_path: Path) -> None:
    sheet.write(tmp_path / "s.csv", [review_task("a;=cmd|' /C calc'!A0", "b;c")])
    told = (tmp_path / "s.csv").read_text()
    assert "\"a;'=cmd|' /C calc'!A0\"" in told and '"b;c"' in told
    (review,) = sheet.read(reviewed(tmp_path / "s.csv"))
    assert isinstance(review, Review)
    assert [chapter.title for chapter in review.chapters or ()] == ["a;=cmd|' /C calc'!A0", "b;c"]


@given(title=titles, name=texts.filter(lambda name: name.strip() and "\0" not in name))
def test_any_title_comes_back_exactly_from_csv(title: str, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("sheet") / "s.csv"
    sheet.write(path, [review_task(title, "last", video_id=name)])
    (review,) = sheet.read(reviewed(path))
    assert isinstance(review, Review), review
    assert (review.video_id, [chapter.title for chapter in review.chapters or ()]) == (name, [tidy(title), "last"])
