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
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats import review_detect, reviews_jsonl, sheet
from errata.formats.dates import iso_date
from errata.formats.review_task import ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects
from tests.examples import is_seen
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


# refusals ----------------------------------------------------------------------------------------------------------

BROKEN: list[tuple[list[dict[str, Any]], str]] = [
    ([row("1:33 PM", "a")], "must be a number or a time such as 0:21 or 1:02:03, not '1:33 PM'"),
    (
        [row("0", "a"), row("1:75", "b")],
        "in row 3, a start must be a number or a time such as 0:21 or 1:02:03, not '1:75'",
    ),
    ([row("1,234", "a")], "'1,234' may be 1234 or 1.234; write the one meant"),
    ([row("-5", "a")], "is -5.0; a time must not be negative"),
    ([row("NaN", "a")], "in row 2, a start must be a number or a time such as 0:21 or 1:02:03, not 'NaN'"),
    ([row("1e999", "a")], "must be a number, not inf"),
    ([row("", "a")], "in row 2, a start must be a number or a time such as 0:21 or 1:02:03, not ''"),
    ([row("5", "")], "reviewed[0]'s title is empty"),
    ([row("5", "a"), row("5", "b")], "two chapters at 5"),
    ([row("5", "a\0")], "NUL character"),
    ([row("5", "x" * 1_000_000)], "shorten it to 500"),
    ([row("5", "a", reviewer="")], "it names no reviewer"),
    ([row("", "", reviewer="", blind="yes")], "it names no reviewer"),
    ([row("5", "a", kind="maybe")], "not 'maybe'"),
    ([row("5", "a", kind="edit"), row("6", "b", kind="accept")], "not 'accept and edit'"),
    (
        [row("5", "a", reviewed_on="2/1/2026")],
        "'2/1/2026' may be 2026-01-02 or 2026-02-01; write the one that is meant",
    ),
    ([row("5", "a", reviewed_on="31/2/2026")], "reviewed_on must be an ISO date"),
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
        (b"\xff\xfe", "is empty"),
        (b"\xff\xfea", r"not UTF-16 \(byte 2\); save it as UTF-8"),
        (
            "video_id,start,title\na,1,Möwe\n".encode("cp1252"),
            r"not UTF-8 \(byte 26\); save it as UTF-8, in a spreadsheet as",
        ),
        (b"\xd0\xcf\x11\xe0\xa1", "is a workbook of Excel 97 to 2003; save it as XLSX or CSV"),
        (b"sep=;\n", "no rows below"),
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


def test_a_task_that_nobody_has_signed_is_left_out_or_left_to_whoever_knows_its_draft(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    sheet.write(path, [review_task("a"), review_task("b", video_id="w")._replace(blind=True)])
    drafted, blind = sheet.read(path)
    assert isinstance(drafted, Review) and (drafted.reviewer, drafted.prediction_key) == ("", "key")
    assert isinstance(blind, LeftOut) and blind.reason == "not reviewed"
    write(path, row("0", "Typed", reviewer="", reviewed_on="", blind="yes"))
    (typed,) = sheet.read(path)
    assert isinstance(typed, Rejected) and typed.reason == "it names no reviewer; fill in `reviewer`"


def test_the_sheet_that_goes_out_shows_whose_chapters_they_are_and_what_is_said_there(tmp_path: Path) -> None:
    lines = (Segment(0.0, 60.0, "Welcome to the hive.", "Ada"), Segment(93.4, 200.0, "=Honey " + "and wax " * 40))
    talk = Transcript("v", lines, 200.0, title="=Bees")
    task = ReviewTask(talk, (Chapter(0.0, "Start"), Chapter(93.0, "Honey")), "key", "champion-3")
    sheet.write(tmp_path / "s.csv", [task, task._replace(blind=True, key="other")])
    first, second, *blind = csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text("utf-8-sig"), newline=""))
    assert (first["talk"], first["start"], first["title"]) == ("'=Bees", "0", "Start")
    assert first["words"].startswith("[00:00:00] Welcome to the hive. =Honey and wax")
    assert second["words"].startswith("[00:01:33] =Honey and wax") and second["words"].endswith("…")
    assert [(each["title"], each["start"]) for each in blind] == [("", "")] * 2, "all that is said, to chapter it from"
    assert blind[0]["words"] == "[00:00:00] Ada: Welcome to the hive."
    assert blind[1]["words"] == "[00:01:33] =Honey " + "and wax " * 40


def test_chapters_typed_beside_the_lines_of_a_talk_without_a_draft_are_read(tmp_path: Path) -> None:
    lines = tuple(Segment(10.0 * at, 10.0 * at + 9, f"Line {at}") for at in range(4))
    path = tmp_path / "s.csv"
    sheet.write(path, [ReviewTask(Transcript("v", lines, 40.0), (), "key", "champion-3", blind=True)])
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    assert len(rows) == len(lines)
    rows[0] |= {"reviewer": "Ann", "start": "0", "title": "Opening"}
    rows[2] |= {"start": "0:20", "title": "Middle"}
    review = one(path, *rows)
    assert review.chapters == (Chapter(0.0, "Opening"), Chapter(20.0, "Middle"))
    assert (review.blind, review.reviewer, review.prediction_key) == (True, "Ann", "key")


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


@given(title=titles, name=texts.filter(is_seen).filter(lambda name: "\0" not in name))
def test_any_title_comes_back_exactly_from_csv(title: str, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("sheet") / "s.csv"
    sheet.write(path, [review_task(title, "last", video_id=name)])
    (review,) = sheet.read(reviewed(path))
    assert isinstance(review, Review), review
    assert (review.video_id, [chapter.title for chapter in review.chapters or ()]) == (name, [tidy(title), "last"])


def test_a_table_that_is_all_torn_says_where(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text('video_id,reviewer,start,title\nv,Ada,0,"a\nw,Ada,0,b\n')
    with pytest.raises(
        BadInput, match=r"s\.csv has no rows .*; line 2: not CSV \(unexpected end of data, lines 2 to 3\)"
    ):
        list(sheet.read(tmp_path / "s.csv"))
