"""Label Studio's JSON: the layouts in which chapters stand, whose review it is, and from which draft it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import label_studio
from errata.formats.source_rows import LeftOut
from tests.platform.label_studio import (
    CHAPTERS,
    EXPORTS,
    SEGMENTS,
    TWO,
    annotation,
    counted,
    frames,
    one,
    paragraphs,
    predicted,
    reason,
    region,
    seconds,
    task,
    typed,
    verdict,
    write,
)

# what is read ------------------------------------------------------------------------------------------------------


def test_regions_of_time_are_joined_with_their_titles_by_id_in_whatever_order(tmp_path: Path) -> None:
    review = one(tmp_path, task(annotation(list(reversed(TWO)))))
    assert (review.video_id, review.kind, review.chapters) == ("v", "edit", CHAPTERS)
    assert (review.reviewer, review.reviewed_on) == ("ann@example.com", "2026-01-02T10:00:00+00:00")
    assert (review.draft, review.draft_by, review.prediction_key) == (None, "", "")


@pytest.mark.parametrize("notes", ["Soil", ["Soil"]])
def test_a_region_without_a_text_area_is_called_by_its_notes(notes: Any, tmp_path: Path) -> None:
    noted = [{**item, "meta": {"text": notes}} for item in seconds(60.5, 90)]
    welcome = [{**item, "meta": {"text": ["ask again"]}} for item in seconds(0, 60, "Welcome")]
    assert one(tmp_path, task(annotation([*welcome, *noted]))).chapters == CHAPTERS


def test_a_region_with_two_notes_is_refused_by_name(tmp_path: Path) -> None:
    noted = [{**item, "meta": {"text": ["Soil", "Earth"]}} for item in seconds(60.5, 90)]
    assert "region 'r60.5' has 2 titles; give it one" in reason(tmp_path, task(annotation(noted)))


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
        ([*TWO[2:], *TWO[:2], *verdict("reject")], "reject", None),
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


def test_skipped_annotations_drafts_and_unannotated_tasks_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    bare = {"id": 1, "data": {"video_id": "w"}, "annotations": [], "drafts": [{"result": TWO}], "predictions": [3]}
    skipped = annotation([], was_cancelled=True, id=8)
    assert one(tmp_path, bare, task(skipped, annotation())).video_id == "v"
    rows = list(label_studio.read(write(tmp_path / "s.json", bare, task(skipped))))
    assert all(isinstance(row, LeftOut) for row in rows)
    assert [(row.row, row.reason) for row in rows if isinstance(row, LeftOut)] == [
        ("task 1", "not reviewed"),
        ("task 4, annotation 8", "skipped"),
    ]
    skipped_later = task({**skipped, "updated_at": "2026-01-03"})
    (later,) = label_studio.read(write(tmp_path / "s.json", skipped_later), "2026-01-02")
    assert isinstance(later, LeftOut) and later.reason == "reviewed later"


def test_a_file_that_nobody_has_annotated_is_an_error(tmp_path: Path) -> None:
    bare = {"data": {"video_id": "w"}, "predictions": [predicted(TWO)]}
    with pytest.raises(BadInput, match="nobody has annotated"):
        label_studio.read(write(tmp_path / "tasks.json", bare))


def test_what_enterprises_reviewers_sent_back_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    assert "sent back" in reason(tmp_path, task(annotation(reviews=[{"accepted": False}])))
    assert one(tmp_path, task(annotation(reviews=[{"accepted": False}, {"accepted": True}]))).kind == "edit"


# real exports ------------------------------------------------------------------------------------------------------


def test_the_export_of_a_running_label_studio(shared: Path) -> None:
    """Accept, edit, reject, skip, draft, and one annotation by mouse that has two chapters in one paragraph."""
    reviews, refused = counted(label_studio.read(shared / EXPORTS / "real_export.json"))
    assert [(review.video_id, review.kind, len(review.chapters or ())) for review in reviews] == [
        ("vid-0000", "accept", 3),
        ("vid-0001", "edit", 2),
        ("vid-0002", "reject", 0),
        ("vid-0001", "edit", 4),
    ]
    assert reviews[3].chapters[1:3] == (Chapter(16.0, "How gradient descent works"), Chapter(54.54, "Sponsor"))
    assert {(review.reviewer, review.draft_by, len(review.draft or ())) for review in reviews} == {
        ("1", "chapter-lora@v3", 3)
    }
    (twice,) = refused
    assert twice.row == "task 7, annotation 9" and "two chapters at 0" in twice.reason


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
