"""Chapter lists in descriptions: YouTube's rules, each one broken in turn, and the files they may stand in."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.clock import clock
from errata.errors import BadInput
from errata.formats import description
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects

GOOD = "We talk about soil.\n\n0:00 Welcome\n1:30 - Soil: the basics\n1:02:03 Questions\n\nRecorded at 12:30 in May."
CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(90.0, "Soil: the basics"), Chapter(3723.0, "Questions"))


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def one(path: Path, content: Any) -> Review:
    (review,) = description.read(write(path, content))
    assert isinstance(review, Review), review
    return review


def reason(path: Path, text: str, **more: Any) -> str:
    (refused,) = description.read(write(path / "d.json", {"id": "v", "description": text, **more}))
    assert isinstance(refused, Rejected), refused
    return refused.reason


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.txt", GOOD),
        ("v.description", GOOD),
        ("d.json", {"id": "v", "description": GOOD}),
        ("d.json", [{"video_id": "v", "description": GOOD}]),
        ("d.json", {"v": GOOD}),
        ("d.json", {"v": {"description": GOOD, "title": "t", "duration": 4000}}),
        ("d.jsonl", json.dumps({"external_id": "v", "description": GOOD})),
        ("d.csv", f'id,description,duration\nv,"{GOOD}",4000\n'),
    ],
)
def test_the_files_a_description_may_stand_in(name: str, content: Any, tmp_path: Path) -> None:
    review = one(tmp_path / name, content)
    assert (review.video_id, review.kind, review.chapters, review.draft) == ("v", "edit", CHAPTERS, None)
    assert (review.reviewer, review.reviewed_on, review.prediction_key) == ("description", "", "")


def test_who_when_and_of_which_prediction_are_read_where_they_stand(tmp_path: Path) -> None:
    said = {"reviewer": "Ann", "reviewed_on": "2026-01-02", "errata_prediction": "key"}
    review = one(tmp_path / "d.json", {"id": "v", "description": GOOD, **said})
    assert (review.reviewer, review.reviewed_on, review.prediction_key) == ("Ann", "2026-01-02", "key")


def test_a_folder_is_read_file_by_file_and_a_bad_file_is_a_refused_row(tmp_path: Path) -> None:
    write(tmp_path / "b.TXT", GOOD)
    write(tmp_path / "a.description", GOOD)
    (tmp_path / "c.txt").write_bytes(b"\xff")
    write(tmp_path / "notes.md", "left alone")
    a, b, c = description.read(tmp_path)
    assert [row.video_id for row in (a, b) if isinstance(row, Review)] == ["a", "b"]
    assert isinstance(c, Rejected) and "not UTF-8" in c.reason


@pytest.mark.parametrize(
    "line",
    [
        "(1:30) Soil",
        "[1:30] Soil",
        "- 1:30 Soil",
        "• 1:30 – Soil",
        "1:30: Soil",
        "1:30 | Soil",
        "1:30-Soil",
        "1:30 -Soil",
        "  01:30   Soil  ",
        "00:01:30 Soil",
        "1:30\tSoil",
        "1:30\u00a0Soil",
        "\u200e1:30 Soil",
        "🎬 1:30 Soil",
        "⏱️ (1:30) Soil",
        "» 1:30 Soil",
    ],
)
def test_how_a_line_of_the_list_may_be_written(line: str, tmp_path: Path) -> None:
    review = one(tmp_path / "v.txt", f"0:00 Welcome\n{line}\n9:00 Questions")
    assert review.chapters[1] == Chapter(90.0, "Soil")


LIST = "0:00 a\n1:00 b\n2:00 c"
RULES = [
    ("nothing here", "no line of it is written as 0:00 Title"),
    ("we start at 0:00 sharp\n0:00am to 1:00am\n16:9 is wide", "no line of it is written as 0:00 Title"),
    (LIST + "\n1:02:75 d", "'1:02:75 d' has a time that is none"),
    (LIST.replace("0:00", "0:01"), "starts at 1 s, not at 0:00"),
    ("0:00 a\n1:00 b", "has 2 chapters, and fewer than 3"),
    ("0:00 a\n2:00 b\n1:00 c", "'c' does not come after 'b'"),
    ("0:00 a\n1:00 b\n1:00 c", "'c' does not come after 'b'"),
    ("0:00 a\n0:09 b\n1:00 c", "'a' lasts 9 s"),
    ("0:00 a\n1:00 b\n1:09 c", "'b' lasts 9 s"),
    (LIST + "\n3:75 d", "'3:75 d' has a time that is none"),
    (LIST + "\n3:00", "'3:00' has a time and no title"),
    (LIST + "\n3:00 -", "has a time and no title"),
    (LIST + "\n3:00 - 2:30 d", "'3:00 - 2:30 d' ends before it begins"),
    (LIST + "\n3:00 d 4:00 e", "'3:00 d 4:00 e' has two times"),
    ("0:00 a\n1:00 b\n2:00 " + "x" * 501, "shorten it to 500"),
    (LIST.replace("c", "c\0"), "NUL character"),
    (LIST.replace("c", "\ud800"), "half a character"),
    ("x" * 1_000_000, "no line of it is written as 0:00 Title"),
]


@pytest.mark.parametrize(("text", "why"), RULES)
def test_a_list_that_breaks_a_rule_is_refused_with_the_rule(text: str, why: str, tmp_path: Path) -> None:
    assert why in reason(tmp_path, text)


def test_the_last_chapter_is_measured_where_the_duration_is_known(tmp_path: Path) -> None:
    assert "'c' lasts 5 s" in reason(tmp_path, LIST, duration=125)
    assert "'the end' does not come after 'c'" in reason(tmp_path, LIST, duration="100")
    assert "duration must be a number, not 'long'" in reason(tmp_path, LIST, duration="long")
    assert one(tmp_path / "d.json", {"id": "v", "description": LIST, "duration": 130}).chapters


BROKEN = [
    (5, "the row must be a JSON object, not 5"),
    ({"id": "v", "description": None}, "description must be text, not None"),
    ({"id": "v", "description": [LIST]}, "description must be text"),
    ({"description": LIST}, "is the video's id"),
    ({"id": ["v"], "description": LIST}, "id must be text"),
    ({"id": "v", "description": LIST, "reviewer": 5}, "reviewer must be text, not 5"),
    ({"id": "v", "description": LIST, "reviewed_on": "soon"}, "reviewed_on must be an ISO date"),
    ({"id": "v", "description": LIST, "duration": float("nan")}, "duration must be a number, not 'NaN'"),
    ({"id": "v", "description": LIST, "duration": -1}, "a time must not be negative"),
    ({"id": "v", "description": LIST, "errata_prediction": 5}, "prediction must be text"),
    ({"id": "first", "description": LIST}, "video 'first' has a second description"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_row_is_refused_by_name_and_its_neighbours_are_read(broken: Any, why: str, tmp_path: Path) -> None:
    rows = [{"id": "first", "description": LIST}, broken, {"id": "last", "description": LIST}]
    first, bad, last = description.read(write(tmp_path / "d.json", rows))
    assert isinstance(first, Review) and isinstance(last, Review)
    assert isinstance(bad, Rejected) and why in bad.reason and bad.row == "item 2"


def test_an_id_that_stands_twice_in_a_dict_is_refused_the_second_time(tmp_path: Path) -> None:
    path = write(tmp_path / "d.json", '{"v": ' + json.dumps(LIST) + ', "v": ' + json.dumps(GOOD) + "}")
    first, second = description.read(path)
    assert isinstance(first, Review) and isinstance(second, Rejected) and "second description" in second.reason


def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(tmp_path: Path) -> None:
    days = ["2026-01-01", "2026-01-03", ""]
    rows = [{"id": str(at), "description": LIST, "reviewed_on": day} for at, day in enumerate(days)]
    path = write(tmp_path / "d.json", [*rows, {"id": "b", "description": 5, "reviewed_on": "2026-01-03"}])
    read = list(description.read(path, "2026-01-02"))
    assert [row.video_id for row in read if isinstance(row, Review)] == ["0", "2"]
    assert [type(row) for row in read] == [Review, LeftOut, Review, LeftOut]
    with pytest.raises(BadInput, match="is not a date"):
        description.read(path, "soon")


def test_rejects_can_be_mended_and_imported_and_a_refused_review_too(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", LIST.replace("0:00", "0:01"))
    write(tmp_path / "b.txt", LIST)
    refused, review = description.read(tmp_path)
    assert isinstance(refused, Rejected) and isinstance(review, Review)
    write_rejects(tmp_path / "r.jsonl", [refused, review.row.reject("no transcript")])
    first, second = description.read(tmp_path / "r.jsonl")
    assert isinstance(first, Rejected) and second == review
    write(tmp_path / "r.jsonl", (tmp_path / "r.jsonl").read_text().replace("0:01", "0:00"))
    mended, _ = description.read(tmp_path / "r.jsonl")
    assert isinstance(mended, Review) and mended.video_id == "a"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.json", b""),
        ("d.json", b'[{"id": "v"'),
        ("d.json", b"[" * 100_000),
        ("d.csv", b"id,description\n"),
        ("d.csv", b"id,id\nv,w\n"),
        ("v.txt", b"\xff\xfe"),
        ("v.txt", b" \n"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=name):
        description.read(tmp_path / name)
    with pytest.raises(BadInput, match=r"gone\.json can't be read"):
        description.read(tmp_path / "gone.json")
    (tmp_path / name).unlink()
    with pytest.raises(BadInput, match=r"has no \.txt or \.description files"):
        description.read(tmp_path)


@given(data=st.data())
def test_a_list_is_taken_exactly_when_it_keeps_every_rule(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    starts = data.draw(st.lists(st.sampled_from([0, 1, 5, 10, 20, 29, 30, 31, 3600]), max_size=5))
    text = "\n".join(["Intro", *(f"{clock(start)} chapter {at}" for at, start in enumerate(starts)), "Thanks"])
    (found,) = description.read(write(tmp_path_factory.mktemp("rules") / "v.txt", text))
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    keeps = len(starts) >= 3 and starts[0] == 0 and all(gap >= 10 for gap in gaps)
    assert isinstance(found, Review) == keeps
    if isinstance(found, Review):
        assert [chapter.start for chapter in found.chapters or ()] == starts


@given(text=st.text(max_size=60) | st.from_regex(r"(\d?\d:\d\d[ -]{0,2}\w?\n){0,6}", fullmatch=True))
def test_no_description_stops_the_file(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "d.json"
    odd, good = description.read(write(path, [{"id": "v", "description": text}, {"id": "w", "description": LIST}]))
    assert isinstance(good, Review) and isinstance(odd, Review | Rejected)
