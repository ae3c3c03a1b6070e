"""XLSX: what a spreadsheet keeps in a cell, formulas in it, and workbooks that are broken."""

from __future__ import annotations

import sys
import zipfile
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from errata.domain.chapter import Chapter, tidy
from errata.errors import BadInput, Unavailable
from errata.formats import sheet
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected
from tests.platform.sheets import CHAPTERS, OTHER, TWO, one, refused, review_task, row, titles, write


def test_a_formula_or_an_error_in_a_cell_is_refused_with_its_review(tmp_path: Path) -> None:
    for cell in ("=1+1", '=HYPERLINK("http://x")', "#REF!"):
        good, bad = sheet.read(write(tmp_path / "s.xlsx", row("0", "a", video_id="w"), *TWO, row("70", cell)))
        assert isinstance(good, Review) and isinstance(bad, Rejected), cell
        assert "row 5 of it: a cell of it is a formula or an error" in bad.reason


def test_a_formula_takes_its_own_video_along_and_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "s.xlsx", *OTHER, row("=1-1", "Welcome"), row("60.5", "Soil"), row("=2", "c", video_id="u"))
    why = "a cell of it is a formula or an error; put its value there"
    assert refused(path) == {"w": "", "v": f"row 4 of it: {why}", "None": f"row 6 of it: {why}"}


def test_a_formula_in_another_column_is_left_alone(tmp_path: Path) -> None:
    rows = [{**item, "time of day": f"=E{at}/86400", "nothing": "#REF!"} for at, item in enumerate(TWO, start=2)]
    assert one(tmp_path / "s.xlsx", *rows).chapters == CHAPTERS


def test_a_column_named_twice_is_refused_in_xlsx_too(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"s\.xlsx has the column 'title' twice"):
        sheet.read(write(tmp_path / "s.xlsx", {**TWO[0], "title ": "x"}))


def test_a_heading_above_the_columns_is_no_row(tmp_path: Path) -> None:
    book = pytest.importorskip("openpyxl").load_workbook(write(tmp_path / "s.xlsx", *TWO))
    book.active.insert_rows(1, 2)
    book.active["A1"] = "To review"
    book.active.merge_cells("A1:G1")
    book.active["A3"] = "Video ID"
    book.save(tmp_path / "s.xlsx")
    (review,) = sheet.read(tmp_path / "s.xlsx")
    assert isinstance(review, Review) and review.chapters == CHAPTERS


def test_a_sheet_without_columns_is_told_what_they_must_be(tmp_path: Path) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    book.active["A1"] = "To review"
    book.save(tmp_path / "s.xlsx")
    with pytest.raises(BadInput, match=r"s\.xlsx .*name the columns in the first line.*: video_id, reviewer, "):
        sheet.read(tmp_path / "s.xlsx")


def test_what_looks_like_a_truth_value_or_an_error_is_the_text_that_is_shown(tmp_path: Path) -> None:
    assert one(tmp_path / "s.xlsx", row("0", True)).chapters == (Chapter(0.0, "TRUE"),)
    sheet.write(tmp_path / "w.XLSX", [review_task("#REF!", "TRUE", "1e5", "007")])
    book = pytest.importorskip("openpyxl").load_workbook(tmp_path / "w.XLSX")
    book.active["B2"] = "Ann"
    book.save(tmp_path / "w.XLSX")
    (review,) = sheet.read(tmp_path / "w.XLSX")
    assert isinstance(review, Review), review
    assert [chapter.title for chapter in review.chapters or ()] == ["#REF!", "TRUE", "1e5", "007"]


@pytest.mark.parametrize(
    ("kept", "number_format", "start"),
    [
        (time(1, 33), "h:mm", 93.0),  # what Excel makes of 1:33
        (time(0, 21), "hh:mm", 21.0),
        (time(0, 1, 33), "h:mm:ss", 93.0),
        (time(0, 1, 33, 500_000), "mm:ss.0", 93.5),
        (time(0, 1, 5), "[$-F400]h:mm:ss", 65.0),
        (timedelta(hours=75, minutes=30), "[h]:mm:ss", 4530.0),  # and of 75:30
        (timedelta(hours=1, minutes=2, seconds=3), "[h]:mm:ss", 3723.0),
    ],
)
def test_a_time_is_what_was_typed(kept: Any, number_format: str, start: float, tmp_path: Path) -> None:
    (review,) = sheet.read(formatted(tmp_path, "start", kept, number_format))
    assert isinstance(review, Review) and review.chapters == (Chapter(start, "a"),)


def test_a_time_of_day_is_refused_by_name(tmp_path: Path) -> None:
    (bad,) = sheet.read(formatted(tmp_path, "start", time(1, 33), "h:mm AM/PM"))
    assert isinstance(bad, Rejected) and "a time such as 0:21 or 1:02:03, not '1:33 by the clock'" in bad.reason


@pytest.mark.parametrize(
    ("kept", "number_format", "day"),
    [
        (date(2024, 5, 2), "dd.mm.yyyy", "2024-05-02"),
        (45414, "General", "2024-05-02"),
        (45414.5, "General", "2024-05-02T12:00:00"),
        ("02.05.2024", "General", "2024-05-02"),
    ],
)
def test_a_date_is_what_was_typed(kept: Any, number_format: str, day: str, tmp_path: Path) -> None:
    (review,) = sheet.read(formatted(tmp_path, "reviewed_on", kept, number_format))
    assert isinstance(review, Review) and review.reviewed_on == day


def test_a_workbook_that_counts_from_1904_has_its_own_dates(tmp_path: Path) -> None:
    path = formatted(tmp_path, "reviewed_on", 43952, "General")
    book = pytest.importorskip("openpyxl").load_workbook(path)
    book.epoch = pytest.importorskip("openpyxl.utils.datetime").CALENDAR_MAC_1904
    book.save(path)
    (review,) = sheet.read(path)
    assert isinstance(review, Review) and review.reviewed_on == "2024-05-02"


def formatted(folder: Path, column: str, kept: Any, number_format: str) -> Path:
    """A sheet of one chapter, with a cell as a spreadsheet keeps and shows it."""
    path = write(folder / "s.xlsx", row(0, "a"))
    book = pytest.importorskip("openpyxl").load_workbook(path)
    cell = next(cell for cells in book.active.iter_cols() if cells[0].value == column for cell in cells[1:])
    cell.value, cell.number_format = kept, number_format
    book.save(path)
    return path


def test_a_sheet_that_goes_out_has_what_is_said_beside_it_and_keeps_what_is_typed(tmp_path: Path) -> None:
    sheet.write(tmp_path / "s.xlsx", [review_task("a", "b")])
    book = pytest.importorskip("openpyxl").load_workbook(tmp_path / "s.xlsx")
    assert [[cell.value for cell in cells] for cells in book["transcripts"]] == [
        ["video_id", "start", "time", "words"],
        ["v", "0", "00:00:00", "words"],
    ]
    assert book["chapters"]["F2"].number_format == "@", "1:33 stays 1:33"


def test_a_broken_workbook_is_one_error_that_names_it(tmp_path: Path) -> None:
    whole = write(tmp_path / "s.xlsx", *TWO).read_bytes()
    for length in range(4, len(whole) - 1, 211):
        (tmp_path / "s.xlsx").write_bytes(whole[:length])
        with pytest.raises(BadInput, match=r"s\.xlsx can't be read as XLSX"):
            sheet.read(tmp_path / "s.xlsx")
    for at in range(4, len(whole), 37):
        (tmp_path / "s.xlsx").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            assert all(isinstance(item, Review | Rejected) for item in sheet.read(tmp_path / "s.xlsx"))
        except BadInput as problem:
            assert "s.xlsx" in str(problem)


def test_a_zip_of_something_else_and_one_that_unpacks_to_too_much_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openpyxl")
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "x" * 3_000_000)
    with pytest.raises(BadInput, match="can't be read as XLSX"):
        sheet.read(tmp_path / "s.xlsx")
    monkeypatch.setattr("errata.formats.workbook.LARGEST", 2_000_000)
    with pytest.raises(BadInput, match="unpacks to more than 1 MiB"):
        sheet.read(tmp_path / "s.xlsx")


def test_without_openpyxl_xlsx_is_unavailable_and_csv_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(Unavailable, match="openpyxl"):
        sheet.write(tmp_path / "s.xlsx", [review_task("a")])
    (tmp_path / "s.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(Unavailable, match="openpyxl"):
        sheet.read(tmp_path / "s.xlsx")
    assert sheet.write(tmp_path / "s.csv", [review_task("a")]) == 1


@given(title=titles)
def test_any_title_that_xlsx_can_hold_comes_back_exactly_from_it(
    title: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path_factory.mktemp("sheet") / "s.xlsx"
    try:
        sheet.write(path, [review_task(title, "last")])
    except BadInput:
        assert any(ord(letter) < 32 or ord(letter) > 0xFFFD for letter in tidy(title))
        return
    book = pytest.importorskip("openpyxl").load_workbook(path)
    book.active["B2"] = "Ann"
    book.save(path)
    (review,) = sheet.read(path)
    assert isinstance(review, Review), review
    assert [chapter.title for chapter in review.chapters or ()] == [tidy(title), "last"]
