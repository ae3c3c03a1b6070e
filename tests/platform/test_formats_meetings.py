"""Meetings in QMSum's schema: the real ones, turns placed by words, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, write_rejects

MEETING: dict[str, Any] = {
    "meeting_id": "M1",
    "meeting_transcripts": [
        {"speaker": "Ann", "content": "Good morning ."},
        {"speaker": "Bo", "content": " "},
        {"speaker": "Bo", "content": "Soil\nfirst , then tools ."},
        {"content": "Yes ."},
    ],
    "topic_list": [
        {"topic": "Opening", "relevant_text_span": [["0", "1"], ["3", "3"]]},
        {"topic": "Soil", "relevant_text_span": [["2", "2"]]},
    ],
    "general_query_list": [],
}


def write(file: Path, *rows: Any) -> Path:
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return file


def test_the_real_meetings_arrive_with_their_topics_but_for_one_with_two_at_one_turn(shared: Path) -> None:
    results = list(detect.transcripts(shared / "data/meetings").rows)
    good = [item for item in results if isinstance(item, ImportedTranscript)]
    (bad,) = (item for item in results if isinstance(item, Rejected))
    assert (Path(bad.file).name, bad.row) == ("train.jsonl", 113)
    assert "two chapters at 476" in bad.reason
    assert len(good) == 231
    assert {item.transcript.unit for item in good} == {"words"}
    ids = {item.transcript.external_id for item in good}
    assert len(ids) == 231 and {"Bdb001", "test-1", "val-35"} <= ids
    rows = [json.loads(line) for line in (shared / "data/meetings/test.jsonl").read_text().splitlines()]
    of_the_test = [item for item in good if Path(item.row.file).name == "test.jsonl"]
    for row, item in zip(rows, of_the_test, strict=True):
        words = " ".join(turn["content"] for turn in row["meeting_transcripts"]).split()
        assert item.transcript.text.split() == words and item.transcript.duration == len(words)
        assert len(item.reference or ()) == sum(len(topic["relevant_text_span"]) for topic in row["topic_list"])


def test_turns_are_placed_by_words_and_each_range_of_a_topic_begins_a_chapter(tmp_path: Path) -> None:
    (arrival,) = detect.transcripts(write(tmp_path / "m.jsonl", MEETING)).rows
    segments = (
        Segment(0.0, 3.0, "Good morning .", "Ann"),
        Segment(3.0, 9.0, "Soil first , then tools .", "Bo"),
        Segment(9.0, 11.0, "Yes ."),
    )
    reference = (Chapter(0.0, "Opening"), Chapter(3.0, "Soil"), Chapter(9.0, "Opening"))
    assert arrival == ImportedTranscript(Transcript("M1", segments, 11.0, "words"), reference, SourceRow("", 0, None))


@pytest.mark.parametrize(("topics", "reference"), [(None, None), ([], ())])
def test_no_topics_and_an_empty_list_are_different_answers(topics: Any, reference: Any, tmp_path: Path) -> None:
    (arrival,) = detect.transcripts(write(tmp_path / "m.jsonl", {**MEETING, "topic_list": topics})).rows
    assert isinstance(arrival, ImportedTranscript) and arrival.reference == reference


@pytest.mark.parametrize("indent", [None, 4])
def test_a_file_of_its_own_is_a_meeting_under_the_files_name(indent: int | None, tmp_path: Path) -> None:
    nameless = {name: value for name, value in MEETING.items() if name != "meeting_id"}
    path = tmp_path / "covid_7.json"
    path.write_text(json.dumps(nameless, indent=indent))
    for place in (path, tmp_path):
        assert detect.transcripts(place).label.startswith("meetings")
        (arrival,) = detect.transcripts(place).rows
        assert isinstance(arrival, ImportedTranscript) and arrival.transcript.external_id == "covid_7"
        assert len(arrival.reference or ()) == 3


def meeting(**changed: Any) -> dict[str, Any]:
    return {**MEETING, **changed}


def ranged(*spans: Any) -> dict[str, Any]:
    return meeting(topic_list=[{"topic": "Soil", "relevant_text_span": list(spans)}])


BROKEN = [
    ('{"meeting_transcripts": [', "not JSON"),
    ("5", "the row must be a JSON object, not 5"),
    (meeting(meeting_id=7), "meeting_id must be text, not 7"),
    (meeting(meeting_transcripts="Hello"), "meeting_transcripts must be a list, not 'Hello'"),
    (meeting(meeting_transcripts=[]), "is empty"),
    (meeting(meeting_transcripts=["Hello"]), "turn 0 must be a JSON object, not 'Hello'"),
    (meeting(meeting_transcripts=[{"speaker": "Ann"}]), "turn 0's content must be text, not None"),
    (meeting(meeting_transcripts=[{"content": "a\0"}]), "turn 0's content has a NUL character at 1"),
    (meeting(meeting_transcripts=[{"content": "\ud800"}]), "turn 0's content has half a character"),
    (meeting(topic_list={}), "topic_list must be a list, not {}"),
    (meeting(topic_list=[{"topic": "Soil"}]), "topic 0's relevant_text_span must be a list, not None"),
    (ranged(["4", "5"]), "topic 0's range must be two of the turns 0 to 3, not ['4', '5']"),
    (ranged(["-1", "2"]), "topic 0's range must be two of the turns"),
    (ranged([float("nan"), 2]), "topic 0's range must be two of the turns"),
    (ranged(["9" * 5000, "2"]), "topic 0's range must be two of the turns"),
    (ranged("12"), "topic 0's range must be two of the turns"),
    (ranged([1, 2], [2, 3]), "two chapters at 3"),
    (meeting(topic_list=[{"topic": "", "relevant_text_span": [[0, 1]]}]), "topic 0's title is empty"),
]


def test_each_broken_row_is_refused_by_line_and_the_others_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.jsonl", MEETING, *(row for row, _ in BROKEN), meeting(meeting_id="M2", notes="x" * 1_000_000)
    )
    first, *bad, last = detect.transcripts(path).rows
    assert isinstance(first, ImportedTranscript) and isinstance(last, ImportedTranscript)
    for number, ((_, reason), item) in enumerate(zip(BROKEN, bad, strict=True), start=2):
        assert isinstance(item, Rejected) and item.row == number
        assert reason in item.reason


def test_a_meeting_that_was_refused_keeps_its_id_and_can_be_mended(tmp_path: Path) -> None:
    nameless = {name: value for name, value in ranged(["0", "9"], ["7", "9"]).items() if name != "meeting_id"}
    _, refused = detect.transcripts(write(tmp_path / "m.jsonl", MEETING, nameless)).rows
    assert isinstance(refused, Rejected)
    rejects = tmp_path / "rejects.jsonl"
    write_rejects(rejects, [refused])
    assert detect.transcripts(rejects).label == "rows that were rejected"
    rejects.write_text(rejects.read_text().replace('"7"', '"2"'))
    (mended,) = detect.transcripts(rejects).rows
    assert isinstance(mended, ImportedTranscript) and mended.transcript.external_id == "m-2"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
turn = st.fixed_dictionaries({}, optional={"speaker": anything, "content": anything})
topic = st.fixed_dictionaries({}, optional={"topic": anything, "relevant_text_span": st.lists(st.lists(anything))})


@given(
    turns=st.lists(turn | anything, max_size=3) | anything,
    topics=st.lists(topic | anything, max_size=3) | anything,
    name=anything,
)
def test_no_row_is_lost_or_stops_the_file(
    turns: Any, topics: Any, name: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    row = {"meeting_id": name, "meeting_transcripts": turns, "topic_list": topics}
    good, odd = detect.transcripts(write(tmp_path_factory.mktemp("fuzz") / "m.jsonl", MEETING, row)).rows
    assert isinstance(good, ImportedTranscript) and isinstance(odd, ImportedTranscript | Rejected)
