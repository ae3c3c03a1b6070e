"""Label Studio: the layouts in which chapters stand, whose review it is, the exports that lose ids, and refusals."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import label_studio, label_studio_min
from errata.formats.reviews_jsonl import Review
from errata.formats.rows import Rejected, write_rejects

EXPORTS = "data/review_exports/label-studio"


def region(name: str, value: dict[str, Any], *titles: str, control: str = "chapter") -> list[dict[str, Any]]:
    """A marked region, and the text area that shares its id."""
    kind = next(key for key in value if key.endswith("labels"))
    span = {key: item for key, item in value.items() if key not in (kind, "text")}
    mark = {"id": name, "type": kind, "from_name": control, "to_name": "x", "value": value, "origin": "manual"}
    area = {"id": name, "type": "textarea", "from_name": "chapter_title", "value": {**span, "text": list(titles)}}
    return [mark, area] if titles else [mark]


def seconds(start: Any, end: Any, *titles: str, name: str = "", label: str = "Chapter") -> list[dict[str, Any]]:
    value = {"start": start, "end": end, "channel": 0, "labels": [label]}
    return region(name or f"r{start}", value, *titles)


def paragraphs(start: Any, end: Any, *titles: str) -> list[dict[str, Any]]:
    value = {"start": start, "end": end, "startOffset": 3, "endOffset": 5, "text": "…", "paragraphlabels": ["Chapter"]}
    return region(f"p{start}", value, *titles)


def frames(start: Any, end: Any, *titles: str) -> list[dict[str, Any]]:
    return region(f"f{start}", {"ranges": [{"start": start, "end": end}], "timelinelabels": ["Chapter"]}, *titles)


def typed(text: Any) -> list[dict[str, Any]]:
    return [{"id": "t", "type": "textarea", "from_name": "chapters", "to_name": "x", "value": {"text": [text]}}]


def verdict(*chosen: str) -> list[dict[str, Any]]:
    return [{"id": "v", "type": "choices", "from_name": "verdict", "to_name": "x", "value": {"choices": list(chosen)}}]


TWO = [*seconds(0, 60, "Welcome"), *seconds(60.5, 90, "Soil")]
CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(60.5, "Soil"))
SEGMENTS = [{"start": start, "end": start + 10, "text": "words"} for start in (0.0, 8.07, 11.91)]


def annotation(result: Any = None, **changed: Any) -> dict[str, Any]:
    fields = {
        "id": 9,
        "completed_by": {"id": 3, "email": "ann@example.com"},
        "updated_at": "2026-01-02T10:00:00.000000Z",
        "result": TWO if result is None else result,
        "was_cancelled": False,
        "prediction": {},
        "parent_prediction": None,
    }
    return {**fields, **changed}


def task(*annotations: Any, data: Any = None, **changed: Any) -> dict[str, Any]:
    found = list(annotations) or [annotation()]
    return {"id": 4, "data": {"video_id": "v"} if data is None else data, "annotations": found, **changed}


def predicted(result: Any, number: int = 7) -> dict[str, Any]:
    return {"id": number, "model_version": "champion-3", "result": result}


def write(path: Path, *tasks: Any) -> Path:
    path.write_text(json.dumps(list(tasks)))
    return path


def one(path: Path, *tasks: Any) -> Review:
    (review,) = label_studio.read(write(path / "export.json", *tasks))
    assert isinstance(review, Review), review
    return review


def reason(path: Path, *tasks: Any) -> str:
    (refused,) = label_studio.read(write(path / "export.json", *tasks))
    assert isinstance(refused, Rejected), refused
    return refused.reason


# what is read ------------------------------------------------------------------------------------------------------


def test_regions_of_time_are_joined_with_their_titles_by_id_in_whatever_order(tmp_path: Path) -> None:
    review = one(tmp_path, task(annotation(list(reversed(TWO)))))
    assert (review.video_id, review.kind, review.chapters) == ("v", "edit", CHAPTERS)
    assert (review.reviewer, review.reviewed_on) == ("ann@example.com", "2026-01-02T10:00:00+00:00")
    assert (review.draft, review.draft_by, review.prediction_key) == (None, "", "")


def test_paragraphs_start_where_the_tasks_data_says(tmp_path: Path) -> None:
    data = {"video_id": "v", "turns": SEGMENTS, "tags": ["a"], "other": []}
    review = one(tmp_path, task(annotation([*paragraphs("0", "0", "a"), *paragraphs(1, 2, "b")]), data=data))
    assert review.chapters == (Chapter(0.0, "a"), Chapter(8.07, "b"))


def test_frames_are_counted_from_one_and_need_the_frame_rate(tmp_path: Path) -> None:
    marked = annotation([*frames(1, 250, "a"), *frames(251, 500, "b")])
    for data in ({"fps": 25}, {"fps": "25"}, {"frame_rate": 25.0}):
        assert one(tmp_path, task(marked, data={"video_id": "v", **data})).chapters == (
            Chapter(0.0, "a"),
            Chapter(10.0, "b"),
        )
    assert "has no `fps`; add it" in reason(tmp_path, task(marked))
    assert "fps is 0" in reason(tmp_path, task(marked, data={"video_id": "v", "fps": 0}))


@pytest.mark.parametrize("text", ["0:00 Welcome\n\n60.5s - Soil", json.dumps([c.as_json() for c in CHAPTERS])])
def test_a_text_area_may_hold_the_whole_list(text: str, tmp_path: Path) -> None:
    assert one(tmp_path, task(annotation(typed(text)))).chapters == CHAPTERS


def test_a_text_area_that_says_none_is_an_edit_to_no_chapters(tmp_path: Path) -> None:
    review = one(tmp_path, task(annotation(typed("[]"))))
    assert (review.kind, review.chapters) == ("edit", ())


def test_other_controls_and_their_texts_are_left_alone(tmp_path: Path) -> None:
    speaker = region("s", {"start": 1, "end": 2, "labels": ["Host"]}, control="speaker")
    note = [{"id": "n", "type": "textarea", "from_name": "notes", "value": {"text": ["late"]}}]
    relation = [{"type": "relation", "from_id": "a", "to_id": "b"}]
    assert one(tmp_path, task(annotation([*TWO, *speaker, *note, *relation]))).chapters == CHAPTERS


def test_a_label_called_chapter_counts_whatever_its_control_is_called(tmp_path: Path) -> None:
    marked = region("r", {"start": 5, "end": 9, "labels": ["Chapter"]}, "a", control="marks")
    assert one(tmp_path, task(annotation(marked))).chapters == (Chapter(5.0, "a"),)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"video_id": "a", "external_id": "b", "audio": "c.mp3"}, "a"),
        ({"external_id": "b", "id": 5}, "b"),
        ({"id": 5, "path": "p.md"}, "5"),
        ({"path": "talks/p.md", "audio": "c.mp3"}, "talks/p.md"),
        ({"audio": "https://example.com/a/talk%201.mp3?x=1"}, "talk 1"),
        ({"video_url": "/data/upload/3/d06c405d-talk.mp4"}, "talk"),
        ({"video": "/data/local-files/?d=talks/week.2.mp4"}, "week.2"),
    ],
)
def test_where_the_videos_id_stands(data: dict[str, Any], name: str, tmp_path: Path) -> None:
    assert one(tmp_path, task(data=data)).video_id == name


@pytest.mark.parametrize(
    ("by", "name"), [(3, "3"), ({"id": 3}, "3"), ({"id": 3, "email": ""}, "3"), ({"email": "a@b"}, "a@b")]
)
def test_the_reviewer_is_the_annotators_address_or_number(by: Any, name: str, tmp_path: Path) -> None:
    assert one(tmp_path, task(annotation(completed_by=by))).reviewer == name


# drafts ------------------------------------------------------------------------------------------------------------

FIRST, SECOND = predicted(TWO, 7), predicted([*seconds(0, 9, "Earth")], 8)
EARTH = (Chapter(0.0, "Earth"),)


def touched(result: list[dict[str, Any]], origin: str) -> list[dict[str, Any]]:
    return [{**item, "origin": origin} for item in result]


@pytest.mark.parametrize(
    ("changed", "predictions", "draft"),
    [
        ({"prediction": FIRST}, [], CHAPTERS),
        ({"parent_prediction": 8}, [FIRST, SECOND], EARTH),
        ({"parent_prediction": 8, "prediction": FIRST}, [FIRST, SECOND], EARTH),
        ({"parent_prediction": 7, "prediction": FIRST}, [7], CHAPTERS),
        ({"parent_prediction": 7}, [7], None),
        ({"result": touched(TWO, "prediction-changed")}, [SECOND], EARTH),
        ({"result": touched(TWO, "prediction")}, [FIRST, SECOND], None),
        ({}, [SECOND], None),
        ({"prediction": predicted([])}, [], ()),
        ({"prediction": predicted(region("s", {"start": 1, "end": 2, "labels": ["Host"]}, control="who"))}, [], None),
    ],
)
def test_the_draft_is_the_prediction_that_the_annotation_was_made_from(
    changed: dict[str, Any], predictions: list[Any], draft: Any, tmp_path: Path
) -> None:
    review = one(tmp_path, task(annotation(**changed), predictions=predictions))
    assert (review.draft, review.draft_by) == (draft, "" if draft is None else "champion-3")
    assert review.kind == ("accept" if draft == CHAPTERS else "edit")


@pytest.mark.parametrize(
    ("result", "kind", "chapters"),
    [
        (TWO, "accept", CHAPTERS),
        ([*TWO, *verdict("accept")], "accept", CHAPTERS),
        (verdict("Accept"), "accept", CHAPTERS),
        ([*TWO, *verdict("edit")], "accept", CHAPTERS),
        ([*TWO, *verdict("reject")], "reject", None),
        (verdict("reject"), "reject", None),
        ([*seconds(0, 9, "Earth"), *verdict("edit")], "edit", EARTH),
        ([], "edit", ()),
    ],
)
def test_what_a_verdict_says_of_a_draft(result: Any, kind: str, chapters: Any, tmp_path: Path) -> None:
    review = one(tmp_path, task(annotation(result, prediction=FIRST)))
    assert (review.kind, review.chapters, review.draft) == (kind, chapters, CHAPTERS)


@pytest.mark.parametrize("kind", ["accept", "reject"])
def test_a_verdict_that_its_own_chapters_contradict_is_refused(kind: str, tmp_path: Path) -> None:
    result = [*seconds(0, 9, "Earth"), *verdict(kind)]
    assert "edit" in reason(tmp_path, task(annotation(result, prediction=FIRST)))


def test_the_key_of_a_prediction_of_ours_comes_back_and_makes_an_empty_answer_one(tmp_path: Path) -> None:
    data = {"video_id": "v", "errata_prediction": "k" * 64}
    review = one(tmp_path, task(annotation([]), data=data))
    assert (review.prediction_key, review.kind, review.chapters) == ("k" * 64, "edit", ())


# which annotations are reviews -------------------------------------------------------------------------------------


def test_each_annotation_is_a_review_and_they_come_in_order_of_date(tmp_path: Path) -> None:
    later, earlier = annotation(id=1), annotation(id=2, completed_by=5, updated_at="2026-01-01T00:00:00Z")
    path = write(tmp_path / "e.json", task(later, earlier), task(annotation(updated_at="2025-12-31T00:00:00Z"), id=5))
    rows = list(label_studio.read(path))
    assert [row.row.row for row in rows] == [
        "task 5, annotation 9",
        "task 4, annotation 2",
        "task 4, annotation 1",
    ]


def test_skipped_annotations_drafts_and_unannotated_tasks_are_left_out(tmp_path: Path) -> None:
    bare = {"id": 1, "data": {"video_id": "w"}, "annotations": [], "drafts": [{"result": TWO}], "predictions": [3]}
    assert one(tmp_path, bare, task(annotation([], was_cancelled=True), annotation())).video_id == "v"
    assert list(label_studio.read(write(tmp_path / "s.json", task(annotation([], was_cancelled=True))))) == []


def test_a_file_that_nobody_has_annotated_is_an_error(tmp_path: Path) -> None:
    bare = {"data": {"video_id": "w"}, "predictions": [predicted(TWO)]}
    with pytest.raises(BadInput, match="nobody has annotated"):
        label_studio.read(write(tmp_path / "tasks.json", bare))


def test_what_enterprises_reviewers_sent_back_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    assert "sent back" in reason(tmp_path, task(annotation(reviews=[{"accepted": False}])))
    assert one(tmp_path, task(annotation(reviews=[{"accepted": False}, {"accepted": True}]))).kind == "edit"


@pytest.mark.parametrize("read", [label_studio.read, label_studio_min.read])
def test_a_later_row_is_left_for_its_day_even_when_it_is_broken(read: Any, tmp_path: Path) -> None:
    dates = ["2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"]
    if read is label_studio.read:
        rows: list[Any] = [task(annotation(updated_at=day)) for day in dates]
        rows += [task(annotation(5, updated_at=dates[1])), task(annotation(5, updated_at="soon"))]
    else:
        rows = [flat(updated_at=day) for day in dates] + [flat(annotator=[], updated_at=day) for day in (dates[1], "x")]
    found = list(read(write(tmp_path / "e.json", *rows), "2026-01-02"))
    assert [type(row) for row in found] == [Review, Rejected]
    with pytest.raises(BadInput, match="is not a date"):
        read(write(tmp_path / "e.json", *rows), "soon")


# refusals ----------------------------------------------------------------------------------------------------------

NER = region("n", {"start": 0, "end": 5, "text": "Hello", "labels": ["Chapter"]}, "a")
SENTIMENT = [{"id": "s", "type": "choices", "from_name": "sentiment", "value": {"choices": ["Positive"]}}]
BROKEN = [
    (5, "the task must be a JSON object, not 5"),
    ({"id": 1}, "annotations must be a list, not None"),
    (task(data=5), "data must be a JSON object, not 5"),
    (task(annotations=5), "annotations must be a list, not 5"),
    (task("x"), "the annotation must be a JSON object, not 'x'"),
    (task(annotation("x")), "the annotation's result must be a list, not 'x'"),
    (task(annotation([5])), "the annotation's result[0] must be a JSON object, not 5"),
    (task(annotation(SENTIMENT)), "no chapters, but 'choices' by 'sentiment'; leave it out"),
    (task(annotation([])), "no chapters, but no result at all"),
    (task(annotation(region("n", {"start": 0, "end": 5, "labels": ["City"]}, control="ner"))), "'labels' by 'ner'"),
    (task(annotation(NER)), "marks letters of a text"),
    (task(annotation(region("h", {"start": "/p[1]", "hypertextlabels": ["Chapter"]}, "a"))), "is of type 'hypertext"),
    (task(annotation(seconds(1, 2))), "region 'r1' has 0 titles; give it one"),
    (task(annotation(seconds(1, 2, "a", "b"))), "region 'r1' has 2 titles"),
    (task(annotation(seconds(1, 2, " \n"))), "the title of the annotation's region 'r1' is empty"),
    (task(annotation(seconds(1, 2, 5))), "region 'r1' must be text, not 5"),  # type: ignore[arg-type]
    (task(annotation(seconds(1, 2, "a\0"))), "has a NUL character at 1"),
    (task(annotation(seconds(1, 2, "\ud800"))), "half a character"),
    (task(annotation(seconds(1, 2, "x" * 501))), "shorten it to 500"),
    (task(annotation(seconds(1, 2, "a") + seconds(1, 2, "a"))), "region 'r1' is marked twice"),
    (task(annotation(seconds(1, 2, "a") + seconds(1, 3, "b", name="r9"))), "two chapters at 1"),
    (task(annotation(seconds(-1, 2, "a"))), "region 'r-1' is -1; a time must not be negative"),
    (task(annotation(seconds(9, 2, "a"))), "runs backwards, from 9 to 2"),
    (task(annotation(seconds(float("nan"), 2, "a"))), "must be a number, not 'NaN'"),
    (task(annotation(seconds("1", 2, "a"))), "must be a number, not '1'"),
    (task(annotation(seconds(1, None, "a"))), "must be a number, not None"),
    (task(annotation(seconds(1, 2, "a")[1:])), "is no chapter region's"),
    (task(annotation(TWO + typed("0:00 a"))), "both as regions and as text"),
    (task(annotation(typed("Welcome"))), "the line 'Welcome', which begins with no time"),
    (task(annotation(typed(" "))), "is empty; write [] there"),
    (task(annotation(typed(5))), "must be text, not 5"),
    (task(annotation(paragraphs("0", "0", "a"))), "must stand in one list in the task's data, found: none"),
    (
        task(annotation(paragraphs("0", "0", "a")), data={"video_id": "v", "a": SEGMENTS, "b": SEGMENTS}),
        "found: a, b; keep one",
    ),
    (
        task(annotation(paragraphs("0", "3", "a")), data={"video_id": "v", "s": SEGMENTS}),
        "to paragraph 3, and the last one is 2",
    ),
    (task(annotation(paragraphs("2", "1", "a")), data={"video_id": "v", "s": SEGMENTS}), "runs backwards"),
    (task(annotation(paragraphs("x", "1", "a")), data={"video_id": "v", "s": SEGMENTS}), "counted from 0, not 'x'"),
    (
        task(annotation(paragraphs(0, 0, "a")), data={"video_id": "v", "s": [{"start": "0:00"}]}),
        "paragraph 0's start must be a number",
    ),
    (task(annotation(frames(0, 5, "a")), data={"video_id": "v", "fps": 25}), "frames are counted from 1"),
    (task(annotation(frames(1, 5, "a")), data={"video_id": "v", "fps": "fast"}), "fps must be a number, not 'fast'"),
    (task(annotation(region("f", {"ranges": [], "timelinelabels": ["Chapter"]}, "a"))), "has 0 ranges"),
    (task(annotation(verdict("accept", "edit"))), "kind must be one of edit, accept, reject"),
    (task(annotation([*TWO, *verdict("perhaps")])), "kind must be one of edit, accept, reject, not 'perhaps'"),
    (task(data={}), "nothing in [] is the video's id; add it as `video_id`"),
    (task(data={"url": "https://www.youtube.com/watch?v=abc"}), "is the video's id"),
    (task(data={"video_id": ["v"]}), "video_id must be text"),
    (task(annotation(completed_by=None)), "completed_by must be text, not None"),
    (task(annotation(completed_by=True)), "completed_by must be text, not True"),
    (task(annotation(completed_by={})), "completed_by's email and id must be text, not None"),
    (task(annotation(prediction=5)), "prediction must be a JSON object, not 5"),
    (task(annotation(prediction=predicted(seconds(1, 2)))), "the prediction's region 'r1' has 0 titles"),
    (task(annotation(updated_at="yesterday")), "reviewed_on must be an ISO date"),
    (task(data={"video_id": "v", "errata_prediction": 5}), "prediction must be text, not 5"),
    (task(annotation(reviews="no")), "reviews must be a list"),
]


@pytest.mark.parametrize(("broken", "why"), BROKEN)
def test_a_broken_task_is_refused_by_name_and_its_neighbour_is_read(broken: Any, why: str, tmp_path: Path) -> None:
    path = write(tmp_path / "e.json", broken, task())
    rows = sorted(label_studio.read(path), key=lambda row: isinstance(row, Review))
    bad, good = rows
    assert isinstance(good, Review) and isinstance(bad, Rejected)
    assert why in bad.reason
    assert bad.file == str(path) and str(bad.row)


def test_an_accept_without_regions_or_a_draft_is_left_for_the_record_to_join(tmp_path: Path) -> None:
    review = one(tmp_path, task(annotation(verdict("accept"))))
    assert (review.kind, review.chapters, review.draft) == ("accept", None, None)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text("[" + json.dumps(task())[:-1] + ', "data": {"video_id": "w"}}]')
    (refused,) = label_studio.read(path)
    assert isinstance(refused, Rejected) and "'data' twice" in refused.reason


def test_regions_that_overlap_are_chapters_all_the_same(tmp_path: Path) -> None:
    review = one(tmp_path, task(annotation([*seconds(0, 60, "a"), *seconds(50, 55, "b"), *seconds(50.5, 99, "c")])))
    assert [chapter.start for chapter in review.chapters or ()] == [0.0, 50.0, 50.5]


def test_a_title_of_a_megabyte_is_refused_and_one_elsewhere_does_not_matter(tmp_path: Path) -> None:
    assert "1000000 characters" in reason(tmp_path, task(annotation(seconds(1, 2, "x" * 1_000_000))))
    assert one(tmp_path, task(meta={"note": "x" * 1_000_000})).chapters == CHAPTERS


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"\xff\xfe[\x00", b'[{"id": 1, "data"', b"[" * 100_000, b"not a list", b"[]", b"\0\0\0\0"],
)
@pytest.mark.parametrize("read", [label_studio.read, label_studio_min.read])
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(read: Any, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"export\.json"):
        list(read(path))
    with pytest.raises(BadInput, match=r"gone\.json can't be read"):
        read(tmp_path / "gone.json")


@pytest.mark.parametrize("read", [label_studio.read, label_studio_min.read])
def test_an_export_cut_off_anywhere_is_an_error_and_never_a_shorter_one(read: Any, tmp_path: Path) -> None:
    whole = json.dumps([task(), task()] if read is label_studio.read else [flat(), flat()], indent=1)
    for length in range(0, len(whole) - 1, 97):
        (tmp_path / "e.json").write_text(whole[:length])
        with pytest.raises(BadInput):
            list(read(tmp_path / "e.json"))


def test_rejects_can_be_mended_and_imported_and_unmended_are_refused_again(tmp_path: Path) -> None:
    bad = [task(annotation(seconds(1, 2))), task(annotation(completed_by=None)), "torn"]
    refused = [row for row in label_studio.read(write(tmp_path / "e.json", *bad, task())) if isinstance(row, Rejected)]
    rejects = tmp_path / "rejects.jsonl"
    assert write_rejects(rejects, refused) == 3
    assert all(isinstance(row, Rejected) for row in label_studio.read(rejects))
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    named = next(line for line in lines if line.get("id") == 4 and line["annotations"][0]["completed_by"] is None)
    named["annotations"][0]["completed_by"] = 3
    rejects.write_text("".join(json.dumps(line) + "\n" for line in lines))
    mended = [row for row in label_studio.read(rejects) if isinstance(row, Review)]
    assert [(review.reviewer, review.chapters) for review in mended] == [("3", CHAPTERS)]


def test_a_review_that_the_record_refuses_can_be_imported_again(tmp_path: Path) -> None:
    two = task(annotation(), annotation(id=10, completed_by=4))
    reviews = list(label_studio.read(write(tmp_path / "e.json", two)))
    write_rejects(tmp_path / "r.jsonl", [review.row.rejected("no transcript") for review in reviews])  # type: ignore
    assert list(label_studio.read(tmp_path / "r.jsonl")) == reviews


# JSON_MIN and CSV --------------------------------------------------------------------------------------------------

SPANS = [{"start": 0, "end": 60, "labels": ["Chapter"]}, {"start": 60.5, "end": 90, "labels": ["Chapter"]}]


def flat(**changed: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "video_id": "v",
        "title": "An episode",
        "id": 4,
        "chapter": SPANS,
        "chapter_title": ["Welcome", "Soil"],
        "annotator": "ann@example.com",
        "annotation_id": 9,
        "created_at": "2026-01-01T10:00:00Z",
        "updated_at": "2026-01-02T10:00:00Z",
    }
    return {name: value for name, value in {**fields, **changed}.items() if value is not ...}


def as_csv(path: Path, *rows: dict[str, Any], delimiter: str = ",") -> Path:
    """As Label Studio writes it: sorted columns, texts quoted, lists as JSON, nothing where a task lacks a value."""
    names = sorted({name for row in rows for name in row})
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, names, quoting=csv.QUOTE_NONNUMERIC, delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        writer.writerow({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()})
    path.write_text(table.getvalue(), newline="")
    return path


def min_one(path: Path, row: dict[str, Any]) -> Review:
    """The review that both exports of a row give."""
    (review,) = label_studio_min.read(write(path / "min.json", row))
    (again,) = label_studio_min.read(as_csv(path / "min.csv", row))
    assert isinstance(review, Review) and review == again, (review, again)
    return review


def min_reason(path: Path, row: Any) -> str:
    (refused,) = label_studio_min.read(write(path / "min.json", row))
    assert isinstance(refused, Rejected), refused
    return refused.reason


def test_json_min_and_csv_give_the_same_review(tmp_path: Path) -> None:
    review = min_one(tmp_path, flat())
    assert (review.video_id, review.kind, review.chapters, review.draft) == ("v", "edit", CHAPTERS, None)
    assert (review.reviewer, review.reviewed_on) == ("ann@example.com", "2026-01-02T10:00:00+00:00")
    assert min_one(tmp_path, flat(errata_prediction="k", verdict="accept")).prediction_key == "k"


def test_titles_may_stand_under_title_as_a_list(tmp_path: Path) -> None:
    assert min_one(tmp_path, flat(chapter_title=..., title=["Welcome", "[sic]"])).chapters == (
        Chapter(0.0, "Welcome"),
        Chapter(60.5, "[sic]"),
    )


def test_a_single_title_is_written_bare_and_must_not_be_the_videos(tmp_path: Path) -> None:
    assert min_one(tmp_path, flat(chapter=SPANS[:1], chapter_title="[sic]")).chapters == (Chapter(0.0, "[sic]"),)
    assert "may be the chapter's or the video's" in min_reason(tmp_path, flat(chapter=SPANS[:1], chapter_title=...))


def test_paragraphs_and_frames_are_placed_by_the_tasks_data_beside_them(tmp_path: Path) -> None:
    spans = [{"start": "0", "end": "0", "paragraphlabels": ["Chapter"]}, {"start": "2", "end": "2", "startOffset": 0}]
    review = min_one(tmp_path, flat(chapter=spans, segments=SEGMENTS))
    assert review.chapters == (Chapter(0.0, "Welcome"), Chapter(11.91, "Soil"))
    spans = [{"ranges": [{"start": at, "end": at}], "timelinelabels": ["Chapter"]} for at in (1, 51)]
    assert min_one(tmp_path, flat(chapter=spans, fps=25)).chapters == (Chapter(0.0, "Welcome"), Chapter(2.0, "Soil"))


def test_newest_first_as_the_tool_writes_them_comes_out_in_order(tmp_path: Path) -> None:
    rows = [flat(updated_at=f"2026-01-0{day}T00:00:00Z", annotation_id=day) for day in (3, 1, 2)]
    found = [row.row.row for row in label_studio_min.read(write(tmp_path / "m.json", *rows))]
    assert found == ["item 2, annotation 1", "item 3, annotation 2", "item 1, annotation 3"]
    found = [row.row.row for row in label_studio_min.read(as_csv(tmp_path / "m.csv", *rows))]
    assert found == [3, 4, 2]


@pytest.mark.parametrize(
    ("changed", "kind", "chapters"),
    [
        ({"verdict": "reject"}, "reject", None),
        ({"verdict": "accept"}, "accept", CHAPTERS),
        ({"verdict": "reject", "chapter": ..., "chapter_title": ...}, "reject", None),
        ({"verdict": "accept", "chapter": ..., "chapter_title": ...}, "accept", None),
        ({"verdict": "edit", "chapter": ..., "chapter_title": ...}, "edit", ()),
        ({"errata_prediction": "k", "chapter": ..., "chapter_title": ...}, "edit", ()),
        ({"chapters": [], "chapter": ..., "chapter_title": ...}, "edit", ()),
    ],
)
def test_what_a_row_of_json_min_says(changed: dict[str, Any], kind: str, chapters: Any, tmp_path: Path) -> None:
    review = min_one(tmp_path, flat(**changed))
    assert (review.kind, review.chapters) == (kind, chapters)


MIN_BROKEN = [
    (5, "the row must be a JSON object, not 5"),
    (flat(chapter=SPANS[:1]), "1 chapter regions and 2 titles, and nothing says which is which"),
    (flat(chapter_title=["Soil"]), "2 chapter regions and 1 titles"),
    (flat(chapter_title=...), "title may be the chapter's or the video's"),
    (flat(chapter_title=["a", {"start": 1, "text": ["b", "c"]}]), "region 1 has 2 titles; keep one"),
    (flat(chapter_title=["a", ""]), "the title of region 1 is empty"),
    (flat(titles=["a", "b"], chapter_title=..., title=["a", "b"]), "may stand in title, titles"),
    (flat(chapter_titles=["a", "b"]), "may stand in chapter_title, chapter_titles"),
    (flat(chapter_b=SPANS), "chapters are marked by chapter, chapter_b"),
    (flat(chapter=...), "does not say whether that means none"),
    (flat(chapter=..., sentiment="Positive"), "does not say whether that means none"),
    (flat(chapter="0:00 Welcome"), "the text under 'chapter' may be the task's own or the answer"),
    (flat(chapter=[SPANS[0], 5]), "region 1 must be a JSON object, not 5"),
    (flat(chapter=[SPANS[0], {"start": -1, "end": 2}]), "the start of region 1 is -1"),
    (flat(chapter=[SPANS[0], {"start": "NaN", "end": 2}]), "the start of region 1 must be a number, not 'NaN'"),
    (flat(chapter=[SPANS[0], SPANS[0]]), "two chapters at 0"),
    (flat(annotator=None), "annotator must be text"),
    (flat(video_id=...), "is the video's id"),
    (flat(verdict=["accept", "edit"]), "kind must be one of"),
    (flat(updated_at="soon"), "reviewed_on must be an ISO date"),
    (flat(chapter_title=["a", "\ud800"]), "half a character"),
    (flat(chapter_title=["a", "b\0"]), "NUL character"),
]


@pytest.mark.parametrize(("broken", "why"), MIN_BROKEN)
def test_a_broken_row_of_json_min_is_refused_and_its_neighbour_is_read(broken: Any, why: str, tmp_path: Path) -> None:
    rows = sorted(
        label_studio_min.read(write(tmp_path / "m.json", broken, flat())), key=lambda r: isinstance(r, Review)
    )
    bad, good = rows
    assert isinstance(good, Review) and isinstance(bad, Rejected)
    assert why in bad.reason


def test_what_json_min_refuses_can_be_mended_and_imported_again(tmp_path: Path) -> None:
    for path in (write(tmp_path / "m.json", flat(chapter=...)), as_csv(tmp_path / "m.csv", flat(chapter=...))):
        write_rejects(tmp_path / "r.jsonl", list(label_studio_min.read(path)))  # type: ignore[arg-type]
        assert all(isinstance(row, Rejected) for row in label_studio_min.read(tmp_path / "r.jsonl"))
        line = json.loads((tmp_path / "r.jsonl").read_text())
        (review,) = label_studio_min.read(write(tmp_path / "r.json", {**line, "chapters": []}))
        assert isinstance(review, Review) and review.chapters == ()


def test_a_torn_csv_row_is_refused_with_its_text_and_a_megabyte_in_a_cell_is_read(tmp_path: Path) -> None:
    path = as_csv(
        tmp_path / "m.csv", flat(segments=[{"text": "x" * 1_000_000}]), flat(annotation_id=10), delimiter="\t"
    )
    text = path.read_text()
    path.write_text(text[: text.rindex("\t")], newline="")
    torn, good = sorted(label_studio_min.read(path), key=lambda row: isinstance(row, Review))
    assert isinstance(good, Review) and good.chapters == CHAPTERS
    assert isinstance(torn, Rejected) and "cells and the header" in torn.reason and torn.raw
    path.write_text(text + '"\n', newline="")
    assert sum(isinstance(row, Review) for row in label_studio_min.read(path)) == 2
    (lost,) = [row for row in label_studio_min.read(path) if isinstance(row, Rejected)]
    assert "not CSV" in lost.reason and lost.raw == '"\n'


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def swapped(value: Any, path: list[Any], new: Any) -> Any:
    """`value` with what stands at `path` replaced."""
    if not path:
        return new
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[path[0]] = swapped(copy[path[0]], path[1:], new)
    return copy


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


WHOLE = task(
    annotation([*TWO, *paragraphs("0", "1", "c"), *frames(100, 200, "d"), *verdict("edit")], prediction=FIRST),
    data={"video_id": "v", "segments": SEGMENTS, "fps": 25},
    predictions=[FIRST],
)
MIN_WHOLE = flat(segments=SEGMENTS, fps=25, verdict="edit")


@settings(deadline=None)
@given(place=st.sampled_from(places(WHOLE)), value=anything)
def test_whatever_stands_in_a_task_it_is_imported_refused_or_left_out(
    place: tuple[Any, ...], value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "e.json", swapped(WHOLE, list(place), value), task(id="good"))
    rows = list(label_studio.read(path))
    assert all(isinstance(row, Review | Rejected) for row in rows)
    assert any(isinstance(row, Review) and row.chapters == CHAPTERS for row in rows)


@settings(deadline=None)
@given(place=st.sampled_from(places(MIN_WHOLE)), value=anything)
def test_whatever_stands_in_a_row_of_json_min_it_is_imported_or_refused(
    place: tuple[Any, ...], value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "m.json", swapped(MIN_WHOLE, list(place), value), flat())
    rows = list(label_studio_min.read(path))
    assert len(rows) == 2 and all(isinstance(row, Review | Rejected) for row in rows)
    assert any(isinstance(row, Review) and row.chapters == CHAPTERS for row in rows)


# real exports ------------------------------------------------------------------------------------------------------


def counted(rows: Any) -> tuple[list[Review], list[Rejected]]:
    rows = list(rows)
    return [row for row in rows if isinstance(row, Review)], [row for row in rows if isinstance(row, Rejected)]


def test_the_export_of_a_running_label_studio(shared: Path) -> None:
    """Accept, edit, reject, skip, draft, and one annotation by mouse that has two chapters in one paragraph."""
    reviews, refused = counted(label_studio.read(shared / EXPORTS / "real_export.json"))
    assert [(review.video_id, review.kind, len(review.chapters or ())) for review in reviews] == [
        ("vid-0000", "accept", 3),
        ("vid-0001", "edit", 2),
        ("vid-0002", "reject", 0),
        ("vid-0001", "edit", 4),
    ]
    assert reviews[3].chapters[1:3] == (Chapter(16.0, "How gradient descent works"), Chapter(54.54, "Sponsor"))  # type: ignore
    assert {(review.reviewer, review.draft_by, len(review.draft or ())) for review in reviews} == {
        ("1", "chapter-lora@v3", 3)
    }
    (twice,) = refused
    assert twice.row == "task 7, annotation 9" and "two chapters at 0" in twice.reason


@pytest.mark.parametrize("name", ["real_export_min.json", "real_export.csv"])
def test_the_same_annotations_without_ids(name: str, shared: Path) -> None:
    reviews, refused = counted(label_studio_min.read(shared / EXPORTS / name))
    full, _ = counted(label_studio.read(shared / EXPORTS / "real_export.json"))
    assert [(r.video_id, r.kind, r.chapters, r.reviewer, r.reviewed_on) for r in reviews] == [
        (r.video_id, r.kind, r.chapters, r.reviewer, r.reviewed_on) for r in full
    ]
    assert {review.draft for review in reviews} == {None} and len(refused) == 1


def test_twelve_real_reviews_in_both_exports(shared: Path) -> None:
    reviews, refused = counted(label_studio.read(shared / EXPORTS / "chapters_export_JSON.json"))
    assert len(reviews) == 10 and all("two chapters at 1582" in row.reason for row in refused)
    assert {(review.kind, review.draft_by) for review in reviews} == {("edit", "tstbtc-v1.0.0")}
    assert sum(review.chapters == () for review in reviews) == 2
    minimal, lost = counted(label_studio_min.read(shared / EXPORTS / "chapters_export_JSON_MIN.json"))
    assert [r.chapters for r in minimal] == [r.chapters for r in reviews if r.chapters]
    assert sum("does not say whether that means none" in row.reason for row in lost) == 2 and len(lost) == 4


def test_a_real_timeline_without_a_frame_rate_and_tasks_without_annotations(shared: Path) -> None:
    reviews, (refused,) = counted(label_studio.read(shared / EXPORTS / "real_export_timeline.json"))
    assert not reviews and "has no `fps`" in refused.reason
    with pytest.raises(BadInput, match="nobody has annotated"):
        label_studio.read(shared / EXPORTS / "real_import_tasks.json")


def test_real_exports_about_other_tasks_are_refused_task_by_task(shared: Path) -> None:
    for path in sorted((shared / EXPORTS).glob("test_export_*.json")):
        reviews, refused = counted(label_studio.read(path))
        assert not reviews and refused, path
        assert all("no chapters, but" in row.reason for row in refused), path
