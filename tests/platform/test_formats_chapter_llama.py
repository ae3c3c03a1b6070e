"""Transcripts in the chapter-llama schema: the real files, both shapes of speech, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, tidy
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats import chapter_llama
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow, write_rejects
from tests.examples import is_seen

SPEECH = {"text": ["Hello there.", "Soil first."], "start": [0, 4.5], "end": [4, 9.5]}
NOWHERE = SourceRow("", 0, None)
METADATA = {"duration": 12, "title": "Gardens", "channel_id": "green", "chapters": {"0": "Opening", "4.5": "Soil"}}


def write(folder: Path, metadata: Any, speech: Any) -> Path:
    (folder / "chapters_x.json").write_text(metadata if isinstance(metadata, str) else json.dumps(metadata))
    (folder / "asrs_x.json").write_text(speech if isinstance(speech, str) else json.dumps(speech))
    return folder


def split(path: Path, asr: Path | None = None) -> tuple[dict[str, ImportedTranscript], dict[str | int, Rejected]]:
    results = list(chapter_llama.read(path, asr))
    good = {item.transcript.external_id: item for item in results if isinstance(item, ImportedTranscript)}
    bad = {item.row: item for item in results if isinstance(item, Rejected)}
    assert len(good) + len(bad) == len(results)
    return good, bad


def as_dicts(speech: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(speech, line, strict=True)) for line in zip(*speech.values(), strict=True)]


def test_all_hundred_talks_arrive_with_their_chapters(shared: Path) -> None:
    good, bad = split(shared / "data/talks")
    assert (len(good), bad) == (100, {})
    assert sum(len(arrival.reference or ()) for arrival in good.values()) == 1249
    assert sum(len(arrival.transcript.segments) for arrival in good.values()) == 12697


def test_all_reviewed_talks_arrive_without_chapters(shared: Path) -> None:
    good, bad = split(shared / "data/talks/reviews")
    assert (len(good), bad) == (52, {})
    assert all(arrival.reference is None for arrival in good.values())


def test_a_metadata_file_finds_the_speech_of_its_name_in_the_folder_beside(shared: Path) -> None:
    assert len(split(shared / "data/talks/chapters/chapters_talks.json")[0]) == 100


def test_both_shapes_of_the_real_speech_give_equal_transcripts(shared: Path, tmp_path: Path) -> None:
    talks = shared / "data/talks"
    speech = json.loads((talks / "asrs/asrs_talks.json").read_text())
    other = tmp_path / "asrs_as_dicts.json"
    other.write_text(json.dumps({video_id: as_dicts(value) for video_id, value in speech.items()}))
    assert list(chapter_llama.read(talks, other)) == list(chapter_llama.read(talks))


def test_every_field_is_where_it_belongs(tmp_path: Path) -> None:
    metadata = {
        "duration": 2000.0,
        "title": " Two\n words ",
        "description": "one\ntwo",
        "channel_id": "green",
        "view_count": None,
        "chapters": {"1,234": "Later", "0.5": " First\tone "},
        "upload_date": "20240101",
    }
    speech = {"text": [" a  b ", " ", "c"], "start": [0, 1, 1300], "end": [2, 3, 1301], "speaker": ["Ann", None, None]}
    good, bad = split(write(tmp_path, {"v": metadata}, {"v": speech}))
    assert not bad
    assert good["v"] == ImportedTranscript(
        Transcript(
            external_id="v",
            segments=(Segment(0.0, 2.0, "a b", "Ann"), Segment(1300.0, 1301.0, "c")),
            duration=2000.0,
            title="Two words",
            description="one\ntwo",
            channel="green",
        ),
        (Chapter(0.5, "First one"), Chapter(1234.0, "Later")),
        NOWHERE,
    )
    assert good["v"].row == SourceRow(str(tmp_path / "chapters_x.json"), "v", good["v"].row.raw)


@pytest.mark.parametrize(("stated", "duration"), [(None, 9.5), (0, 9.5), (9, 9.5), (9.5, 9.5), (12, 12.0)])
def test_the_duration_is_the_stated_one_or_the_last_end_where_that_is_later(
    stated: float | None, duration: float, tmp_path: Path
) -> None:
    good, _ = split(write(tmp_path, {"v": {"duration": stated}}, {"v": SPEECH}))
    assert good["v"].transcript.duration == duration


def test_no_chapters_and_an_empty_list_are_different_answers(tmp_path: Path) -> None:
    metadata = {"missing": {}, "null": {"chapters": None}, "empty": {"chapters": {}}}
    good, _ = split(write(tmp_path, metadata, dict.fromkeys(metadata, SPEECH)))
    assert {name: arrival.reference for name, arrival in good.items()} == {"missing": None, "null": None, "empty": ()}


def test_overlapping_ends_and_a_line_of_a_megabyte_are_fine(tmp_path: Path) -> None:
    speech = {"text": ["word " * 200_000, "b"], "start": [0, 1], "end": [100, 2]}
    good, bad = split(write(tmp_path, {"v": {}}, {"v": speech}))
    assert not bad
    assert good["v"].transcript.duration == 100
    assert len(good["v"].transcript.segments[0].text) == 999_999


def test_several_files_of_a_kind_are_merged_and_an_equal_entry_is_no_second_one(tmp_path: Path) -> None:
    (tmp_path / "asrs").mkdir()
    write(tmp_path, {"a": METADATA, "b": METADATA}, {"a": SPEECH, "b": SPEECH})
    (tmp_path / "transcripts.json").write_text(json.dumps({"b": METADATA, "c": METADATA}))
    (tmp_path / "asrs/asrs_more.json").write_text(json.dumps({"c": as_dicts(SPEECH)}))
    good, bad = split(tmp_path)
    assert (sorted(good), bad) == (["a", "b", "c"], {})


def test_an_other_entry_under_the_same_id_in_another_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"a": METADATA}, {"a": SPEECH})
    (tmp_path / "transcripts.json").write_text(json.dumps({"a": {**METADATA, "title": "Other"}}))
    good, bad = split(tmp_path)
    assert good["a"].transcript.title == "Gardens"
    assert bad["a"].file == str(tmp_path / "transcripts.json")
    assert "a second time" in bad["a"].reason and "chapters_x.json" in bad["a"].reason


BROKEN_METADATA = [
    ({**METADATA, "chapters": {"72.5": "Late"}}, "starts at 72.5, after the end of"),
    ({**METADATA, "chapters": {"-1": "Early"}}, "must not be negative"),
    ({**METADATA, "chapters": {"NaN": "x"}}, "must be a number, not 'NaN'"),
    ({**METADATA, "chapters": {"Infinity": "x"}}, "must be a number, not 'Infinity'"),
    ({**METADATA, "chapters": {"1e999": "x"}}, "must be a number"),
    ({**METADATA, "chapters": {"1,23": "x"}}, "must be a number, not '1,23'"),
    ({**METADATA, "chapters": {"intro": "x"}}, "must be a number, not 'intro'"),
    ({**METADATA, "chapters": {"4": "x", "4.0": "y"}}, "two chapters at 4"),
    ({**METADATA, "chapters": {"4": " \n"}}, "the chapter at 4's title is empty"),
    ({**METADATA, "chapters": {"4": None}}, "must be text, not None"),
    ({**METADATA, "chapters": {"4": "x" * 501}}, "has 501 characters"),
    ({**METADATA, "chapters": {"4": "a\0b"}}, "NUL character at 1"),
    ({**METADATA, "chapters": ["Opening"]}, "chapters must be a JSON object"),
    ({**METADATA, "duration": "12"}, "duration must be a number, not '12'"),
    ({**METADATA, "duration": True}, "duration must be a number, not True"),
    ({**METADATA, "duration": -1}, "duration is -1"),
    ({**METADATA, "duration": float("nan")}, "duration must be a number, not 'NaN'"),
    ({**METADATA, "duration": 86_400}, "a day or more"),
    ({**METADATA, "title": 7}, "title must be text, not 7"),
    ({**METADATA, "title": "\ud800"}, "title has half a character (a lone surrogate) at 0"),
    ({**METADATA, "description": "a\0"}, "description has a NUL character at 1"),
    ({**METADATA, "channel_id": []}, "channel_id must be text"),
    ([], "metadata must be a JSON object"),
    (None, "no metadata"),
]


@pytest.mark.parametrize(("metadata", "reason"), BROKEN_METADATA)
def test_broken_metadata_is_refused_by_name_and_its_neighbours_are_read(
    metadata: Any, reason: str, tmp_path: Path
) -> None:
    written = {"before": METADATA, "bad": metadata, "after": METADATA}
    good, bad = split(write(tmp_path, written, dict.fromkeys(written, SPEECH)))
    assert sorted(good) == ["after", "before"]
    assert list(bad) == ["bad"]
    assert bad["bad"].file == str(tmp_path / "chapters_x.json")
    assert reason in bad["bad"].reason


BROKEN_SPEECH = [
    ({**SPEECH, "text": ["", " \n"]}, "is empty"),
    ({"text": [], "start": [], "end": []}, "is empty"),
    ([], "is empty"),
    ({**SPEECH, "text": ["a\0b", "c"]}, "segment 0's text has a NUL character at 1"),
    ({**SPEECH, "text": ["a", "c\udfff"]}, "segment 1's text has half a character (a lone surrogate) at 1"),
    ({**SPEECH, "text": ["a", 5]}, "segment 1's text must be text, not 5"),
    ({**SPEECH, "text": "ab"}, "asr.text must be a list, not 'ab'"),
    ({**SPEECH, "text": ["a"]}, "asr.start has 2 entries and asr.text 1"),
    ({**SPEECH, "start": [0, float("nan")]}, "segment 1's start must be a number, not 'NaN'"),
    ({**SPEECH, "end": [0, float("inf")]}, "segment 1's end must be a number, not 'Infinity'"),
    ({**SPEECH, "start": [0, "4.5"]}, "segment 1's start must be a number, not '4.5'"),
    ({**SPEECH, "start": [-2, 4.5]}, "segment 0's start is -2"),
    ({**SPEECH, "end": [4, 3]}, "segment 1: it runs from 4.5 to 3.0"),
    ({**SPEECH, "start": [5, 4.5], "end": [6, 9]}, "segment 1 starts at 4.5, before the one before it"),
    ({**SPEECH, "end": [4, 86_400]}, "a day or more"),
    ({**SPEECH, "speaker": ["Ann"]}, "asr.speaker has 1 entries"),
    ({**SPEECH, "speaker": ["Ann", 3]}, "segment 1's speaker must be text, not 3"),
    ({"text": ["a"], "start": [0]}, "asr.end must be a list, not None"),
    (["Hello"], "segment 0 must be a JSON object, not 'Hello'"),
    ([{"start": 0, "end": 1}], "segment 0's text must be text, not None"),
    ("Hello", "asr must be a list, not 'Hello'"),
    (None, "no speech"),
]


@pytest.mark.parametrize(("speech", "reason"), BROKEN_SPEECH)
def test_broken_speech_is_refused_by_name_and_its_neighbours_are_read(speech: Any, reason: str, tmp_path: Path) -> None:
    written = {"before": SPEECH, "bad": speech, "after": SPEECH}
    good, bad = split(write(tmp_path, dict.fromkeys(written, METADATA), written))
    assert sorted(good) == ["after", "before"]
    assert list(bad) == ["bad"]
    assert reason in bad["bad"].reason


def test_halves_without_the_other_are_refused_each_in_its_file(tmp_path: Path) -> None:
    write(tmp_path, {"a": METADATA, "mute": METADATA}, {"a": SPEECH, "nameless": SPEECH})
    good, bad = split(tmp_path)
    assert list(good) == ["a"]
    assert {row: (Path(item.file).name, item.reason.split(" for ")[0]) for row, item in bad.items()} == {
        "mute": ("chapters_x.json", "no speech"),
        "nameless": ("asrs_x.json", "no metadata"),
    }


def test_of_two_videos_under_one_id_the_first_is_read_and_the_second_refused(tmp_path: Path) -> None:
    metadata = '{"a": {"title": "first"}, "b": {}, "a": {"title": "second"}}'
    speech = json.dumps({"a": SPEECH, "b": SPEECH})[:-1] + ', "b": [{"start": 0, "end": 1, "text": "other"}]}'
    good, bad = split(write(tmp_path, metadata, speech))
    assert good["a"].transcript.title == "first"
    assert good["b"].transcript.text == "Hello there.\nSoil first."
    assert {row: Path(item.file).name for row, item in bad.items()} == {"a": "chapters_x.json", "b": "asrs_x.json"}
    assert "video 'a' stands a second time" in bad["a"].reason
    assert bad["a"].raw == {"video_id": "a", "metadata": {"title": "second"}, "asr": SPEECH}
    assert bad["b"].raw["asr"] == [{"start": 0, "end": 1, "text": "other"}]


@pytest.mark.parametrize(
    "metadata",
    ['{"chapters": {"4": "x", "4": "y"}}', '{"title": "x", "title": "y"}'],
)
def test_a_key_that_stands_twice_in_a_row_refuses_it_even_from_the_rejects_file(metadata: str, tmp_path: Path) -> None:
    _, bad = split(write(tmp_path, f'{{"v": {metadata}}}', {"v": SPEECH}))
    assert "twice" in bad["v"].reason
    write_rejects(tmp_path / "rejects.jsonl", bad.values())
    again = split(tmp_path / "rejects.jsonl")[1]
    assert again[1].reason == bad["v"].reason


def test_an_id_that_no_terminal_takes_is_named_in_ascii(tmp_path: Path) -> None:
    good, bad = split(write(tmp_path, {"a\0": METADATA, "\ud800": METADATA, "": METADATA}, {}))
    assert not good
    assert list(bad) == [r"'a\x00'", r"'\ud800'", ""]
    assert str(bad[r"'\ud800'"]).encode()


BROKEN_FILES = [
    ('{"v": {"duration": 12', "chapters_x.json: not JSON (Expecting ',' delimiter, line 1, column 22)"),
    ('{"v":\n nope}', "not JSON (Expecting value, line 2, column 2)"),
    ("[]", "chapters_x.json must be a JSON object with one entry an id, not a list"),
    ('"v"', "must be a JSON object with one entry an id, not a str"),
    ("", "chapters_x.json is empty"),
    ("  \n", "is empty"),
    ('{"v":' * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN_FILES)
def test_a_file_that_cannot_be_read_is_one_error_that_names_it(content: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, content, {"v": SPEECH})
    with pytest.raises(BadInput) as raised:
        chapter_llama.read(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_in_another_encoding_is_refused_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    write(tmp_path, {"v": METADATA}, {"v": SPEECH})
    (tmp_path / "chapters_x.json").write_bytes('{"v": {"title": "é"}}'.encode("latin-1"))
    with pytest.raises(BadInput, match=r"chapters_x\.json is not UTF-8 \(byte 17\)"):
        chapter_llama.read(tmp_path)
    (tmp_path / "chapters_x.json").write_text('{"v": {"title": "é"}}', encoding="utf-8-sig")
    assert split(tmp_path)[0]["v"].transcript.title == "é"


@pytest.mark.parametrize(
    ("path", "asr", "message"),
    [
        ("gone.json", None, "gone.json can't be read"),
        ("empty", None, r"empty has no chapters\*.json or transcripts\*.json"),
        ("mute", None, r"mute has no asrs\*.json"),
        ("mute/chapters_x.json", None, "has no speech file of the same name"),
        ("mute/other.json", None, "has no speech file of the same name"),
        ("mute", "gone.json", "gone.json can't be read"),
        ("rejects.jsonl", "asrs_x.json", "holds the speech in its own lines"),
    ],
)
def test_files_that_are_not_found_are_named(path: str, asr: str | None, message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "mute").mkdir()
    for name in ("chapters_x.json", "other.json"):
        (tmp_path / "mute" / name).write_text("{}")
    with pytest.raises(BadInput, match=message):
        chapter_llama.read(tmp_path / path, tmp_path / asr if asr else None)


def test_rejects_once_mended_are_imported_from_their_own_file(tmp_path: Path) -> None:
    metadata = {"good": METADATA, "mend": {**METADATA, "duration": float("nan"), "upload_date": "2024"}, "mute": {}}
    _, bad = split(write(tmp_path, metadata, {"good": SPEECH, "mend": SPEECH}))
    rejects = tmp_path / "rejects.jsonl"
    assert write_rejects(rejects, bad.values()) == 2
    lines = [json.loads(line, parse_constant=pytest.fail) for line in rejects.read_text().splitlines()]
    assert lines[0]["_rejected"] == {
        "file": str(tmp_path / "chapters_x.json"),
        "row": "mend",
        "reason": "duration must be a number, not 'NaN'",
    }
    assert {row.raw["video_id"]: row.reason for row in split(rejects)[1].values()} == {
        row: item.reason for row, item in bad.items()
    }
    lines[0]["metadata"]["duration"] = 12
    lines[1]["asr"] = SPEECH
    rejects.write_text("\n".join(map(json.dumps, lines)))
    good, left = split(rejects)
    assert (sorted(good), left) == (["mend", "mute"], {})
    assert good["mend"].reference == (Chapter(0.0, "Opening"), Chapter(4.5, "Soil"))


words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30).map(tidy)
titles = words.filter(is_seen)
seconds = st.one_of(st.integers(0, 40_000), st.floats(0, 40_000)).map(lambda value: value + 0.0)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    begins = sorted(draw(st.lists(seconds, min_size=1, max_size=6)))
    segments = tuple(
        Segment(begin, begin + draw(seconds), draw(titles), draw(st.none() | words.filter(bool))) for begin in begins
    )
    last_end = max(segment.end for segment in segments) or 1.0
    duration = last_end + draw(st.floats(0, 6_000))
    title, description, channel = draw(words), draw(words), draw(words)
    return Transcript(draw(titles), segments, duration, "seconds", title, description, channel)


@st.composite
def chaptered(draw: st.DrawFn) -> ImportedTranscript:
    transcript = draw(transcripts())
    starts = sorted(draw(st.sets(st.floats(0, transcript.duration).map(lambda value: value + 0.0), max_size=5)))
    reference = tuple(Chapter(start, draw(titles)) for start in starts)
    return ImportedTranscript(transcript, draw(st.none() | st.just(reference)), NOWHERE)


def exported(arrival: ImportedTranscript) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    transcript = arrival.transcript
    names = ("text", "start", "end", "speaker")
    speech = {name: [getattr(segment, name) for segment in transcript.segments] for name in names}
    metadata = {
        "duration": transcript.duration,
        "title": transcript.title,
        "description": transcript.description,
        "channel_id": transcript.channel,
    }
    if arrival.reference is not None:
        metadata["chapters"] = {f"{item.start:,}": item.title for item in arrival.reference}
    return metadata, speech


@given(arrival=chaptered(), in_dicts=st.booleans())
def test_what_is_written_in_either_shape_is_read_back_equal(
    arrival: ImportedTranscript, in_dicts: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    metadata, speech = exported(arrival)
    video_id = arrival.transcript.external_id
    folder = tmp_path_factory.mktemp("round_trip")
    write(folder, {video_id: metadata}, {video_id: as_dicts(speech) if in_dicts else speech})
    assert list(chapter_llama.read(folder)) == [arrival]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    metadata=anything | st.fixed_dictionaries({}, optional=dict.fromkeys(METADATA, anything)),
    speech=anything | st.fixed_dictionaries({}, optional=dict.fromkeys(SPEECH, anything)),
)
def test_no_row_stops_the_file_or_gets_lost(
    metadata: Any, speech: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write(tmp_path_factory.mktemp("fuzz"), {"x": metadata, "v": METADATA}, {"x": speech, "v": SPEECH})
    odd, good = list(chapter_llama.read(folder))
    assert isinstance(good, ImportedTranscript)
    if isinstance(odd, Rejected):
        write_rejects(folder / "rejects.jsonl", [odd])
        (again,) = chapter_llama.read(folder / "rejects.jsonl")
        assert isinstance(again, Rejected) and again.reason == odd.reason
