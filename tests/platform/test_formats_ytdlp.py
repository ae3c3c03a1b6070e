"""yt-dlp's info files: which captions are read, which chapters are the reference, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.formats import detect, ytdlp
from errata.formats.source_rows import ImportedTranscript, LeftOut, Rejected, SourceRow, write_rejects

INFO: dict[str, Any] = {
    "id": "dQw4w9WgXcQ",
    "title": "Gardens  and soil",
    "description": "0:00 Intro\n0:05 Soil",
    "channel": "Green",
    "channel_id": "UC123",
    "upload_date": "20240131",
    "duration": 12,
    "language": "en",
    "webpage_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "extractor": "youtube",
    "_type": "video",
    "chapters": [
        {"start_time": 0, "end_time": 2, "title": "<Untitled Chapter 1>"},
        {"start_time": 2.0, "end_time": 5.5, "title": "Intro"},
        {"start_time": 5.5, "end_time": 12, "title": "Soil"},
    ],
}
JSON3 = {
    "wireMagic": "pb3",
    "pens": [{}],
    "events": [
        {"tStartMs": 0, "dDurationMs": 12_000, "id": 1, "wpWinPosId": 1, "wsWinStyleId": 1},
        {
            "tStartMs": 160,
            "dDurationMs": 4390,
            "wWinId": 1,
            "segs": [{"utf8": "hello"}, {"utf8": " you", "tOffsetMs": 320}],
        },
        {"tStartMs": 2390, "dDurationMs": 2160, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 2400, "dDurationMs": 3000, "wWinId": 1, "segs": [{"utf8": "soil\nfirst"}]},
    ],
}
SEGMENTS = (Segment(0.16, 4.55, "hello you"), Segment(2.4, 5.4, "soil first"))
REFERENCE = (Chapter(2.0, "Intro"), Chapter(5.5, "Soil"))


def vtt(words: str) -> str:
    return f"WEBVTT\n\n00:01.000 --> 00:09.000\n{words}\n"


def srt(words: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:09,000\n{words}\n"


def write(folder: Path, info: Any, name: str = "talk [x]", **captions: Any) -> Path:
    for ending, text in captions.items():
        file = folder / f"{name}.{ending.replace('_', '.').replace('..', '-')}"
        file.write_text(text if isinstance(text, str) else json.dumps(text))
    file = folder / f"{name}.info.json"
    file.write_text(info if isinstance(info, str) else json.dumps(info))
    return file


def one(path: Path, asr: Path | None = None) -> ImportedTranscript:
    (arrival,) = detect.transcripts(path, asr).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    return arrival


def test_every_field_is_where_it_belongs(tmp_path: Path) -> None:
    assert one(write(tmp_path, INFO, en_json3=JSON3)) == ImportedTranscript(
        Transcript(
            external_id="dQw4w9WgXcQ",
            segments=SEGMENTS,
            duration=12.0,
            title="Gardens and soil",
            description="0:00 Intro\n0:05 Soil",
            channel="UC123",
        ),
        REFERENCE,
        SourceRow("", 0, None),
    )


@pytest.mark.parametrize(
    ("captions", "language", "read"),
    [
        ({"en_vtt": vtt("v"), "en_srt": srt("s"), "en_json3": JSON3}, "en", "hello you soil first"),
        ({"en_vtt": vtt("v"), "en_srt": srt("s")}, "en", "v"),
        ({"en_srt": srt("s")}, "en", "s"),
        ({"vtt": vtt("v")}, "en", "v"),
        ({"de_vtt": vtt("d"), "en_srt": srt("s")}, "en", "s"),
        ({"de_vtt": vtt("d"), "en__US_vtt": vtt("us")}, "en", "us"),
        ({"en_vtt": vtt("e"), "en__US_vtt": vtt("us")}, "en-US", "us"),
        ({"af_vtt": vtt("a"), "fr__orig_vtt": vtt("o"), "en_vtt": vtt("e")}, None, "o"),
        ({"de_vtt": vtt("d"), "en_srt": srt("s")}, None, "d"),
    ],
)
def test_of_several_captions_those_in_the_videos_language_are_read(
    captions: dict[str, Any], language: str | None, read: str, tmp_path: Path
) -> None:
    arrival = one(write(tmp_path, {**INFO, "language": language}, **captions))
    assert " ".join(arrival.transcript.text.split()) == read


@pytest.mark.parametrize(("chapters", "reference"), [(None, None), ([], ())])
def test_no_chapters_and_an_empty_list_are_different_answers(chapters: Any, reference: Any, tmp_path: Path) -> None:
    assert one(write(tmp_path, {**INFO, "chapters": chapters}, en_vtt=vtt("v"))).reference == reference


def test_a_video_without_a_channel_id_has_its_channels_name(tmp_path: Path) -> None:
    info = {name: value for name, value in INFO.items() if name not in ("channel_id", "duration", "_type")}
    arrival = one(write(tmp_path, info, en_vtt=vtt("v")))
    assert (arrival.transcript.channel, arrival.transcript.duration) == ("Green", 9.0)


def test_a_folder_has_a_talk_for_each_info_and_none_for_what_belongs_to_it(tmp_path: Path) -> None:
    write(tmp_path, INFO, "a", en_vtt=vtt("v"), de_srt=srt("s"), live__chat_json="{}\n{}", description="no captions")
    write(tmp_path, {**INFO, "id": "other"}, "a.b", en_vtt=vtt("w"))
    (tmp_path / "a.mp4").write_bytes(b"\0\xff")
    (tmp_path / "a.webp").write_bytes(b"RIFF\0\xff")
    found = list(detect.transcripts(tmp_path).rows)
    assert [item.transcript.text for item in found if isinstance(item, ImportedTranscript)] == ["w", "v"]
    assert len(found) == 2
    assert detect.transcripts(tmp_path).label == "a yt-dlp info file (2 files)"


def test_what_begins_with_an_infos_name_and_is_another_talk_is_not_lost(tmp_path: Path) -> None:
    write(tmp_path, INFO, "1", en_vtt=vtt("v"))
    (tmp_path / "1.f137.mp4.part").write_bytes(b"\0")
    (tmp_path / "1. Introduction.vtt").write_text(vtt("another"))
    found = [item.transcript.text for item in detect.transcripts(tmp_path).rows if isinstance(item, ImportedTranscript)]
    assert sorted(found) == ["another", "v"]


@pytest.mark.parametrize("name", ["auto", "yt-dlp"])
def test_a_folder_is_listed_once_however_many_videos_are_in_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(20):
        write(tmp_path, {**INFO, "id": f"v{at}"}, f"{at}", en_vtt=vtt(f"words {at}"))
    listed: list[Path] = []
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: (listed.append(self), iterdir(self))[1])
    assert sum(isinstance(item, ImportedTranscript) for item in detect.transcripts(tmp_path, name=name).rows) == 20
    assert listed == [tmp_path]


def test_where_no_captions_are_whispers_json_of_that_name_is_read(tmp_path: Path) -> None:
    spoken = {"segments": [{"start": 0, "end": 6, "text": "Heard.", "speaker": "SPEAKER_00"}]}
    path = write(tmp_path, INFO, json=spoken)
    (arrival,) = detect.transcripts(tmp_path).rows
    assert arrival == one(path)
    assert one(path).transcript.segments == (Segment(0.0, 6.0, "Heard.", "SPEAKER_00"),)
    assert one(path).reference == REFERENCE
    assert one(write(tmp_path, INFO, de_vtt=vtt("d"))).transcript.text == "d"


def test_captions_that_lie_elsewhere_are_named(tmp_path: Path) -> None:
    captions = tmp_path / "elsewhere.vtt"
    captions.write_text(vtt("v"))
    assert one(write(tmp_path, INFO), captions).transcript.text == "v"


def info(**changed: Any) -> dict[str, Any]:
    return {**INFO, **changed}


def chaptered(**changed: Any) -> dict[str, Any]:
    return info(chapters=[{"start_time": 0, "title": "Intro"}, {"start_time": 5, "title": "Soil", **changed}])


BROKEN_INFO = {
    "torn": (json.dumps(INFO)[:100], "not JSON"),
    "nul": ("{\0}", "not JSON"),
    "list": ([], "must be a JSON object"),
    "twice": ('{"id": "a", "id": "b"}', "the file has the key 'id' twice"),
    "channel": (info(_type="url"), "it tells of a 'url', not of a video; leave it out"),
    "no-id": (info(id=None), "video_id must be text, not None"),
    "id": (info(id=7), "video_id must be text, not 7"),
    "title": (info(title=7), "title must be text, not 7"),
    "surrogate": (info(description="\ud800"), "description has half a character"),
    "duration": (info(duration="12"), "duration must be a number, not '12'"),
    "days": (info(duration=90_000), "a day or more"),
    "chapters": (info(chapters={}), "chapters must be a list, not {}"),
    "chapter": (info(chapters=["Intro"]), "chapter 0 must be a JSON object, not 'Intro'"),
    "start": (chaptered(start_time=None), "chapter 1's start_time must be a number, not None"),
    "nan": (chaptered(start_time=float("nan")), "chapter 1's start_time must be a number, not 'NaN'"),
    "negative": (chaptered(start_time=-5), "chapter 1's start_time is -5"),
    "same": (chaptered(start_time=0), "has the key '0.0' twice"),
    "late": (chaptered(start_time=99), "starts at 99, after the end of 'dQw4w9WgXcQ' (12)"),
    "number": (chaptered(title=5), "title must be text, not 5"),
}
BROKEN_JSON3 = {
    "c-torn": (json.dumps(JSON3)[:80], "in its captions, c-torn.en.json3: not JSON"),
    "c-list": ([], "the file must be a JSON object, not []"),
    "c-events": ({"wireMagic": "pb3"}, "events must be a list, not None"),
    "c-segs": ({"events": [{"segs": "hello"}]}, "event 0's segs must be a list, not 'hello'"),
    "c-part": ({"events": [{"segs": ["hello"]}]}, "event 0's part 0 must be a JSON object, not 'hello'"),
    "c-words": ({"events": [{"segs": [{"utf8": 5}]}]}, "event 0's utf8 must be text, not 5"),
    "c-nan": ({"events": [{"tStartMs": float("nan"), "segs": []}]}, "event 0's tStartMs must be a number, not 'NaN'"),
    "c-back": ({"events": [{"dDurationMs": -1, "segs": []}]}, "event 0's dDurationMs is -1"),
    "c-mute": ({"events": [{"segs": [{"utf8": "\n"}]}]}, "is empty"),
}
BROKEN_VTT = {
    "v-empty": ("", "v-empty.en.vtt is empty"),
    "v-torn": ("WEBVTT\n\n00:01.0", "in its captions, v-torn.en.vtt: no cue is in it"),
    "v-unsorted": (f"{vtt('a')}\n00:00.500 --> 00:01.000\nb\n", "sort the segments by start"),
}


def test_each_broken_file_of_a_folder_is_refused_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    for name, (value, _) in BROKEN_INFO.items():
        write(tmp_path, value, name, en_vtt=vtt("v"))
    for name, (value, _) in BROKEN_JSON3.items():
        write(tmp_path, info(id=name), name, en_json3=value)
    for name, (value, _) in BROKEN_VTT.items():
        write(tmp_path, info(id=name), name, en_vtt=value)
    write(tmp_path, info(id="mute"), "mute")
    write(tmp_path, info(id="PL1", _type="playlist"), "all")
    write(tmp_path, info(id="good"), "good", en_vtt=vtt("word " * 200_000))
    write(tmp_path, info(id="good"), "later", en_vtt=vtt("other words"))
    reasons = {name: reason for name, (_, reason) in (BROKEN_INFO | BROKEN_JSON3 | BROKEN_VTT).items()}
    reasons["later"] = f"video 'good' stands a second time, first in {tmp_path / 'good.info.json'}"
    results = list(detect.transcripts(tmp_path).rows)
    assert [item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)] == ["good"]
    left_out = {item.row: item.reason for item in results if isinstance(item, LeftOut)}
    assert left_out == {"mute.info": "without captions", "all.info": "playlist's info file"}
    bad = {str(item.row): item for item in results if isinstance(item, Rejected) and item.row not in left_out}
    assert set(bad) == {f"{name}.info" for name in reasons} and len(results) == len(bad) + 3
    for name, reason in reasons.items():
        assert reason in bad[f"{name}.info"].reason
        assert bad[f"{name}.info"].file == str(tmp_path / f"{name}.info.json")


def test_a_video_without_captions_that_is_named_is_refused(tmp_path: Path) -> None:
    (refused,) = detect.transcripts(write(tmp_path, INFO)).rows
    assert isinstance(refused, Rejected) and "no captions are beside it; download them (yt-dlp" in refused.reason


def test_youtubes_xml_is_read_as_its_json_is(tmp_path: Path) -> None:
    srv3 = '<timedtext format="3"><body><p t="160" d="4390"><s>hello</s><s t="320"> you</s></p>'
    srv3 += '<p t="2400" d="3000">soil\nfirst</p></body></timedtext>'
    srv1 = '<?xml version="1.0" encoding="utf-8" ?><transcript><text start="0.16" dur="4.39">hello you</text>'
    srv1 += '<text start="2.4" dur="3">soil &amp;amp; first</text></transcript>'
    assert one(write(tmp_path, INFO, en_srv3=srv3)).transcript.segments == SEGMENTS
    (tmp_path / "alone.srv1").write_text(srv1)
    assert [segment.text for segment in one(tmp_path / "alone.srv1").transcript.segments] == [
        "hello you",
        "soil & first",
    ]


def test_an_event_without_a_start_goes_on_where_the_one_before_ended(tmp_path: Path) -> None:
    events = [*JSON3["events"], {"dDurationMs": 1000, "segs": [{"utf8": "last"}]}]
    (tmp_path / "alone.json3").write_text(json.dumps({"events": events}))
    assert one(tmp_path / "alone.json3").transcript.segments == (*SEGMENTS, Segment(5.4, 6.4, "last"))


def test_a_video_that_was_refused_can_be_mended_in_the_rejects(tmp_path: Path) -> None:
    (refused,) = detect.transcripts(write(tmp_path, chaptered(start_time=99), en_vtt=vtt("v"))).rows
    assert isinstance(refused, Rejected)
    rejects = tmp_path / "rejects.jsonl"
    write_rejects(rejects, [refused])
    rejects.write_text(rejects.read_text().replace('"99.0"', '"9"'))
    assert one(rejects).reference == (Chapter(0.0, "Intro"), Chapter(9.0, "Soil"))


milliseconds = st.lists(st.integers(0, 80_000_000), min_size=1, max_size=6).map(sorted)


@given(starts=milliseconds, data=st.data())
def test_events_that_are_written_are_read_back_equal(
    starts: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lengths = [data.draw(st.integers(1, 9000)) for _ in starts]
    events = [
        {"tStartMs": start, "dDurationMs": length, "segs": [{"utf8": f"word {at}"}, {"utf8": " and"}]}
        for at, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]
    plain = {**INFO, "chapters": None, "duration": None}
    path = write(tmp_path_factory.mktemp("json3"), plain, en_json3={"events": events})
    assert one(path).transcript.segments == tuple(
        Segment(start / 1000, (start + length) / 1000, f"word {at} and")
        for at, (start, length) in enumerate(zip(starts, lengths, strict=True))
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
chapters = st.lists(
    st.fixed_dictionaries({}, optional={"start_time": anything, "title": anything}) | anything, max_size=3
)
part = st.fixed_dictionaries({}, optional={"utf8": anything})
event = st.fixed_dictionaries(
    {}, optional={"tStartMs": anything, "dDurationMs": anything, "segs": st.lists(part) | anything}
)


@given(
    changed=st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "language", "_type", "duration"), anything)),
    given_chapters=chapters | anything,
    events=st.lists(event | anything, max_size=3),
)
def test_no_file_is_lost_or_stops_the_reading(
    changed: dict[str, Any], given_chapters: Any, events: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = write(folder, {**INFO, "chapters": given_chapters, **changed}, en_json3={"events": events}, de_vtt=vtt("v"))
    (found,) = ytdlp.read(path)
    assert isinstance(found, ImportedTranscript | Rejected)
