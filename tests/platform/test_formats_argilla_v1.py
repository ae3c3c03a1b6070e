"""Argilla 1.x: records of its FeedbackDataset, their form on the hub, and the older data sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from errata.domain.chapter import Chapter
from errata.errors import BadInput
from errata.formats import review_detect
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects

TEXT = "[0:00] Good morning\n[1:33] The soil\n"
CHAPTERS = (Chapter(0.0, "Welcome"), Chapter(93.0, "Soil"))
TYPED = "0:00 Welcome\n1:33 Soil"


def read(folder: Path, *records: Any) -> Sequence[Review | Rejected]:
    (folder / "export.json").write_text(json.dumps(list(records)))
    file = review_detect.reviews(folder / "export.json")
    assert file.label == "an Argilla export"
    return list(file.rows)


def feedback(status: str = "submitted", user: str = "ann", **values: Any) -> dict[str, Any]:
    answers = {name: {"value": value} for name, value in values.items()}
    return {
        "id": "r1",
        "fields": {"title": "Bees", "transcript": TEXT},
        "metadata": {"reviewed_on": "2024-05-02"},
        "external_id": "talk1",
        "suggestions": [{"question_name": "chapters", "value": "0:00 Draft", "agent": "champion-3"}],
        "responses": [{"user_id": user, "status": status, "values": answers}],
    }


def hub(status: str = "submitted", **changed: Any) -> dict[str, Any]:
    return {
        "title": "Bees",
        "chapters": [{"user_id": "ann", "value": TYPED, "status": status}],
        "chapters-suggestion": "0:00 Draft",
        "chapters-suggestion-metadata": {"type": None, "score": None, "agent": "champion-3"},
        "external_id": "talk1",
        "metadata": json.dumps({"reviewed_on": "2024-05-02"}),
        **changed,
    }


def annotated(annotation: Any, status: str | None = "Validated", **changed: Any) -> dict[str, Any]:
    return {
        "text": TEXT,
        "prediction": None,
        "prediction_agent": None,
        "annotation": annotation,
        "annotation_agent": "ann",
        "id": "r1",
        "metadata": {"video_id": "talk1"},
        "status": status,
        **changed,
    }


@pytest.mark.parametrize(
    "record",
    [
        feedback(chapters=TYPED),
        hub(),
        hub(chapters={"user_id": ["ann"], "value": [TYPED], "status": ["submitted"]}),
        hub(metadata={"reviewed_on": "2024-05-02", "video_id": "talk1"}, external_id=None),
    ],
)
def test_a_record_says_the_same_in_each_of_its_forms(record: dict[str, Any], tmp_path: Path) -> None:
    (review,) = read(tmp_path, record)
    assert isinstance(review, Review), review
    assert (review.video_id, review.reviewer, review.reviewed_on) == ("talk1", "ann", "2024-05-02")
    assert (review.kind, review.chapters, review.draft) == ("edit", CHAPTERS, (Chapter(0.0, "Draft"),))
    assert review.draft_by == "champion-3"


SPANS = [["Welcome", 0, 19], ["Soil", 20, 35]]


@pytest.mark.parametrize(
    "annotation",
    [
        TYPED,
        ["0:00 Welcome", "1:33 Soil"],
        SPANS,
        [{"label": label, "start": start, "end": end} for label, start, end in SPANS],
    ],
)
@pytest.mark.parametrize("status", ["Validated", None])
def test_an_annotation_of_the_older_data_sets(annotation: Any, status: str | None, tmp_path: Path) -> None:
    (review,) = read(tmp_path, annotated(annotation, status))
    assert isinstance(review, Review), review
    assert (review.video_id, review.reviewer, review.chapters, review.draft) == ("talk1", "ann", CHAPTERS, None)


@pytest.mark.parametrize(
    "prediction",
    [
        [["0:00 Draft", 0.9], ["0:00 Worse", 0.1]],
        [{"text": "0:00 Draft", "score": 0.9}],
        ["0:00 Draft"],
        [["Draft", 0, 19, 0.9]],
        [{"label": "Draft", "start": 0, "end": 19, "score": 0.9}],
    ],
)
def test_what_was_predicted_is_the_draft(prediction: Any, tmp_path: Path) -> None:
    (review,) = read(tmp_path, annotated(TYPED, prediction=prediction, prediction_agent="champion-3"))
    assert isinstance(review, Review), review
    assert (review.draft, review.draft_by) == ((Chapter(0.0, "Draft"),), "champion-3")


def test_what_is_no_review_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        feedback(chapters=TYPED),
        feedback("discarded", chapters=TYPED),
        feedback("discarded"),
        feedback("draft", chapters=TYPED),
        {**feedback(), "responses": []},
        annotated(TYPED, "Edited"),
        annotated(TYPED, "Default"),
        annotated(None, "Default", annotation_agent=None),
        annotated(None, "Discarded", annotation_agent=None),
    )
    whys = [row.reason if isinstance(row, LeftOut) else type(row).__name__ for row in rows]
    nobody = "not reviewed"
    assert whys == ["Review", "discarded", "discarded", "draft", nobody, "draft", nobody, nobody, "discarded"]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (feedback(chapters="Welcome"), "'Welcome', which begins with no time; write 0:00 Title"),
        (feedback(), "response must be text, not None"),
        (annotated(TYPED, annotation_agent=None), "it does not say who annotated it; fill in `annotation_agent`"),
        (annotated(TYPED, "Done"), "status must be one of Validated, Discarded, Edited, Default, not 'Done'"),
        (annotated([["Person", 12, 19]]), "marks 'morning', which is no line that begins with a time"),
        (annotated("positive"), "'positive', which begins with no time"),
        (hub(metadata="{"), "not JSON"),
        (hub(chapters={"user_id": ["ann"], "value": [], "status": []}), "'chapters' differ in length; export it again"),
    ],
)
def test_a_broken_record_is_refused_by_name_and_its_neighbour_is_read(
    record: dict[str, Any], why: str, tmp_path: Path
) -> None:
    bad, good = read(tmp_path, record, feedback(chapters=TYPED))
    assert isinstance(bad, Rejected) and why in bad.reason
    assert isinstance(good, Review)


def test_a_refused_record_can_be_mended_and_read_again(tmp_path: Path) -> None:
    (bad,) = read(tmp_path, feedback(chapters="0:00 Welcome\nSoil"))
    assert isinstance(bad, Rejected)
    assert write_rejects(tmp_path / "rejects.jsonl", [bad]) == 1
    mended = (tmp_path / "rejects.jsonl").read_text().replace("Soil", "1:33 Soil", 1)
    (tmp_path / "rejects.jsonl").write_text(mended)
    (review,) = review_detect.reviews(tmp_path / "rejects.jsonl").rows
    assert isinstance(review, Review) and review.chapters == CHAPTERS


def test_records_that_nobody_has_responded_to_are_one_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nobody has responded to"):
        read(tmp_path, {**feedback(), "responses": []}, annotated(None, None))
