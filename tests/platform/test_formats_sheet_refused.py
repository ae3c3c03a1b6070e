"""Spreadsheets that are refused: a broken cell, a torn row with the reviews around it, and a file that is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats import reviews_jsonl, sheet
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected, write_rejects
from tests.platform.sheets import (
    CHAPTERS,
    KINDS,
    LAST,
    OTHER,
    TWO,
    refused,
    row,
    write,
)

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


def test_a_table_that_is_all_torn_says_where(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text('video_id,reviewer,start,title\nv,Ada,0,"a\nw,Ada,0,b\n')
    with pytest.raises(
        BadInput, match=r"s\.csv has no rows .*; line 2: not CSV \(unexpected end of data, lines 2 to 3\)"
    ):
        list(sheet.read(tmp_path / "s.csv"))
