"""Predictions out to reviewers' tools: what a review made there holds when it comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters, canonical
from errata.domain.transcript import Segment, Transcript, Unit
from errata.errors import BadInput
from errata.formats import (
    argilla,
    label_studio,
    label_studio_min,
    out_argilla,
    out_label_studio,
    out_reviews,
    reviews_jsonl,
)
from errata.formats.review_task import ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected, SourceRow

CHAPTERS = (Chapter(0.0, "=1+1"), Chapter(30.0, '- "Soil", and more: x'), Chapter(80.0, "'Tools' 0:99"))
MODEL = "champion-3"


def talk(name: str = "-v1", unit: Unit = "seconds", step: float = 10.0) -> Transcript:
    segments = tuple(
        Segment(at * step + 0.37, at * step + 0.9 * step, f"Words {at}", "Ann" if at % 2 else None) for at in range(12)
    )
    return Transcript(name, segments, 12 * step, unit, title=f"Talk {name}")


def review_task(chapters: Chapters = CHAPTERS, name: str = "-v1", unit: Unit = "seconds") -> ReviewTask:
    return ReviewTask(talk(name, unit), chapters, f"key of {name}", MODEL)


# Label Studio ------------------------------------------------------------------------------------------------------


def exported(task: dict[str, Any], result: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A task as Label Studio 1.23 exports it once someone has submitted it; untouched where no `result` is given."""
    (predicted,) = task["predictions"]
    prediction = {"id": 2, **predicted, "score": None, "created_ago": "0 minutes", "task": 4, "project": 1}
    annotation = {
        "id": 9,
        "completed_by": {"id": 1, "email": "ann@example.com", "first_name": "", "last_name": ""},
        "result": [{**item, "origin": "prediction"} for item in predicted["result"]] if result is None else result,
        "was_cancelled": False,
        "created_at": "2026-01-02T10:00:00.000000Z",
        "updated_at": "2026-01-02T10:05:00.000000Z",
        "prediction": prediction,
        "parent_prediction": 2,
    }
    return {"id": 4, "annotations": [annotation], "drafts": [], "predictions": [2], "data": task["data"], "meta": {}}


def minimal(whole: dict[str, Any]) -> dict[str, Any]:
    """The same task as JSON_MIN."""
    (annotation,) = whole["annotations"]
    row = {**whole["data"], "id": whole["id"], "annotator": "ann@example.com", "annotation_id": annotation["id"]}
    for item in annotation["result"]:
        value = item["value"]
        row.setdefault(item["from_name"], []).append(value["text"][0] if item["type"] == "textarea" else value)
    if len(row.get("chapter_title", [])) == 1:
        row["chapter_title"] = row["chapter_title"][0]
    return {**row, "created_at": annotation["created_at"], "updated_at": annotation["updated_at"]}


def label_studio_review(path: Path, whole: dict[str, Any]) -> Review:
    path.write_text(json.dumps([whole]))
    (review,) = label_studio.read(path)
    assert isinstance(review, Review), review
    return review


def test_a_task_that_nobody_changes_comes_back_as_an_accept_of_its_prediction(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    assert out_label_studio.write(path, [review_task(), review_task(name="w")]) == 2
    first, second = json.loads(path.read_text())
    review = label_studio_review(tmp_path / "e.json", exported(first))
    assert (review.video_id, review.kind, review.chapters, review.reviewer) == (
        "-v1",
        "accept",
        CHAPTERS,
        "ann@example.com",
    )
    assert (review.draft, review.draft_by, review.prediction_key) == (CHAPTERS, MODEL, "key of -v1")
    assert label_studio_review(tmp_path / "e.json", exported(second)).prediction_key == "key of w"


def test_a_task_that_was_edited_comes_back_with_the_edit_and_the_draft(tmp_path: Path) -> None:
    task = out_label_studio.task_json(review_task())
    result = json.loads(json.dumps(task["predictions"][0]["result"]))
    for item in result[2:4]:
        item["value"].update(start="4", end="7")
    result[1]["value"]["text"] = ["Hello"]
    review = label_studio_review(tmp_path / "e.json", exported(task, result[:4]))
    assert (review.kind, review.draft) == ("edit", CHAPTERS)
    assert review.chapters == (Chapter(0.0, "Hello"), Chapter(40.0, CHAPTERS[1].title))


def test_a_rejected_task_comes_back_as_a_reject(tmp_path: Path) -> None:
    task = out_label_studio.task_json(review_task())
    chosen = {"id": "v", "type": "choices", "from_name": "verdict", "value": {"choices": ["reject"]}}
    review = label_studio_review(tmp_path / "e.json", exported(task, [*task["predictions"][0]["result"], chosen]))
    assert (review.kind, review.chapters, review.draft) == ("reject", None, CHAPTERS)


def test_an_empty_prediction_can_be_accepted_as_it_stands(tmp_path: Path) -> None:
    review = label_studio_review(tmp_path / "e.json", exported(out_label_studio.task_json(review_task(()))))
    assert (review.kind, review.chapters, review.draft) == ("accept", (), ())


@pytest.mark.parametrize("chapters", [CHAPTERS, CHAPTERS[:1], ()])
def test_json_min_brings_chapters_and_key_back_too(chapters: Chapters, tmp_path: Path) -> None:
    row = minimal(exported(out_label_studio.task_json(review_task(chapters))))
    (tmp_path / "m.json").write_text(json.dumps([row]))
    (review,) = label_studio_min.read(tmp_path / "m.json")
    assert isinstance(review, Review), review
    assert (review.video_id, review.chapters, review.prediction_key) == ("-v1", chapters, "key of -v1")


def test_every_control_of_a_task_is_in_the_label_config(tmp_path: Path) -> None:
    out_label_studio.write_label_config(tmp_path / "config.xml")
    config = ElementTree.parse(tmp_path / "config.xml").getroot()
    named = {element.get("name"): element for element in config.iter() if element.get("name")}
    task = out_label_studio.task_json(review_task())
    for item in task["predictions"][0]["result"]:
        control = named[item["from_name"]]
        assert control.tag.lower() == item["type"] and control.get("toName") == item["to_name"]
        labels = {label.get("value") for label in control}
        assert set(item["value"].get("paragraphlabels", [])) <= labels
    shown_data = {
        element.get("value", "").removeprefix("$") for element in config.iter() if "$" in str(element.get("value"))
    }
    assert shown_data <= set(task["data"])
    assert {choice.get("value") for choice in named["verdict"]} == {"accept", "edit", "reject"}
    assert named["chapter_title"].get("perRegion") == "true"
    # by this the list of regions is the list of titles, in which one types
    assert named["chapter_title"].get("displayMode") == "region-list"


def test_regions_cover_the_transcript_from_the_first_chapter_on() -> None:
    result = out_label_studio.task_json(review_task(CHAPTERS[1:]))["predictions"][0]["result"]
    spans = [(item["value"]["start"], item["value"]["end"]) for item in result if item["type"] == "paragraphlabels"]
    assert spans == [("3", "7"), ("8", "11")]


def test_chapters_that_one_paragraph_would_have_to_share_are_refused() -> None:
    with pytest.raises(BadInput, match="two chapters on one line"):
        out_label_studio.task_json(review_task((Chapter(0.0, "a"), Chapter(1.0, "b"))))


gaps = st.floats(0.0, 40.0, allow_nan=False)


@st.composite
def predictions(draw: st.DrawFn) -> ReviewTask:
    """Any transcript, with starts that may be equal once floored, and any chapters within it."""
    starts = [0.0]
    for gap in draw(st.lists(gaps, min_size=1, max_size=8)):
        starts.append(starts[-1] + gap)
    segments = tuple(Segment(start, start, "words") for start in starts)
    transcript = Transcript("v", segments, starts[-1] + 1, draw(st.sampled_from(["seconds", "words"])))
    titles = st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=6)
    where = (
        st.floats(0, starts[-1]) | st.sampled_from(starts) | st.sampled_from([float(int(start)) for start in starts])
    )
    chapters = draw(st.lists(st.builds(Chapter, where, titles), max_size=4, unique_by=lambda chapter: chapter.start))
    ordered = tuple(sorted((Chapter(item.start + 0.0, item.title) for item in chapters), key=lambda item: item.start))
    return ReviewTask(transcript, ordered, "key", MODEL)


@given(item=predictions())
def test_any_prediction_comes_back_exactly_or_is_refused(
    item: ReviewTask, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("out") / "e.json"
    if canonical(item.chapters, item.transcript).merged:
        with pytest.raises(BadInput):
            out_label_studio.task_json(item)
    else:
        review = label_studio_review(path, exported(out_label_studio.task_json(item)))
        assert (review.kind, review.chapters, review.prediction_key) == ("accept", item.chapters, "key")
    review = argilla_review(path, submitted(out_argilla.record(item)))
    assert (review.kind, review.chapters, review.prediction_key) == ("accept", item.chapters, "key")
    assert out_reviews.write(path.with_suffix(".jsonl"), [item]) == 1
    line = json.loads(path.with_suffix(".jsonl").read_text()) | {"reviewer": "Ann"}
    path.with_suffix(".jsonl").write_text(json.dumps(line))
    (review,) = reviews_jsonl.read(path.with_suffix(".jsonl"))
    assert isinstance(review, Review)
    assert (review.video_id, review.chapters, review.prediction_key) == ("v", item.chapters, "key")


@given(item=predictions())
def test_a_models_answer_keeps_its_order_of_paragraphs(item: ReviewTask) -> None:
    """What models answer lies on lines' starts: then nothing about the transcript is changed for its sake."""
    answer = canonical(item.chapters, item.transcript).chapters
    data = out_label_studio.task_json(item._replace(chapters=answer))["data"]
    assert [paragraph["start"] for paragraph in data["segments"]] == [
        float(int(segment.start)) for segment in item.transcript.segments
    ]


def monologue() -> ReviewTask:
    """A talk that its tool wrote as one segment, with chapters at its lines."""
    words = " ".join(f"Sentence {number} of it." for number in range(80))
    transcript = Transcript("long", (Segment(0.0, 800.0, words, "Ann"),), 800.0)
    starts = [float(int(line.start)) for line in transcript.lines[::4]]
    return ReviewTask(transcript, tuple(Chapter(start, f"from {start}") for start in starts), "key", MODEL)


def test_a_talk_that_is_one_segment_is_shown_line_by_line(tmp_path: Path) -> None:
    item = monologue()
    task = out_label_studio.task_json(item)
    paragraphs = [paragraph["text"] for paragraph in task["data"]["segments"]]
    assert paragraphs == [line.text for line in item.transcript.lines] and len(paragraphs) > 5
    assert label_studio_review(tmp_path / "e.json", exported(task)).chapters == item.chapters
    shown = out_argilla.record(item)["fields"]["transcript"].splitlines()
    assert len(shown) == len(paragraphs)
    assert all(text in line for text, line in zip(paragraphs, shown, strict=True))
    assert argilla_review(tmp_path / "a.json", submitted(out_argilla.record(item))).chapters == item.chapters


# Argilla -----------------------------------------------------------------------------------------------------------


def submitted(record: dict[str, Any], chapters: str | None = None, **answers: str) -> dict[str, Any]:
    """A record as Argilla 2.8 flattens it, the suggestion answered as it stands where no `chapters` are given."""
    suggestion = record["suggestions"]["chapters"]
    flat = {"id": record["id"], "status": "completed", "_server_id": "s", **record["fields"], **record["metadata"]}
    flat |= {f"chapters.suggestion{end}": suggestion[name] for end, name in {"": "value", ".agent": "agent"}.items()}
    for question, value in {"chapters": suggestion["value"] if chapters is None else chapters, **answers}.items():
        flat |= {f"{question}.responses": [value], f"{question}.responses.users": ["u1"]}
        flat |= {f"{question}.responses.status": ["submitted"]}
    return flat


def argilla_review(path: Path, record: dict[str, Any]) -> Review:
    path.write_text(json.dumps([record]))
    (review,) = argilla.read(path)
    assert isinstance(review, Review), review
    return review


@pytest.mark.parametrize("unit", ["seconds", "words"])
def test_a_record_comes_back_with_its_key_whatever_the_unit(unit: Unit, tmp_path: Path) -> None:
    item = review_task((Chapter(0.0, "a"), Chapter(30.25, "- b")), unit=unit)
    assert out_argilla.write(tmp_path / "r.json", [item]) == 1
    (record,) = json.loads((tmp_path / "r.json").read_text())
    review = argilla_review(tmp_path / "e.json", submitted(record))
    assert (review.video_id, review.kind, review.chapters, review.reviewer) == ("-v1", "accept", item.chapters, "u1")
    assert (review.draft, review.draft_by, review.prediction_key) == (item.chapters, MODEL, "key of -v1")
    edited = argilla_review(tmp_path / "e.json", submitted(record, chapters="0:10 x", verdict="edit"))
    assert (edited.kind, edited.chapters, edited.draft) == ("edit", (Chapter(10.0, "x"),), item.chapters)
    assert argilla_review(tmp_path / "e.json", submitted(record, verdict="reject")).kind == "reject"
    assert argilla_review(tmp_path / "e.json", submitted(out_argilla.record(review_task(())))).chapters == ()


def test_a_record_shows_the_transcript_with_times_that_may_be_copied_into_the_answer(tmp_path: Path) -> None:
    lines = out_argilla.record(review_task())["fields"]["transcript"].splitlines()
    assert lines[:2] == ["[00:00:00] Words 0", "[00:00:10] Ann: Words 1"]
    assert out_argilla.record(review_task(unit="words"))["fields"]["transcript"].splitlines()[1] == "[10w] Ann: Words 1"
    review = argilla_review(
        tmp_path / "e.json", submitted(out_argilla.record(review_task()), chapters="\n".join(lines[:2]))
    )
    assert [chapter.start for chapter in review.chapters or ()] == [0.0, 10.0]


@pytest.mark.parametrize("write", [out_argilla.write, out_label_studio.write, out_reviews.write])
def test_a_bad_place_is_named(write: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere.* can't be written"):
        write(tmp_path / "nowhere" / "x.json", [review_task()])


# reviews JSONL -----------------------------------------------------------------------------------------------------

REVIEWS: list[dict[str, Any]] = [
    {"kind": "edit", "reviewed": [], "draft": []},
    {
        "kind": "edit",
        "reviewed": [{"start": 30.25, "title": '- "Soil" é\u2026'}],
        "draft_by": MODEL,
        "prediction": "key",
    },
    {"kind": "accept"},
    {"kind": "accept", "draft": [{"start": 1, "title": "a"}], "reviewed_on": "2026-01-02T10:00:00+00:00"},
    {"kind": "reject", "prediction": "key", "reviewed_on": "2026-01-02"},
]


def test_reviews_that_are_written_are_read_back_the_same(tmp_path: Path) -> None:
    rows = [{"video_id": " v", "reviewer": "Ann", **fields} for fields in REVIEWS]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    reviews = [review for review in reviews_jsonl.read(tmp_path / "a.jsonl") if isinstance(review, Review)]
    assert [review.prediction_key for review in reviews] == ["", "key", "", "", "key"]
    assert reviews_jsonl.write(tmp_path / "b.jsonl", reviews) == len(rows)
    assert list(reviews_jsonl.read(tmp_path / "b.jsonl")) == reviews


def test_reviews_from_a_tool_can_be_kept_as_jsonl(tmp_path: Path) -> None:
    review = label_studio_review(tmp_path / "e.json", exported(out_label_studio.task_json(review_task())))
    reviews_jsonl.write(tmp_path / "r.jsonl", [review])
    assert list(reviews_jsonl.read(tmp_path / "r.jsonl")) == [review]
    with pytest.raises(BadInput, match=r"nowhere.* can't be written"):
        reviews_jsonl.write(tmp_path / "nowhere" / "r.jsonl", [review])


def test_a_prediction_key_that_is_no_text_is_refused(tmp_path: Path) -> None:
    row = {"video_id": "v", "reviewer": "Ann", "kind": "reject", "prediction": 5}
    (tmp_path / "r.jsonl").write_text(json.dumps(row))
    (refused,) = reviews_jsonl.read(tmp_path / "r.jsonl")
    assert isinstance(refused, Rejected) and "prediction must be text, not 5" in refused.reason


def test_a_review_without_a_key_needs_none() -> None:
    assert Review("v", "reject", None, "Ann", "", None, "", SourceRow("f", 1, None)).prediction_key == ""
