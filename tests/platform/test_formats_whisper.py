"""Whisper's JSON and WhisperX's: speakers, times that only the words have, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, tidy
from errata.domain.transcript import Segment, Transcript
from errata.formats import detect, whisper
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, write_rejects
from errata.formats.talk import read as read_talk

WHISPER = {
    "text": " Hello there. Soil first.",
    "segments": [
        {"id": 0, "seek": 0, "start": 0.0, "end": 4, "text": " Hello there.", "tokens": [50364], "no_speech_prob": 0.1},
        {"id": 1, "seek": 0, "start": 4.5, "end": 9.5, "text": " Soil first.", "tokens": []},
        {"id": 2, "seek": 0, "start": 9.5, "end": 9.5, "text": ""},
    ],
    "language": "en",
}
SEGMENTS = (Segment(0.0, 4.0, "Hello there."), Segment(4.5, 9.5, "Soil first."))


def write(folder: Path, value: Any, name: str = "talk") -> Path:
    file = folder / f"{name}.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def one(folder: Path, value: Any) -> ImportedTranscript:
    (arrival,) = read_talk(whisper.speech, write(folder, value))
    assert isinstance(arrival, ImportedTranscript), arrival
    return arrival


def test_a_file_is_one_transcript_under_its_name(tmp_path: Path) -> None:
    assert one(tmp_path, WHISPER) == ImportedTranscript(Transcript("talk", SEGMENTS, 9.5), None, SourceRow("", 0, None))
    assert one(tmp_path, WHISPER["segments"]).transcript.segments == SEGMENTS


def test_the_real_talks_written_as_whisper_does_are_the_same_talks(shared: Path, tmp_path: Path) -> None:
    rows = detect.transcripts(shared / "data/talks").rows
    talks = {item.transcript.external_id: item.transcript for item in rows if isinstance(item, ImportedTranscript)}
    assert len(talks) == 100
    for name, talk in talks.items():
        segments = [{"start": s.start, "end": s.end, "text": f" {s.text}", "speaker": s.speaker} for s in talk.segments]
        write(tmp_path, {"segments": segments, "word_segments": [], "language": "en"}, name)
    found = list(detect.transcripts(tmp_path).rows)
    assert len(found) == 100
    for item in found:
        assert isinstance(item, ImportedTranscript)
        assert item.transcript.segments == talks[item.transcript.external_id].segments


def test_speakers_and_the_times_of_words_are_whisperx_s(tmp_path: Path) -> None:
    words = [
        {"word": "In"},
        {"word": "2014", "start": 1.5, "end": 1.75},
        {"word": "we", "start": 2, "end": 2.5},
        {"word": "3"},
    ]
    aligned = [
        {"text": " In 2014 we 3", "words": words, "speaker": "SPEAKER_01"},
        {"start": 3, "end": None, "text": "met.", "words": [{"word": "met.", "start": 3.25, "end": 3.5}]},
    ]
    assert one(tmp_path, {"segments": aligned}).transcript.segments == (
        Segment(1.5, 2.5, "In 2014 we 3", "SPEAKER_01"),
        Segment(3.0, 3.5, "met."),
    )


def test_podcast_chapters_beside_it_are_its_reference(tmp_path: Path) -> None:
    (tmp_path / "talk.chapters.json").write_text(
        json.dumps({"version": "1.2.0", "title": "Gardens", "chapters": [{"startTime": 4.5, "title": "Soil"}]})
    )
    arrival = one(tmp_path, WHISPER)
    assert arrival.reference == (Chapter(4.5, "Soil"),)
    assert arrival.transcript.title == "Gardens"


def with_segment(**changed: Any) -> dict[str, Any]:
    return {"segments": [WHISPER["segments"][0], {**WHISPER["segments"][1], **changed}]}


BROKEN = {
    "torn": (json.dumps(WHISPER)[:90], "talk.json: not JSON"),
    "nul": ('{"segments": [\0]}', "not JSON (Expecting value"),
    "deep": ('{"segments": ' + "[" * 100_000, "nested too deeply"),
    "latin": ('{"segments": "é"}', "is not UTF-8"),
    "empty": ("", "is empty"),
    "text": ({"segments": "Hello"}, "segments must be a list, not 'Hello'"),
    "nothing": ({"text": "", "segments": []}, "is empty"),
    "numbers": ({"segments": [1, 2]}, "segment 0 must be a JSON object, not 1"),
    "twice": ('{"segments": [{"text": "a", "start": 0, "end": 1, "text": "b"}]}', "segment 0 has the key 'text' twice"),
    "no-start": (with_segment(start=None), "segment 1's start must be a number, not None"),
    "nan": (with_segment(start=float("nan")), "segment 1's start must be a number, not 'NaN'"),
    "infinite": (with_segment(end=float("inf")), "segment 1's end must be a number, not 'Infinity'"),
    "negative": (with_segment(start=-1), "segment 1's start is -1"),
    "stamp": (with_segment(start="4.5"), "segment 1's start must be a number, not '4.5'"),
    "true": (with_segment(end=True), "segment 1's end must be a number, not True"),
    "backwards": (with_segment(end=4), "segment 1: it runs from 4.5 to 4.0"),
    "unsorted": ({"segments": WHISPER["segments"][::-1]}, "sort the segments by start"),
    "days": (with_segment(end=90_000), "a day or more"),
    "mute": (with_segment(text=None), "segment 1's text must be text, not None"),
    "nul-text": (with_segment(text="a\0b"), "segment 1's text has a NUL character at 1"),
    "surrogate": (with_segment(text="a\ud800"), "segment 1's text has half a character (a lone surrogate) at 1"),
    "speaker": (with_segment(speaker=3), "segment 1's speaker must be text, not 3"),
    "list": ([5, {"start": 0, "text": "a"}], "segment 0 must be a JSON object, not 5"),
}
GOOD = {
    "good": WHISPER,
    "overlapping": {"segments": [{"start": 0, "end": 9, "text": "a"}, {"start": 1, "end": 2, "text": "b"}]},
    "megabyte": {"segments": [{"start": 0, "end": 9, "text": "word " * 200_000}]},
}


def test_each_broken_file_of_a_folder_is_refused_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    for name, (value, _) in BROKEN.items():
        write(tmp_path, value, name)
    for name, value in GOOD.items():
        write(tmp_path, value, name)
    (tmp_path / "latin.json").write_bytes('{"segments": "é"}'.encode("latin-1"))
    results = list(detect.transcripts(tmp_path).rows)
    assert sorted(item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)) == sorted(
        GOOD
    )
    bad = {item.row: item for item in results if isinstance(item, Rejected)}
    assert sorted(bad) == sorted(BROKEN) and len(results) == len(BROKEN) + len(GOOD)
    for name, (_, reason) in BROKEN.items():
        assert reason.replace("talk", name) in bad[name].reason
        assert bad[name].file == str(tmp_path / f"{name}.json")


def test_what_was_refused_for_a_value_can_be_mended_in_the_rejects(tmp_path: Path) -> None:
    (refused,) = read_talk(whisper.speech, write(tmp_path, with_segment(start=float("nan"))))
    assert isinstance(refused, Rejected)
    rejects = tmp_path / "rejects.jsonl"
    write_rejects(rejects, [refused])
    (again,) = detect.transcripts(rejects).rows
    assert isinstance(again, Rejected) and again.reason == refused.reason
    rejects.write_text(rejects.read_text().replace('"NaN"', "4.5"))
    (mended,) = detect.transcripts(rejects).rows
    assert mended == one(tmp_path, WHISPER)


words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
times = st.lists(st.floats(0, 80_000) | st.integers(0, 80_000), min_size=1, max_size=6).map(sorted)


@given(starts=times, data=st.data())
def test_segments_that_are_written_are_read_back_equal(
    starts: list[float], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spoken = words.filter(str.strip)
    written = [
        {
            "start": start,
            "end": start + data.draw(st.floats(0.5, 100)),
            "text": data.draw(spoken),
            "speaker": data.draw(st.none() | spoken),
        }
        for start in starts
    ]
    found = one(tmp_path_factory.mktemp("whisper"), {"segments": written}).transcript.segments
    assert found == tuple(
        Segment(item["start"] + 0.0, item["end"], tidy(item["text"]), item["speaker"] and tidy(item["speaker"]))
        for item in written
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
segment = st.fixed_dictionaries({}, optional=dict.fromkeys(("start", "end", "text", "speaker", "words"), anything))


@given(value=anything | st.fixed_dictionaries({"segments": anything | st.lists(segment | anything, max_size=3)}))
def test_no_file_is_lost_or_stops_the_reading(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    write(folder, WHISPER, "z")
    (odd,) = read_talk(whisper.speech, write(folder, value))
    assert isinstance(odd, ImportedTranscript | Rejected)
    assert sum(isinstance(item, ImportedTranscript | Rejected) for item in detect.transcripts(folder).rows) == 2
