"""doccano: labels as text, labels as spans, older lines, whose they are, and what is about something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import doccano
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects

EXPORTS = "data/review_exports/doccano"
CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(60.0, "Soil"))
TALK = "[0:00] Hello all. \nand so on\n[1:00] Now the soil.\nThe end"
SPANS = [[0, 27, "Welcome"], [35, len(TALK), "Soil"]]


def line(**changed: Any) -> dict[str, Any]:
    fields = {"id": 1, "text": TALK, "label": ["0:00 Welcome", "1:00 - Soil"], "video_id": "v", "username": "ann"}
    return {name: value for name, value in {**fields, **changed}.items() if value is not ...}


def write(path: Path, *lines: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in lines))
    return path


def one(path: Path, *lines: Any) -> Review:
    (review,) = doccano.read(write(path, *lines))
    assert isinstance(review, Review), review
    return review


@pytest.mark.parametrize(
    "row",
    [
        line(),
        line(label=["0:00 Welcome\n1:00 Soil"]),
        line(label=['[{"start": 0, "title": "Welcome"}]', "60s Soil"]),
        line(label=SPANS),
        line(label=..., labels=SPANS, id=..., doc_id=7),
        line(label=[[0, len(TALK), "Welcome"], [35, 51, "Soil"]]),
        line(label=[[7, 17, "Welcome"], [35, 51, "Soil"]]),
        line(video_id=..., meta={"video_id": "v"}),
        line(video_id=..., text=..., filename="talks/v.mp3"),
    ],
)  # fmt: skip
def test_the_layouts(row: dict[str, Any], tmp_path: Path) -> None:
    review = one(tmp_path / "admin.jsonl", row)
    assert (review.video_id, review.kind, review.chapters, review.draft) == ("v", "edit", CHAPTERS, None)
    assert (review.reviewer, review.reviewed_on, review.prediction_key) == ("ann", "", "")


def test_a_label_may_say_that_there_are_no_chapters(tmp_path: Path) -> None:
    assert one(tmp_path / "ann.jsonl", line(label=["[]"])).chapters == ()


def test_a_date_and_the_key_of_a_prediction_are_read_where_they_stand(tmp_path: Path) -> None:
    review = one(tmp_path / "ann.jsonl", line(reviewed_on="2026-01-02", meta={"errata_prediction": "key"}))
    assert (review.reviewed_on, review.prediction_key) == ("2026-01-02", "key")


def test_without_a_username_the_file_is_the_users_and_the_rejects_file_remembers_whose(tmp_path: Path) -> None:
    path = write(tmp_path / "bea.jsonl", line(username=...), line(username=..., label=["Soil"]))
    review, refused = doccano.read(path)
    assert isinstance(review, Review) and review.reviewer == "bea" and isinstance(refused, Rejected)
    write_rejects(tmp_path / "bea-corrections.jsonl", [refused, review.row.reject("no transcript")])
    text = (tmp_path / "bea-corrections.jsonl").read_text().replace('["Soil"]', '["0:00 Soil"]')
    (tmp_path / "bea-corrections.jsonl").write_text(text)
    mended, again = doccano.read(tmp_path / "bea-corrections.jsonl")
    assert isinstance(mended, Review) and mended.reviewer == "bea" and again == review


@pytest.mark.parametrize("stem", ["all", "unknown"])
def test_a_file_for_everyone_does_not_say_who_it_was(stem: str, tmp_path: Path) -> None:
    (refused,) = doccano.read(write(tmp_path / f"{stem}.jsonl", line(username=...)))
    assert isinstance(refused, Rejected) and "add `username`" in refused.reason
    write_rejects(tmp_path / f"{stem}-corrections.jsonl", [refused])
    (again,) = doccano.read(tmp_path / f"{stem}-corrections.jsonl")
    assert isinstance(again, Rejected)


def test_a_torn_line_that_was_mended_without_saying_whose_it_is_is_not_signed_by_the_rejects_file(
    tmp_path: Path,
) -> None:
    (torn,) = doccano.read(write(tmp_path / "ann.jsonl", '{"torn'))
    assert isinstance(torn, Rejected)
    write_rejects(tmp_path / "ann-corrections.jsonl", [torn])
    (kept,) = map(json.loads, (tmp_path / "ann-corrections.jsonl").read_text().splitlines())
    mended = {name: value for name, value in line().items() if name != "username"} | kept
    (refused,) = doccano.read(write(tmp_path / "ann-corrections.jsonl", mended))
    assert isinstance(refused, Rejected) and "does not say who labelled it" in refused.reason
    (review,) = doccano.read(write(tmp_path / "ann-corrections.jsonl", {**mended, "username": "ann"}))
    assert isinstance(review, Review) and review.reviewer == "ann"


def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(tmp_path: Path) -> None:
    days = [line(reviewed_on="2026-01-01"), line(reviewed_on="2026-01-03"), line(reviewed_on="2026-01-03", label=5)]
    path = write(tmp_path / "ann.jsonl", *days, line())
    assert [row.reviewed_on for row in doccano.read(path, "2026-01-02") if isinstance(row, Review)] == [
        "2026-01-01",
        "",
    ]
    assert [type(row) for row in doccano.read(path, "2026-01-02")] == [Review, LeftOut, LeftOut, Review]
    with pytest.raises(BadInput, match="is not a date"):
        doccano.read(path, "soon")


BROKEN = [
    ('{"id": 1, "text', "not JSON"),
    ('{"video_id": "a", "video_id": "b"}', "'video_id' twice"),
    ("5", "the line must be a JSON object, not 5"),
    ('{"id": 1, "text": "a\0"}', "not JSON (Invalid control character"),
    (line(entities=[[0, 3, "ORG"]]), "it has entities, which are no chapters"),
    (line(relations=[]), "it has relations, which are no chapters"),
    (line(cats=["flight"]), "it has cats"),
    (line(label=[]), "it has no labels"),
    (line(label=...), "label must be a list, not None"),
    (line(label="0:00 Welcome"), "label must be a list"),
    (line(label=["negative"]), "the line 'negative', which begins with no time"),
    (line(label=[""]), "label[0] is empty"),
    (line(label=[5]), "label[0] must be text, not 5"),
    (line(label=["0:00"]), "title is empty"),
    (line(label=["0:00 a", "0:00 b"]), "two chapters at 0"),
    (line(label=["0:00 a\0"]), "NUL character"),
    (line(label=["0:00 \ud800"]), "half a character"),
    (line(label=["0:00 " + "x" * 1_000_000]), "shorten it to 500"),
    (line(label=['[{"start": NaN, "title": "a"}]']), "must be a number, not 'NaN'"),
    (line(label=['[{"start": -3, "title": "a"}]']), "is -3; a time must not be negative"),
    (line(label=[[0, 27, "Welcome"], "1:00 Soil"]), "label[0] must be text"),
    (line(label=[[0, 27]]), "label[0] must be [start, end, label]"),
    (line(label=[[0, 27, 5]]), "title must be text, not 5"),
    (line(label=[[7, 12, "Greeting"]]), "marks 'Hello', which is no line that begins with a time"),
    (line(label=[[13, 27, "Crowd"]]), "which is no line"),
    (line(label=[[18, 27, "Rest"]]), "which is no line that begins with a time"),
    (line(label=[[27, 7, "a"]]), "runs from 27 to 7, and the text has"),
    (line(label=[[0, 9999, "a"]]), "runs from 0 to 9999"),
    (line(label=[[-1, 9, "a"]]), "not at -1"),
    (line(label=[["0", 9, "a"]]), "not at '0'"),
    (line(label=SPANS, text=5), "text must be text, not 5"),
    (line(video_id=...), "is the video's id; add it as `video_id`"),
    (line(video_id=..., filename="v"), "is the video's id"),
    (line(username=["ann"]), "username must be text"),
    (line(username=None), "add `username`"),
    (line(meta="x"), "meta must be a JSON object"),
    (line(reviewed_on="soon"), "reviewed_on must be an ISO date"),
    (line(errata_prediction=5), "prediction must be text"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_line_is_refused_by_name_and_its_neighbours_are_read(broken: Any, why: str, tmp_path: Path) -> None:
    first, bad, last = doccano.read(write(tmp_path / "ann.jsonl", line(), broken, line()))
    assert isinstance(first, Review) and first == last
    assert isinstance(bad, Rejected) and why in bad.reason and bad.row == 2


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b'[{"id"', b"doccano"])
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"export\.json"):
        doccano.read(path)
    with pytest.raises(BadInput, match=r"gone\.jsonl can't be read"):
        doccano.read(tmp_path / "gone.jsonl")


def test_a_file_cut_off_anywhere_loses_its_last_line_alone_and_names_it(tmp_path: Path) -> None:
    whole = write(tmp_path / "ann.jsonl", line(), line()).read_text()
    first = whole.index("\n") + 1
    for length in range(first + 1, len(whole) - 1, 7):
        (tmp_path / "ann.jsonl").write_text(whole[:length])
        good, torn = doccano.read(tmp_path / "ann.jsonl")
        assert isinstance(good, Review) and isinstance(torn, Rejected)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(row=anything | st.fixed_dictionaries({}, optional=dict.fromkeys(line(meta={}, labels=[]), anything)))
def test_no_line_stops_the_file_or_gets_lost(row: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "ann.jsonl", line(), json.dumps(row))
    good, odd = doccano.read(path)
    assert isinstance(good, Review) and isinstance(odd, Review | Rejected)


@given(start=st.integers(-1, len(TALK) + 2), end=st.integers(-1, len(TALK) + 2))
def test_a_span_is_a_chapter_only_where_it_covers_a_line_with_a_time(
    start: int, end: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("span") / "ann.jsonl", line(label=[[start, end, "Label"]]))
    (found,) = doccano.read(path)
    ends = {TALK.index(text): TALK.index(text) + len(text) for text in ("[0:00] Hello all.", "[1:00] Now the soil.")}
    line_end = {begin + lead: end for begin, end in ends.items() for lead in (0, 5, 6, 7)}  # "[0:00" is a time, too
    right = start in line_end and line_end[start] <= end <= len(TALK)
    assert isinstance(found, Review) == right, found


def test_real_exports_about_other_tasks_are_refused_line_by_line(shared: Path) -> None:
    for path in sorted((shared / EXPORTS).glob("*.jsonl")):
        rows = list(doccano.read(path))
        assert rows and all(isinstance(row, Rejected) for row in rows), path
