"""Spreadsheets that go out for review: what stands in them, no cell that would run as a formula, and all comes back."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given

from errata.domain.chapter import Chapter, tidy
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats import sheet
from errata.formats.review_task import ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected
from tests.examples import is_seen
from tests.platform.sheets import (
    one,
    review_task,
    row,
    texts,
    titles,
    write,
)


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
