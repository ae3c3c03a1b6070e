"""`--key`: an export that calls a transcript by another field, in each of the formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats import review_detect
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import Rejected
from errata.formats.video_ids import id_in
from tests.platform.label_studio import task
from tests.platform.sheets import CHAPTERS, row
from tests.platform.sheets import write as write_sheet

KEY = "talk_id"
PLACE = "https://media.example.org/talks/talk1.mp4?sig=a%20b"
LINE = {"reviewer": "Ann", "reviewed": [{"start": 0, "title": "Welcome"}], "draft": []}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("talk1", "talk1"),
        ("talk.v2", "talk.v2"),
        ("talk1.mp4", "talk1"),
        ("Talk 1.en.vtt", "Talk 1.en"),
        ("talks/talk1.MP3", "talk1"),
        ("C:\\talks\\talk1.wav", "talk1"),
        (PLACE, "talk1"),
        ("/data/local-files/?d=talks/talk1.mp4", "talk1"),
        ("/data/upload/3/0123abcd-talk1.mp3", "talk1"),
        ("/data/upload/3/Tr%C3%A4ger%20eins.mp3", "Träger eins"),
        ("https://www.youtube.com/watch?v=aB-_9&t=3", "aB-_9"),
        ("https://youtu.be/aB-_9", "aB-_9"),
        ("https://example.org/Tr%C3%A4ger.mp4", "Träger"),
    ],
)
def test_a_file_or_an_address_is_called_by_the_id(value: str, name: str) -> None:
    assert id_in(value) == name


@given(name=st.text())
def test_an_id_is_found_in_any_text_without_a_fault(name: str) -> None:
    assert id_in(name) or not name


def exports(value: str) -> dict[str, Any]:
    """A review of the talk whose id `value` holds, as each tool would write it; a wrong `video_id` stands beside it."""
    return {
        "label-studio": [task(data={KEY: value, "video_id": "other"})],
        "argilla": [
            {
                "id": "r",
                "fields": {"transcript": "…"},
                "metadata": {KEY: value, "video_id": "other"},
                "responses": {"chapters": [{"value": "0:00 Welcome", "user_id": "ann", "status": "submitted"}]},
            }
        ],
        "doccano": [{"id": 1, "text": "…", "label": ["0:00 Welcome"], "username": "ann", KEY: value}],
        "reviews": [{**LINE, KEY: value}],
        "description": [{"description": "0:00 a\n1:00 b\n2:00 c", KEY: value, "id": "other"}],
    }


@pytest.mark.parametrize("value", ["talk1", "talk1.mp4", PLACE])
@pytest.mark.parametrize("tool", exports(""))
def test_the_field_that_is_named_holds_the_id(tool: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in exports(value)[tool]))
    (review,) = review_detect.reviews(path, key=KEY).rows
    assert isinstance(review, Review), review
    assert review.video_id == "talk1"


@pytest.mark.parametrize("tool", exports(""))
def test_a_row_without_the_field_is_refused_by_name(tool: str, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in exports("")[tool]))
    (bad,) = review_detect.reviews(path, key=KEY).rows
    assert isinstance(bad, Rejected) and f"its '{KEY}', which is to hold the transcript's id, is empty" in bad.reason
    (bad,) = review_detect.reviews(path, key="talk").rows
    assert isinstance(bad, Rejected) and "it has no 'talk', which is to hold the transcript's id, but [" in bad.reason


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("column", [KEY, "Talk ID"])
def test_a_column_that_is_named_holds_the_id(kind: str, column: str, tmp_path: Path) -> None:
    rows = []
    for start, title, file in ((0, "Welcome", "talk1.mp4"), (60.5, "Soil", "talk1.mp4")):
        cells = row(start, title, **{column: file})
        del cells["video_id"]
        rows.append(cells)
    (review,) = review_detect.reviews(write_sheet(tmp_path / f"s.{kind}", *rows), key=KEY).rows
    assert isinstance(review, Review), review
    assert (review.video_id, review.chapters) == ("talk1", CHAPTERS)


def test_a_table_without_the_column_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has no column talk_id"):
        list(review_detect.reviews(write_sheet(tmp_path / "s.csv", row(0, "a")), key=KEY).rows)


def test_json_min_goes_by_the_key_too(tmp_path: Path) -> None:
    flat = {
        KEY: "talk1.mp4",
        "id": 3,
        "chapter": [{"start": 0, "end": 5, "labels": ["Chapter"]}],
        "chapter_title": "Welcome",
        "annotator": "ann@example.com",
        "annotation_id": 9,
    }
    (tmp_path / "min.json").write_text(json.dumps([flat]))
    (review,) = review_detect.reviews(tmp_path / "min.json", key=KEY).rows
    assert isinstance(review, Review) and review.video_id == "talk1"
