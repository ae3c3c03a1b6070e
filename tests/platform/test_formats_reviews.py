"""Corrections as JSONL: the real reviews, the three kinds, the day they are read until, and what is refused."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import review_detect, reviews_jsonl
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, SourceRow, write_rejects

ROW: dict[str, Any] = {
    "video_id": "v",
    "reviewer": "Ann",
    "reviewed": [{"start": 3, "title": "Soil"}],
    "reviewed_on": "2024-02-15",
    "draft": [{"start": 4, "title": "Earth"}],
    "draft_by": "machine",
}


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def without(*names: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ROW, **changed}.items() if name not in names}


def is_seen(title: str) -> bool:
    """Whether any character of a title shows; one of which none does is refused as empty."""
    return any(unicodedata.category(character) != "Cf" for character in title)


def one(path: Path, row: dict[str, Any]) -> Review:
    (review,) = reviews_jsonl.read(write(path / "reviews.jsonl", row))
    assert isinstance(review, Review), review
    return review


def test_all_real_reviews_are_read_in_the_order_of_the_file(shared: Path) -> None:
    path = shared / "data/talks/reviews/reviews.jsonl"
    reviews = list(reviews_jsonl.read(path))
    expected = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(isinstance(review, Review) for review in reviews)
    assert [review.video_id for review in reviews] == [row["video_id"] for row in expected]
    assert len({review.reviewer for review in reviews}) == 25
    assert sum(review.draft == () for review in reviews) == 16
    assert sum(len(review.chapters) for review in reviews) == sum(len(row["reviewed"]) for row in expected)
    assert {(review.kind, review.draft_by) for review in reviews} == {("edit", "machine draft")}


def test_until_a_day_gives_that_day_and_all_before_it(shared: Path) -> None:
    path = shared / "data/talks/reviews/reviews.jsonl"
    for until, count in (("2024-02-14", 0), ("2024-02-22", 5), ("2030-01-01", 52)):
        rows = list(reviews_jsonl.read(path, until))
        assert sum(isinstance(row, Review) for row in rows) == count
        assert sum(isinstance(row, LeftOut) for row in rows) == 52 - count


def test_every_field_is_where_it_belongs(tmp_path: Path) -> None:
    row = without(reviewed=[{"start": 9.5, "title": " b\n c "}, {"start": 0, "title": "a"}], notes="left alone")
    assert one(tmp_path, row) == Review(
        video_id="v",
        kind="edit",
        chapters=(Chapter(0.0, "a"), Chapter(9.5, "b c")),
        reviewer="Ann",
        reviewed_on="2024-02-15",
        draft=(Chapter(4.0, "Earth"),),
        draft_by="machine",
        row=SourceRow("", 0, None),
    )


SOIL, EARTH = (Chapter(3.0, "Soil"),), (Chapter(4.0, "Earth"),)


@pytest.mark.parametrize(
    ("row", "kind", "chapters", "draft"),
    [
        (without(), "edit", SOIL, EARTH),
        (without(kind=None), "edit", SOIL, EARTH),
        (without(reviewed=[]), "edit", (), EARTH),
        (without("draft"), "edit", SOIL, None),
        (without(draft=None), "edit", SOIL, None),
        (without(draft=[]), "edit", SOIL, ()),
        (without(draft=[{"start": 3.0, "title": "Soil "}]), "accept", SOIL, SOIL),
        (without(draft=[], reviewed=[]), "accept", (), ()),
        (without("reviewed", kind="accept"), "accept", EARTH, EARTH),
        (without("reviewed", kind="accept", draft=[]), "accept", (), ()),
        (without("reviewed", "draft", kind="accept"), "accept", None, None),
        (without("draft", kind="accept"), "accept", SOIL, None),
        (without("reviewed", kind="reject"), "reject", None, EARTH),
        (without("draft", kind="reject", reviewed=[]), "reject", None, None),
    ],
)
def test_what_a_review_says(row: dict[str, Any], kind: str, chapters: Any, draft: Any, tmp_path: Path) -> None:
    review = one(tmp_path, row)
    assert (review.kind, review.chapters, review.draft) == (kind, chapters, draft)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("20240215", "2024-02-15"),
        ("2024-02-15T23:59:00", "2024-02-15T23:59:00"),
        ("2024-02-15T10:00:00Z", "2024-02-15T10:00:00+00:00"),
        (None, ""),
    ],
)
def test_a_date_may_have_a_time_or_be_missing_and_still_counts_as_its_day(
    written: str | None, read: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "reviews.jsonl", without(reviewed_on=written))
    (review,) = reviews_jsonl.read(path, until="2024-02-15")
    assert isinstance(review, Review) and review.reviewed_on == read
    (before,) = reviews_jsonl.read(path, until="2024-02-14")
    assert isinstance(before, LeftOut) == (written is not None)


def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.jsonl", ROW, without(reviewed_on="2024-02-16", reviewed=5), without(reviewed_on=5))
    now, later, undated = reviews_jsonl.read(path, until="2024-02-15")
    assert isinstance(now, Review) and isinstance(later, LeftOut)
    assert isinstance(undated, Rejected) and not isinstance(undated, LeftOut)
    assert (now.row.row, later.row, later.reason, undated.row) == (1, 2, "reviewed later", 3)


@pytest.mark.parametrize("until", ["yesterday", "2024-02-30", "2024-02-15T10:00", ""])
def test_a_limit_that_is_no_date_is_an_error(until: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not a date"):
        reviews_jsonl.read(write(tmp_path / "reviews.jsonl", ROW), until=until)


def reviewed(**changed: Any) -> dict[str, Any]:
    return without(reviewed=[{"start": 1, "title": "x"}, {"start": 3, "title": "Soil", **changed}])


BROKEN = [
    ('{"video_id": "v", "rev', "not JSON (Unterminated string starting at, line 3, column 19)"),
    ('{"video_id": "v\0"}', "not JSON (Invalid control character at, line 3, column 16)"),
    ("[" * 100_000, "nested too deeply"),
    ("[]", "the row must be a JSON object, not []"),
    ("5", "the row must be a JSON object, not 5"),
    ('{"video_id": "v", "video_id": "w"}', "the row has the key 'video_id' twice"),
    (without("video_id"), "video_id must be text, not None"),
    (without(video_id=7), "video_id must be text, not 7"),
    (without(video_id=" "), "video_id is empty"),
    (without(video_id="a\0"), "video_id has a NUL character at 1"),
    (without("reviewer"), "it names no reviewer; fill in `reviewer`"),
    (without(reviewer=""), "it names no reviewer"),
    (without(kind="retract"), "kind must be one of edit, accept, reject, not 'retract'"),
    (without(kind=["edit"]), "kind must be one of edit, accept, reject, not ['edit']"),
    (without("reviewed"), "an edit needs `reviewed`"),
    (without(reviewed="Soil"), "reviewed must be a list, not 'Soil'"),
    (without(reviewed=["Soil"]), "reviewed[0] must be a JSON object, not 'Soil'"),
    (without(kind="reject"), "a reject has chapters"),
    (without(kind="accept"), "an accept has other chapters"),
    (without(draft={"start": 0}), "draft must be a list"),
    (without(draft=[{"start": -1, "title": "x"}]), "draft[0]'s start is -1"),
    (without(draft_by=5), "draft_by must be text, not 5"),
    (without(reviewed_on="15/22/2024"), "reviewed_on must be an ISO date such as 2024-02-15, not '15/22/2024'"),
    (without(reviewed_on="2024-02-30"), "reviewed_on must be an ISO date"),
    (without(reviewed_on=20240215), "reviewed_on must be an ISO date"),
    (without(reviewed_on="\ud800"), "reviewed_on must be an ISO date"),
    (reviewed(start=-0.5), "reviewed[1]'s start is -0.5; a time must not be negative"),
    (reviewed(start=True), "reviewed[1]'s start must be a number, not True"),
    (reviewed(start="3"), "reviewed[1]'s start must be a number, not '3'"),
    (reviewed(start=float("nan")), "reviewed[1]'s start must be a number, not 'NaN'"),
    (reviewed(start=float("-inf")), "reviewed[1]'s start must be a number, not '-Infinity'"),
    (reviewed(start=10**400), "reviewed[1]'s start must be a number"),
    (reviewed(start=1.0), "reviewed has two chapters at 1"),
    (reviewed(title=" \n\t"), "reviewed[1]'s title is empty"),
    (reviewed(title=None), "reviewed[1]'s title must be text, not None"),
    (reviewed(title="x" * 501), "reviewed[1]'s title has 501 characters"),
    (reviewed(title="\ud83d"), "reviewed[1]'s title has half a character"),
]


@pytest.mark.parametrize(("row", "reason"), BROKEN)
def test_a_broken_row_is_refused_with_line_and_reason_and_its_neighbours_are_read(
    row: Any, reason: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "reviews.jsonl", ROW, "", row, ROW)
    first, bad, last = reviews_jsonl.read(path)
    assert isinstance(first, Review) and first == last
    assert isinstance(bad, Rejected)
    assert (bad.file, bad.row) == (str(path), 3)
    assert reason in bad.reason
    assert str(bad).startswith(f"{path}, line 3: ")


def test_a_title_of_five_hundred_characters_and_a_line_of_a_megabyte_are_taken(tmp_path: Path) -> None:
    review = one(tmp_path, reviewed(title="é" * 500) | {"notes": "x" * 1_000_000})
    assert len(review.chapters[1].title) == 500


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "is empty"), (b"\n \n", "is empty"), (b'{"a": "\xff"}', r"not UTF-8 \(byte 7\)")]
)
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=rf"reviews\.jsonl .*{message}"):
        reviews_jsonl.read(path)
    with pytest.raises(BadInput, match=r"gone\.jsonl can't be read"):
        reviews_jsonl.read(tmp_path / "gone.jsonl")


def test_windows_line_ends_and_a_separator_inside_a_title_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    row = json.dumps(reviewed(title="a\u2028b"), ensure_ascii=False)
    path.write_bytes(b"\xef\xbb\xbf" + f"{row}\r\n{row}\r\n".encode())
    assert [review.chapters[1].title for review in reviews_jsonl.read(path)] == ["a b", "a b"]


def test_rejects_once_mended_are_imported_and_unmended_are_refused_again(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.jsonl", without(reviewer=""), '{"torn', without(kind="maybe"), ROW)
    bad = [item for item in reviews_jsonl.read(path) if isinstance(item, Rejected)]
    rejects = tmp_path / "rejects.jsonl"
    assert write_rejects(rejects, bad) == 3
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert lines[0].pop("_rejected") == {"file": str(path), "row": 1, "reason": bad[0].reason}
    assert lines[0] == without(reviewer="")
    assert lines[1]["_rejected"]["raw"] == '{"torn'
    assert all(isinstance(item, Rejected) for item in reviews_jsonl.read(rejects))
    first, torn, maybe = reviews_jsonl.read(write(rejects, without(_rejected={}), lines[1], {**lines[2], "kind": None}))
    assert isinstance(first, Review) and isinstance(torn, Rejected) and isinstance(maybe, Review)


def test_a_review_that_the_record_refuses_goes_to_the_rejects_too(tmp_path: Path) -> None:
    review = one(tmp_path, ROW)
    late = review.row.reject("no transcript 'v'; import it first")
    assert str(late) == f"{tmp_path / 'reviews.jsonl'}, line 1: no transcript 'v'; import it first"
    write_rejects(tmp_path / "rejects.jsonl", [late])
    assert list(reviews_jsonl.read(tmp_path / "rejects.jsonl")) == [review]


def test_rejects_of_rejects_keep_one_reason_and_can_still_be_mended(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.jsonl", without(reviewer="", _rejected={"reason": "old"}))
    again = tmp_path / "again.jsonl"
    write_rejects(again, list(reviews_jsonl.read(path)))
    assert json.loads(again.read_text())["_rejected"]["reason"].startswith("it names no reviewer")
    (mended,) = reviews_jsonl.read(write(again, again.read_text().replace('"reviewer": ""', '"reviewer": "Ann"')))
    assert isinstance(mended, Review)


def test_the_text_of_a_torn_row_that_nobody_mended_is_still_in_the_rejects_of_its_rejects(tmp_path: Path) -> None:
    write_rejects(tmp_path / "a.jsonl", list(reviews_jsonl.read(write(tmp_path / "reviews.jsonl", '{"torn'))))
    for now, then in (("a", "b"), ("b", "c")):
        write_rejects(tmp_path / f"{then}.jsonl", list(reviews_jsonl.read(tmp_path / f"{now}.jsonl")))
    assert json.loads((tmp_path / "c.jsonl").read_text())["_rejected"]["raw"] == '{"torn'


def test_a_key_that_stands_twice_still_does_so_in_the_rejects_file(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.jsonl", '{"video_id": "w", ' + json.dumps(ROW)[1:])
    write_rejects(tmp_path / "rejects.jsonl", list(reviews_jsonl.read(path)))
    (again,) = reviews_jsonl.read(tmp_path / "rejects.jsonl")
    assert isinstance(again, Rejected) and "'video_id' twice" in again.reason


def test_nothing_rejected_writes_no_file_and_a_bad_place_is_named(tmp_path: Path) -> None:
    assert write_rejects(tmp_path / "rejects.jsonl", []) == 0
    assert not (tmp_path / "rejects.jsonl").exists()
    with pytest.raises(BadInput, match=r"nowhere.* can't be written"):
        write_rejects(tmp_path / "nowhere" / "rejects.jsonl", [Rejected("f", 1, "r", None)])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(row=anything | st.fixed_dictionaries({}, optional=dict.fromkeys(ROW, anything)))
def test_no_row_stops_the_file_or_gets_lost(row: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "reviews.jsonl", json.dumps(row), ROW)
    odd, good = reviews_jsonl.read(path)
    assert isinstance(good, Review)
    assert isinstance(odd, Review | Rejected)


items = st.builds(
    lambda start, title: {"start": start, "title": title},
    st.integers(0, 9) | st.floats(0, 1e6),
    st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=8).filter(is_seen),
)
lists = st.lists(items, max_size=4, unique_by=lambda item: item["start"])


@given(draft=st.none() | lists, right=lists)
def test_an_edit_becomes_an_accept_exactly_when_it_changed_nothing(
    draft: list[Any] | None, right: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    review = one(tmp_path_factory.mktemp("kinds"), without(draft=draft, reviewed=right))
    assert sorted((item.start, item.title) for item in review.chapters) == sorted(
        (item["start"], item["title"]) for item in right
    )
    assert review.kind == ("accept" if review.draft == review.chapters else "edit")
    assert (review.draft is None) == (draft is None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.json", json.dumps([ROW, {**ROW, "video_id": "w"}])),
        ("r.json", json.dumps([ROW, {**ROW, "video_id": "w"}], indent=1)),
        ("r.json", json.dumps({"v": {**ROW}, "w": {**ROW, "video_id": "w"}})),
        ("r.jsonl", json.dumps(ROW) + "\n" + json.dumps({**ROW, "video_id": "w"})),
    ],
)
def test_reviews_may_stand_in_one_json_value(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    found = review_detect.reviews(tmp_path / name)
    assert found.label == "a list of reviews (JSONL)"
    assert [review.video_id for review in found.rows if isinstance(review, Review)] == ["v", "w"]


def test_words_above_jsonl_are_one_bad_row(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("my reviews\n" + json.dumps(ROW) + "\n")
    assert [type(row) for row in review_detect.reviews(tmp_path / "r.jsonl").rows] == [Rejected, Review]
