"""Label Studio's JSON: tasks that are refused by name, mended, and imported again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.formats import label_studio
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected, write_rejects
from tests.platform.label_studio import (
    CHAPTERS,
    SEGMENTS,
    TWO,
    annotation,
    anything,
    frames,
    one,
    paragraphs,
    places,
    predicted,
    reason,
    region,
    seconds,
    swapped,
    task,
    typed,
    verdict,
    write,
)

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
    (task(annotation(seconds(1, 2, 5))), "region 'r1' must be text, not 5"),
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
    write_rejects(tmp_path / "r.jsonl", [review.row.reject("no transcript") for review in reviews])
    assert list(label_studio.read(tmp_path / "r.jsonl")) == reviews


WHOLE = task(
    annotation([*TWO, *paragraphs("0", "1", "c"), *frames(100, 200, "d"), *verdict("edit")], prediction=predicted(TWO)),
    data={"video_id": "v", "segments": SEGMENTS, "fps": 25},
    predictions=[predicted(TWO)],
)


@given(place=st.sampled_from(places(WHOLE)), value=anything)
def test_whatever_stands_in_a_task_it_is_imported_refused_or_left_out(
    place: tuple[Any, ...], value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("fuzz") / "e.json", swapped(WHOLE, list(place), value), task(id="good"))
    rows = list(label_studio.read(path))
    assert all(isinstance(row, Review | Rejected) for row in rows)
    assert any(isinstance(row, Review) and row.chapters == CHAPTERS for row in rows)
