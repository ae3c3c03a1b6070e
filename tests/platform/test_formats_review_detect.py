"""What a file of reviews is taken for: by content, whatever it is called, and never by guess."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats import out_argilla, out_label_studio, review_detect, sheet
from errata.formats.review_task import ReviewTask
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import LeftOut, Rejected, write_rejects

EXPORTS = "data/review_exports"
LIST = "0:00 a\n1:00 b\n2:00 c"
REGION = {"id": "r", "type": "labels", "from_name": "chapter", "value": {"start": 0, "end": 5, "labels": ["Chapter"]}}
TITLE = {"id": "r", "type": "textarea", "from_name": "title", "value": {"start": 0, "end": 5, "text": ["a"]}}
TASK = {"id": 1, "data": {"video_id": "v"}, "annotations": [{"id": 2, "completed_by": 3, "result": [REGION, TITLE]}]}
MINIMAL = {"video_id": "v", "chapter": [REGION["value"]], "chapter_title": "a", "annotator": 3, "annotation_id": 2}
RECORD = {
    "id": "v",
    "fields": {},
    "responses": {"chapters": [{"value": "0s a", "user_id": "3", "status": "submitted"}]},
}
FLAT = {
    "id": "v",
    "chapters.responses": ["0s a"],
    "chapters.responses.users": ["3"],
    "chapters.responses.status": ["submitted"],
}
LINE = {"id": 1, "text": "…", "label": ["0:00 a"], "video_id": "v", "username": "3"}
REVIEW = {"video_id": "v", "reviewer": "3", "reviewed": [{"start": 0, "title": "a"}]}
CELLS = (
    "annotation_id,annotator,chapter,chapter_title,video_id\n"
    '2,3,"[{""start"":0,""end"":5,""labels"":[""Chapter""]}]",a,v\n'
)
FILES: dict[str, tuple[Any, str]] = {
    "label studio": ([TASK], "Label Studio export (JSON)"),
    "label studio, one task": (TASK, "Label Studio export (JSON)"),
    "json_min": ([MINIMAL], "JSON_MIN"),
    "argilla": ([RECORD], "Argilla"),
    "argilla by id": ({"v": RECORD}, "Argilla"),
    "argilla columns": ({name: [value] for name, value in RECORD.items()}, "Argilla"),
    "argilla flattened": ([FLAT], "Argilla"),
    "argilla flattened columns": ({name: [value] for name, value in FLAT.items()}, "Argilla"),
    "doccano": (json.dumps(LINE), "doccano"),
    "reviews": (json.dumps(REVIEW) + "\n" + json.dumps(REVIEW), "list of reviews"),
    "csv": ("video_id,start,title,reviewer\nv,0,a,3\n", "spreadsheet"),
    "csv of label studio": (CELLS, "JSON_MIN or CSV"),
}  # fmt: skip
DESCRIPTIONS: dict[str, Any] = {
    "json": [{"id": "v", "description": LIST}],
    "by id": {"v": LIST},
    "csv": f'id,description\nv,"{LIST}"\n',
}


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("suffix", ["json", "jsonl", "csv", "dat"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_told_by_its_content_whatever_it_is_called(name: str, suffix: str, tmp_path: Path) -> None:
    content, words = FILES[name]
    found = review_detect.reviews(write(tmp_path / f"file.{suffix}", content))
    assert words in found.label
    rows = list(found.rows)
    assert rows and all(isinstance(row, Review) for row in rows), rows
    assert {(row.video_id, row.reviewer, row.chapters) for row in rows} == {("v", "3", (Chapter(0.0, "a"),))}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_descriptions_too(name: str, tmp_path: Path) -> None:
    found = review_detect.reviews(write(tmp_path / "file.dat", DESCRIPTIONS[name]))
    assert found.label == "video descriptions"
    assert [row.video_id for row in found.rows if isinstance(row, Review)] == ["v"]


def test_a_text_file_and_a_folder_of_them_are_descriptions(tmp_path: Path) -> None:
    write(tmp_path / "v.txt", "[0:00] a\n[1:00] b\n[2:00] c")
    for path in (tmp_path, tmp_path / "v.txt"):
        found = review_detect.reviews(path)
        assert found.label == "video descriptions"
        assert [row.video_id for row in found.rows if isinstance(row, Review)] == ["v"]


def test_the_format_may_be_named_and_the_day_until_is_passed_on(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", json.dumps({**REVIEW, "reviewed_on": "2026-01-03"}))
    assert len(list(review_detect.reviews(path, "reviews").rows)) == 1
    (later,) = review_detect.reviews(path, "auto", "2026-01-02").rows
    assert isinstance(later, LeftOut)
    (refused,) = review_detect.reviews(path, "doccano").rows
    assert isinstance(refused, Rejected)
    with pytest.raises(BadInput, match=r"no format 'excel'; name one of auto, argilla, label-studio"):
        review_detect.reviews(path, "excel")


@pytest.mark.parametrize("name", FILES)
def test_the_rejects_of_every_format_are_known_again(name: str, tmp_path: Path) -> None:
    reviews = list(review_detect.reviews(write(tmp_path / "f.dat", FILES[name][0])).rows)
    write_rejects(tmp_path / "r.jsonl", [row.row.reject("no transcript") for row in reviews])
    assert list(review_detect.reviews(tmp_path / "r.jsonl").rows) == reviews


def test_a_torn_first_line_does_not_hide_what_the_others_are(tmp_path: Path) -> None:
    found = review_detect.reviews(write(tmp_path / "r.jsonl", '{"video_id": "v\n' + json.dumps(LINE)))
    assert found.label == "a doccano export"
    assert [type(row) for row in found.rows] == [Rejected, Review]


@pytest.mark.parametrize(
    "content",
    ['{"name": "x"}', "[1, 2]", "name,age\nx,5\n", "<xml/>", "just some words", '{"v": {"start": [1]}}', "a,a\n1,2\n"],
)
def test_what_is_in_no_format_is_an_error_that_names_what_is_read(content: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"file\.dat"):
        review_detect.reviews(write(tmp_path / "file.dat", content))
    with pytest.raises(BadInput, match=r"accepted are an Argilla export, .*Label Studio.*doccano.*descriptions"):
        review_detect.reviews(write(tmp_path / "file.dat", "some words"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Video_ID,Start\nv,0\n", "nearest to a spreadsheet, which needs title too"),
        ('{"video_id": "v", "reviewer": "ann"}', "nearest to a list of reviews (JSONL), which needs reviewed too"),
        ('[{"id": 1, "data": {}}]', "nearest to a Label Studio export (JSON), which needs annotations too"),
        ("a,b\n1,2\n", "can be read; accepted are"),
    ],
)
def test_what_is_in_no_format_is_told_what_it_lacks(content: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        review_detect.reviews(write(tmp_path / "file.dat", content))
    assert why in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\xff", b'[{"id"', b"[" * 100_000, b"PK\x03\x04", b"[]"])
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.dat").write_bytes(content)
    if content.startswith(b"PK"):
        pytest.importorskip("openpyxl")
    with pytest.raises(BadInput, match=r"file\.dat"):
        review_detect.reviews(tmp_path / "file.dat")
    with pytest.raises(BadInput, match=r"gone\.dat can't be read"):
        review_detect.reviews(tmp_path / "gone.dat")


def test_what_is_written_for_reviewers_is_known_as_not_reviewed_yet(tmp_path: Path) -> None:
    item = ReviewTask(Transcript("v", (Segment(0.0, 9.0, "words"),), 9.0), (Chapter(0.0, "a"),), "key", "m")
    out_label_studio.write(tmp_path / "tasks.json", [item])
    out_argilla.write(tmp_path / "records.json", [item])
    for name in ("tasks.json", "records.json"):
        with pytest.raises(BadInput, match="export it again once they are reviewed"):
            review_detect.reviews(tmp_path / name)
    sheet.write(tmp_path / "sheet.csv", [item, item._replace(blind=True, key="other")])
    drafted, blind = review_detect.reviews(tmp_path / "sheet.csv").rows
    assert isinstance(drafted, Review) and (drafted.reviewer, drafted.prediction_key) == ("", "key")
    assert isinstance(blind, LeftOut) and blind.reason == "not reviewed"


def test_every_real_export_is_known_for_what_it_is(shared: Path) -> None:
    words = {"argilla": "Argilla", "doccano": "doccano", "label-studio": "Label Studio"}
    for path in sorted((shared / EXPORTS).rglob("*.*")):
        if path.suffix == ".xml" or path.stem in {"real_webhooks", "real_import_tasks"}:
            with pytest.raises(BadInput, match=path.stem):
                review_detect.reviews(path)
            continue
        found = review_detect.reviews(path)
        assert words[path.parent.name] in found.label, path
        assert list(found.rows), path


def test_the_real_reviews_and_the_real_metadata(shared: Path) -> None:
    assert "list of reviews" in review_detect.reviews(shared / "data/talks/reviews/reviews.jsonl").label
    found = review_detect.reviews(shared / "data/talks/chapters/chapters_talks.json")
    assert found.label == "video descriptions"  # without chapter lists in them, and so refused one by one
    assert all(isinstance(row, Rejected) for row in found.rows)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("talk.srt", "1\n00:00:01,000 --> 00:00:04,000\nHello.\n", "SubRip"),
        ("talk.ass", "[Script Info]\n[Events]\n", "SubStation Alpha"),
        ("talk.json", '{"segments": [{"start": 0, "end": 1, "text": "Hello."}]}', "Whisper JSON"),
        ("talk.json", '[{"text": "Hello.", "start": 0.0, "duration": 1.0}]', "a transcript of youtube-transcript-api"),
    ],
)
def test_a_transcript_is_told_where_it_belongs(name: str, content: str, what: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=rf"holds a transcript \({what}\); import it with `errata import transcripts`"):
        review_detect.reviews(tmp_path / name)


def test_speech_with_times_is_no_description(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("[00:00.000 --> 00:02.000] We dye wool.\n[00:02.000 --> 00:04.000] It dries.\n")
    (refused,) = review_detect.reviews(tmp_path / "talk.txt").rows
    assert isinstance(refused, Rejected) and "import it with `errata import transcripts`" in refused.reason


def test_what_is_not_read_of_a_folder_is_counted(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text(LIST)
    (tmp_path / "reviews.jsonl").write_text(json.dumps(REVIEW))
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "more").mkdir()
    rows = list(review_detect.reviews(tmp_path).rows)
    assert [row.row for row in rows if isinstance(row, LeftOut)] == ["more", "reviews.jsonl"]
    assert sum(isinstance(row, Review) for row in rows) == 1
