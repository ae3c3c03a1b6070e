"""Argilla: every layout of its exports, the three statuses, what is known where they are missing, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import argilla
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects

EXPORTS = "data/review_exports/argilla"
CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(60.5, "Soil"))
TEXT = "0:00 Welcome\n60.5s - Soil"
SUGGESTED = {"value": "0:00 Earth", "score": None, "agent": "champion-3"}
EARTH = (Chapter(0.0, "Earth"),)


def answer(value: Any = TEXT, user: Any = "u1", **changed: Any) -> dict[str, Any]:
    return {"value": value, "user_id": user, "status": "submitted", **changed}


def record(*answers: Any, **changed: Any) -> dict[str, Any]:
    """A nested record, whose answers also say their status, as no export of Argilla's own does."""
    fields: dict[str, Any] = {
        "id": "v",
        "fields": {"transcript": "words"},
        "metadata": {},
        "suggestions": {"chapters": SUGGESTED},
        "responses": {"chapters": list(answers) or [answer()]},
        "vectors": {},
        "status": "pending",
        "_server_id": None,
    }
    return {**fields, **changed}


def flattened(whole: dict[str, Any]) -> dict[str, Any]:
    """The same record as Argilla flattens it."""
    flat: dict[str, Any] = {name: whole[name] for name in ("id", "status", "_server_id")}
    flat |= {**whole["fields"], **whole["metadata"]}
    for question, answers in whole["responses"].items():
        columns = {"": "value", ".users": "user_id", ".status": "status"}
        flat |= {f"{question}.responses{end}": [item[name] for item in answers] for end, name in columns.items()}
    for question, suggestion in whole["suggestions"].items():
        flat |= {f"{question}.suggestion": suggestion["value"], f"{question}.suggestion.agent": suggestion["agent"]}
    return flat


def columns(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in records] for name in dict.fromkeys(key for row in records for key in row)}


LAYOUTS: dict[str, Any] = {
    "list": lambda records: records,
    "columns": columns,
    "by id": lambda records: {row["id"]: row for row in records},
    "one": lambda records: records[0] if len(records) == 1 else records,
}


def write(path: Path, *records: Any) -> Path:
    path.write_text(json.dumps(list(records)))
    return path


def one(path: Path, *records: Any) -> Review:
    """The one review, whatever is left out beside it."""
    rows = argilla.read(write(path / "export.json", *records))
    (review,) = (row for row in rows if not isinstance(row, LeftOut))
    assert isinstance(review, Review), review
    return review


def reason(path: Path, *records: Any) -> str:
    (refused,) = argilla.read(write(path / "export.json", *records))
    assert isinstance(refused, Rejected), refused
    return refused.reason


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("flat", [False, True])
def test_every_layout_gives_the_same_reviews(layout: str, flat: bool, tmp_path: Path) -> None:
    metadata = {"video_id": "talk", "reviewed_on": "2026-01-02", "errata_prediction": "key"}
    records = [record(metadata=metadata), record(answer("0:00 Earth", "u2"), id="w", suggestions={})]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(LAYOUTS[layout]([flattened(row) if flat else row for row in records])))
    first, second = argilla.read(path)
    assert isinstance(first, Review) and isinstance(second, Review)
    assert (first.video_id, first.kind, first.chapters, first.reviewer) == ("talk", "edit", CHAPTERS, "u1")
    assert (first.draft, first.draft_by, first.reviewed_on) == (EARTH, "champion-3", "2026-01-02")
    assert first.prediction_key == "key"
    assert (second.video_id, second.chapters, second.draft, second.reviewer) == ("w", EARTH, None, "u2")


def test_jsonl_of_records_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(json.dumps(flattened(record(id=name))) for name in "ab"))
    assert [row.video_id for row in argilla.read(path) if isinstance(row, Review)] == ["a", "b"]


@pytest.mark.parametrize("flat", [False, True])
def test_each_user_gives_a_review_but_for_drafts_and_a_discard_is_a_reject(flat: bool, tmp_path: Path) -> None:
    whole = record(
        answer(user="a"), answer(user="b", status="draft"), answer("0:00 Earth", user="c", status="discarded")
    )
    rows = list(argilla.read(write(tmp_path / "e.json", flattened(whole) if flat else whole)))
    assert [(row.reviewer, row.kind, row.chapters) for row in rows if isinstance(row, Review)] == [
        ("a", "edit", CHAPTERS),
        ("c", "reject", None),
    ]
    assert [row.row.row for row in rows if isinstance(row, Review)] == ["record v, user a", "record v, user c"]
    (left_out,) = (row for row in rows if isinstance(row, LeftOut))
    assert (left_out.row, left_out.reason) == ("record v, user b", "draft")


@pytest.mark.parametrize(
    ("chapters", "verdict", "kind", "right"),
    [
        (TEXT, None, "edit", CHAPTERS),
        ("0:00 Earth", None, "accept", EARTH),
        ("0:00 Earth", "Accept", "accept", EARTH),
        (None, "accept", "accept", EARTH),
        (None, "reject", "reject", None),
        ("0:00 Earth", "reject", "reject", None),
        ("[]", "edit", "edit", ()),
        (json.dumps([chapter.as_json() for chapter in CHAPTERS]), "edit", "edit", CHAPTERS),
    ],
)
def test_what_the_answers_say(chapters: Any, verdict: Any, kind: str, right: Any, tmp_path: Path) -> None:
    responses = {"chapters": [answer(chapters)] if chapters else [], "verdict": [answer(verdict)] if verdict else []}
    review = one(tmp_path, record(responses=responses))
    assert (review.kind, review.chapters, review.draft) == (kind, right, EARTH)


@pytest.mark.parametrize(
    ("answers", "changed", "taken"),
    [
        ([answer(status=None)], {}, True),
        ([answer("0:00 Earth", status=None)], {}, False),
        ([answer("[]", status=None)], {}, True),
        ([answer("[]", status=None)], {"suggestions": {}}, False),
        ([answer("[]", status=None)], {"suggestions": {"chapters": {"value": "[]"}}}, False),
        ([answer(status=None)], {"_server_id": "s"}, False),
        ([answer(status=None)], {"_server_id": "s", "status": "completed"}, True),
        ([answer("[]", status=None)], {"_server_id": "s", "status": "completed"}, True),
        ([answer(status=None), answer(user="u2", status=None)], {"_server_id": "s", "status": "completed"}, False),
    ],
)
def test_a_response_without_a_status_counts_only_where_there_is_other_evidence(
    answers: list[Any], changed: dict[str, Any], taken: bool, tmp_path: Path
) -> None:
    rows = list(argilla.read(write(tmp_path / "e.json", record(*answers, **changed))))
    assert len(rows) == len(answers)
    if taken:
        assert all(isinstance(row, Review) for row in rows)
        return
    assert all("export with flatten=True" in row.reason for row in rows if isinstance(row, Rejected))
    write_rejects(tmp_path / "r.jsonl", [row for row in rows if isinstance(row, Rejected)])
    assert all(isinstance(row, Rejected) for row in argilla.read(tmp_path / "r.jsonl"))
    text = (tmp_path / "r.jsonl").read_text().replace('"status": null', '"status": "submitted"')
    (tmp_path / "r.jsonl").write_text(text)
    assert all(isinstance(row, Review) for row in argilla.read(tmp_path / "r.jsonl"))


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"metadata": {"video_id": "a", "external_id": "b"}, "fields": {"video_id": "c"}}, "a"),
        ({"fields": {"external_id": "c"}}, "c"),
        ({"metadata": None, "fields": None}, "v"),
        ({"id": 12}, "12"),
    ],
)
def test_where_the_videos_id_stands(changed: dict[str, Any], name: str, tmp_path: Path) -> None:
    assert one(tmp_path, record(**changed)).video_id == name


@pytest.mark.parametrize(("chosen", "kind"), [("accept", "accept"), ("edit", "accept"), ("reject", "reject")])
def test_a_verdict_makes_a_response_plain_that_never_was_on_a_server(chosen: str, kind: str, tmp_path: Path) -> None:
    said = {"chapters": [answer("0:00 Earth", status=None)], "verdict": [answer(chosen, status=None)]}
    assert one(tmp_path, record(responses=said)).kind == kind
    assert "flatten=True" in reason(tmp_path, record(responses=said, _server_id="s"))


def test_a_record_that_nobody_responded_to_is_left_out_and_a_file_of_them_is_an_error(tmp_path: Path) -> None:
    bare = record(id="bare", responses={})
    assert one(tmp_path, bare, record()).video_id == "v"
    left_out, _ = argilla.read(write(tmp_path / "e.json", bare, record()))
    assert isinstance(left_out, LeftOut)
    assert (left_out.row, left_out.reason) == ("record bare", "not reviewed")
    for empty in (bare, flattened(bare), {**flattened(bare), "chapters.responses": None}):
        with pytest.raises(BadInput, match="nobody has responded"):
            argilla.read(write(tmp_path / "e.json", empty))


def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(tmp_path: Path) -> None:
    days = [{"reviewed_on": "2026-01-01"}, {"reviewed_on": "2026-01-03"}, {}]
    records = [record(metadata=day) for day in days] + [record(answer(5), metadata=days[1])]
    rows = list(argilla.read(write(tmp_path / "e.json", *records), "2026-01-02"))
    assert [row.reviewed_on for row in rows if isinstance(row, Review)] == ["2026-01-01", ""]
    assert [type(row) for row in rows] == [Review, LeftOut, Review, LeftOut]
    with pytest.raises(BadInput, match="is not a date"):
        argilla.read(write(tmp_path / "e.json", *records), "soon")


BROKEN = [
    (5, "the record must be a JSON object, not 5"),
    (record(responses={"sentiment": [answer("Positive")]}, suggestions={}), "but for ['sentiment']; leave it out"),
    (record(responses={"sentiment": [answer()]}, suggestions={"ner": SUGGESTED}), "but for ['sentiment', 'ner']"),
    (record(responses=["chapters"]), "responses must be a JSON object"),
    (record(responses={"chapters": "x"}), "the responses to 'chapters' must be a list"),
    (record("x"), "a response to 'chapters' must be a JSON object, not 'x'"),
    (record(answer(user=None)), "user_id must be text, not None"),
    (record(answer(user=["u"])), "user_id must be text, not ['u']"),
    (record(answer(user=" ")), "reviewer is empty"),
    (record(answer(), answer()), "one user has 2 responses to 'chapters'"),
    (record(answer(status="lost")), "status must be submitted or discarded, not 'lost'"),
    (record(answer(["a"])), "the response must be text, not ['a']"),
    (record(answer("Positive")), "the line 'Positive', which begins with no time"),
    (record(answer("")), "is empty; write [] there"),
    (record(answer('[{"start": -1, "title": "a"}]')), "reviewed[0]'s start is -1"),
    (record(answer('[{"start": NaN, "title": "a"}]')), "must be a number, not 'NaN'"),
    (record(answer('[{"start": 1}]')), "reviewed[0]'s title must be text"),
    (record(answer("[1]")), "reviewed[0] must be a JSON object, not 1"),
    (record(answer("0:10 a\n0:10 b")), "two chapters at 10"),
    (record(answer("0:00 a\0")), "NUL character"),
    (record(answer("0:00 \ud800")), "half a character"),
    (record(answer("0:00 " + "x" * 1_000_000)), "shorten it to 500"),
    (record(responses={"chapters": [answer()], "verdict": [answer("perhaps")]}), "kind must be one of"),
    (record(responses={"chapters": [answer()], "verdict": [answer("accept")]}), "make it an edit"),
    (record(responses={"verdict": [answer("edit")]}), "an edit needs `reviewed`"),
    (record(suggestions={"chapters": {"value": 5}}), "the suggestion for chapters must be text, not 5"),
    (record(suggestions={"chapters": {"value": "0:00 a", "agent": 5}}), "agent must be text"),
    (record(suggestions=[]) | {"suggestions": ["x"]}, "suggestions must be a JSON object"),
    (record(id=None), "is the video's id"),
    (record(metadata=["x"]), "metadata must be a JSON object"),
    (record(metadata={"reviewed_on": "soon"}), "reviewed_on must be an ISO date"),
    (record(metadata={"errata_prediction": 5}), "prediction must be text, not 5"),
    (flattened(record()) | {"chapters.responses.status": []}, "its users and its status differ in length"),
    (flattened(record()) | {"chapters.responses.users": None}, "chapters.responses.users must be a list"),
    (flattened(record()) | {"chapters.responses": "x"}, "chapters.responses must be a list"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_record_is_refused_by_name_and_its_neighbour_is_read(broken: Any, why: str, tmp_path: Path) -> None:
    bad, good = argilla.read(write(tmp_path / "e.json", broken, record()))
    assert isinstance(good, Review) and isinstance(bad, Rejected)
    assert why in bad.reason and bad.file == str(tmp_path / "e.json")


def test_a_key_that_stands_twice_and_columns_of_two_lengths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text("[" + json.dumps(record())[:-1] + ', "responses": {}}]')
    (refused,) = argilla.read(path)
    assert isinstance(refused, Rejected) and "'responses' twice" in refused.reason
    path.write_text(json.dumps(columns([record(), record()]) | {"fields": []}))
    (refused,) = argilla.read(path)
    assert isinstance(refused, Rejected) and "not lists of one length" in refused.reason


def test_two_records_under_one_id_are_two_reviews(tmp_path: Path) -> None:
    rows = list(argilla.read(write(tmp_path / "e.json", record(), record(answer("0:00 Earth")))))
    assert [row.chapters for row in rows if isinstance(row, Review)] == [CHAPTERS, EARTH]


@pytest.mark.parametrize("content", [b"", b"\xff", b'[{"id"', b"[" * 100_000, b"Argilla", b"[]", b"\0"])
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"export\.json"):
        argilla.read(path)
    with pytest.raises(BadInput, match=r"gone\.json can't be read"):
        argilla.read(tmp_path / "gone.json")


def test_an_export_cut_off_anywhere_is_an_error_and_never_a_shorter_one(tmp_path: Path) -> None:
    whole = json.dumps([record(), record()], indent=1)
    for length in range(0, len(whole) - 1, 53):
        (tmp_path / "e.json").write_text(whole[:length])
        with pytest.raises(BadInput):
            argilla.read(tmp_path / "e.json")


def test_rejects_can_be_mended_and_imported_and_a_refused_review_too(tmp_path: Path) -> None:
    rows = list(argilla.read(write(tmp_path / "e.json", flattened(record(answer("Welcome"), answer(user="u2"))))))
    refused, review = rows
    assert isinstance(refused, Rejected) and isinstance(review, Review)
    write_rejects(tmp_path / "r.jsonl", [refused, review.row.reject("no transcript")])
    first, second = argilla.read(tmp_path / "r.jsonl")
    assert isinstance(first, Rejected) and second == review
    text = (tmp_path / "r.jsonl").read_text().replace('"Welcome"', '"0:00 Earth"')
    (tmp_path / "r.jsonl").write_text(text)
    mended, _ = argilla.read(tmp_path / "r.jsonl")
    assert isinstance(mended, Review) and mended.chapters == EARTH and mended.reviewer == "u1"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WHOLE = record(answer(), answer(user="u2", status="discarded"), metadata={"video_id": "v", "reviewed_on": "2026-01-02"})
PARTS = [(name, None) for name in WHOLE] + [
    (name, part) for name in ("metadata", "suggestions", "responses") for part in WHOLE[name]
]


@given(part=st.sampled_from(PARTS), value=anything, flat=st.booleans())
def test_whatever_stands_in_a_record_it_is_imported_refused_or_left_out(
    part: tuple[str, str | None], value: Any, flat: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name, inner = part
    odd = flattened(WHOLE) | {name: value} if flat else {**WHOLE, name: value}
    if inner is not None and not flat:
        odd = {**WHOLE, name: {**WHOLE[name], inner: value}}
    rows = list(argilla.read(write(tmp_path_factory.mktemp("fuzz") / "e.json", odd, record(id="good"))))
    assert all(isinstance(row, Review | Rejected) for row in rows)
    assert any(isinstance(row, Review) and row.video_id == "good" for row in rows)


# real exports ------------------------------------------------------------------------------------------------------


def test_the_flattened_real_export_knows_every_status(shared: Path) -> None:
    rows = list(argilla.read(shared / EXPORTS / "records_to_list_flatten.json"))
    reviews = [row for row in rows if isinstance(row, Review)]
    assert len(rows) == 13 and len(reviews) == 11
    assert all("two chapters at 1582" in row.reason for row in rows if isinstance(row, Rejected))
    assert [review.video_id for review in reviews if review.kind == "reject"] == ["discarded-example"]
    assert sum(review.chapters == () for review in reviews) == 2
    assert {review.draft_by for review in reviews} == {"tstbtc-v1.0.0", ""}


@pytest.mark.parametrize("name", ["records_to_list.json", "records_to_json.json", "records_to_dict_index.json"])
def test_the_real_exports_without_status_give_what_was_surely_submitted(name: str, shared: Path) -> None:
    known = list(argilla.read(shared / EXPORTS / "records_to_list_flatten.json"))
    rows = list(argilla.read(shared / EXPORTS / name))
    reviews = [row for row in rows if isinstance(row, Review)]
    assert len(rows) == (12 if "index" in name else 13)  # by id, the second review of one talk is lost
    assert reviews == [row for row in known if isinstance(row, Review) and row.kind != "reject"]
    (unknown,) = (row for row in rows if isinstance(row, Rejected) and "flatten=True" in row.reason)
    assert "discarded-example" in str(unknown.row)
