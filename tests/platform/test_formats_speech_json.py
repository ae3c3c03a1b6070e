"""JSON of whisper.cpp, transformers and youtube-transcript-api, and chats of streams; JSONL that is called .json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.domain.transcript import Segment
from errata.errors import BadInput
from errata.formats import detect
from errata.formats.kinds import kind, label
from errata.formats.source_rows import ImportedTranscript, Rejected


def message(words: str, author: str, shown: str, at: str) -> dict[str, Any]:
    renderer = {"message": {"runs": [{"text": words}]}, "authorName": {"simpleText": author}}
    item = {"liveChatTextMessageRenderer": {**renderer, "timestampText": {"simpleText": shown}}}
    return {"replayChatItemAction": {"actions": [{"addChatItemAction": {"item": item}}], "videoOffsetTimeMsec": at}}


GIFT = {"replayChatItemAction": {"actions": [{"addChatItemAction": {"item": {"liveChatGift": {}}}}]}}
CPP = {"offsets": {"from": 0, "to": 6000}, "text": " We card wool.", "speaker": "?"}
SAID: dict[str, tuple[Any, str, list[Segment]]] = {
    "whisper.cpp": (
        {"systeminfo": "", "result": {"language": "en"}, "transcription": [CPP, {**CPP, "speaker": "1"}]},
        "whisper.cpp JSON",
        [Segment(0.0, 6.0, "We card wool."), Segment(0.0, 6.0, "We card wool.", "1")],
    ),
    "youtube-transcript-api": (
        [
            {"text": "hey &#39;folks&#39;", "start": 0.0, "duration": 4.97},
            {"text": "we have wool", "start": 3.5, "duration": 6},
        ],
        "a transcript of youtube-transcript-api",
        [Segment(0.0, 4.97, "hey 'folks'"), Segment(3.5, 9.5, "we have wool")],
    ),
    "its snippets": (
        {"video_id": "x", "snippets": [{"text": "hey", "start": 1.0, "duration": 2.0}]},
        "a transcript of youtube-transcript-api",
        [Segment(1.0, 3.0, "hey")],
    ),
    "chunks": (
        {
            "text": "",
            "chunks": [
                {"timestamp": [0.0, 4.0], "text": " We card our wool."},
                {"timestamp": [4.0, None], "text": " Then it dries."},
            ],
        },
        "transformers' chunks",
        [Segment(0.0, 4.0, "We card our wool."), Segment(4.0, 7.0, "Then it dries.")],
    ),
    "words": (
        [
            {"timestamp": [0.0, 0.4], "text": " It"},
            {"timestamp": [0.4, 0.9], "text": " dries."},
            {"timestamp": [1.0, 1.5], "text": " We"},
            {"timestamp": [3.0, 3.5], "text": " card"},
        ],
        "transformers' chunks",
        [Segment(0.0, 0.9, "It dries."), Segment(1.0, 1.5, "We"), Segment(3.0, 3.5, "card")],
    ),
    "chat-downloader": (
        [
            {"message_id": "a", "time_in_seconds": -12, "message": "is it on?", "author": {"name": "fen"}},
            {"message_id": "b", "time_in_seconds": 33, "message": "hello", "author": {"name": "mira"}},
            {"message_id": "c", "time_in_seconds": 34, "message": None, "author": {}},
        ],
        "a stream's chat",
        [Segment(0.0, 0.0, "is it on?", "fen"), Segment(33.0, 33.0, "hello", "mira")],
    ),
    "TwitchDownloader": (
        {
            "streamer": {"name": "mira", "id": 7},
            "video": {"title": "Pond life", "length": 60.0, "chapters": []},
            "comments": [
                {"content_offset_seconds": 16, "commenter": {"display_name": "Fen"}, "message": {"body": "a newt!"}},
                {"content_offset_seconds": 17.5, "commenter": None, "message": {"body": "gone", "user_badges": []}},
                {"content_offset_seconds": 18, "commenter": {"name": "bo"}, "message": {"body": " "}},
            ],
        },
        "a Twitch stream's chat",
        [Segment(16.0, 16.0, "a newt!", "Fen"), Segment(17.5, 17.5, "gone")],
    ),
    "twitch-dl": (
        {
            "video": {"id": "5", "title": "Pond life", "lengthSeconds": 60, "owner": {"id": "7", "login": "mira"}},
            "video_comments": {"badges": []},
            "comments": [
                {
                    "contentOffsetSeconds": 16,
                    "commenter": {"displayName": "Fen"},
                    "message": {"fragments": [{"emote": None, "text": "a "}, {"emote": {"id": "1"}, "text": "NEWT"}]},
                },
                {"contentOffsetSeconds": 17, "commenter": None, "message": {"fragments": [{"text": "gone"}]}},
                {"contentOffsetSeconds": 18, "commenter": {"login": "bo"}, "message": {"fragments": []}},
            ],
        },
        "a Twitch recording's chat",
        [Segment(16.0, 16.0, "a NEWT", "Fen"), Segment(17.0, 17.0, "gone")],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_each_is_told_by_its_content_and_read(name: str, tmp_path: Path) -> None:
    content, said, segments = SAID[name]
    file = tmp_path / "talk.json"
    file.write_text(json.dumps(content, indent=1))
    (arrival,) = detect.transcripts(file).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    assert (label(kind(file)), arrival.transcript.segments) == (said, tuple(segments))


@pytest.mark.parametrize("name", ["talk.live_chat.json", "talk.jsonl", "talk.json"])
def test_a_live_chat_is_read_a_message_a_line(name: str, tmp_path: Path) -> None:
    rows = [message("hello", "fen", "-0:42", "0"), GIFT, message("a newt!", "mira", "0:16", "16490")]
    (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (arrival,) = detect.transcripts(tmp_path / name).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    assert arrival.transcript.segments == (Segment(0.0, 0.0, "hello", "fen"), Segment(16.49, 16.49, "a newt!", "mira"))
    assert arrival.adjustments == {"before the start": 1}


@pytest.mark.parametrize("name", ["talk.jsonl", "talk.json"])
def test_segments_a_line_are_whispers(name: str, tmp_path: Path) -> None:
    rows = [{"start": 0, "end": 2, "text": "We card."}, {"start": 2, "end": 4, "text": "It dries."}]
    (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (arrival,) = detect.transcripts(tmp_path / name).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    assert arrival.transcript.segments == (Segment(0.0, 2.0, "We card."), Segment(2.0, 4.0, "It dries."))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"transcription": [{"offsets": {"from": 0}, "text": "a"}]}, "segment 0's to must be a number, not None"),
        ({"transcription": [{"text": "a"}]}, "segment 0's offsets must be a JSON object, not None"),
        ([{"text": "a", "start": 0, "duration": "x"}], "snippet 0's duration must be a number, not 'x'"),
        ({"chunks": [{"timestamp": [0.0], "text": "a"}]}, "chunk 0's timestamp must be a start and an end, not [0.0]"),
        ({"chunks": [{"timestamp": [None, 1], "text": "a"}]}, "chunk 0's start must be a number, not None"),
        ([{"time_in_seconds": None, "message": "a"}], "message 0 has no time_in_seconds; download the chat of"),
        ([{"time_in_seconds": 3, "message": " "}], "no message with words is in it"),
        ({"streamer": {}, "comments": [{"message": {"body": "a"}}]}, "comment 0's content_offset_seconds must be a"),
        ({"streamer": {}, "comments": []}, "no message with words is in it; leave it out"),
        ({"streamer": {}, "video": 3, "comments": []}, "video must be a JSON object, not 3"),
    ],
)
def test_what_is_broken_is_refused_by_its_place(content: Any, reason: str, tmp_path: Path) -> None:
    (tmp_path / "talk.json").write_text(json.dumps(content))
    (refused,) = detect.transcripts(tmp_path / "talk.json").rows
    assert isinstance(refused, Rejected) and reason in refused.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1}\n{"a": 2}\n', "has a JSON object a line, as JSONL has, but of no kind that can be read"),
        ('{"a": 1} x', r"not JSON \(more follows its end, line 1, column 10\); export it again, or name it \.jsonl"),
        ('{"a": 1', r"not JSON \(Expecting ',' delimiter, .*\); it is broken or cut off"),
    ],
)
def test_json_that_is_none_is_told_the_right_cause(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "talk.json").write_text(text)
    with pytest.raises(BadInput, match=reason):
        detect.transcripts(tmp_path / "talk.json")


def test_rows_that_were_rejected_are_known_by_their_content_too(tmp_path: Path) -> None:
    row = {"video_id": "x", "metadata": {}, "asr": {"text": ["a"], "start": [0], "end": [1]}}
    (tmp_path / "mended.json").write_text(json.dumps(row) + "\n" + json.dumps({**row, "video_id": "y"}) + "\n")
    results = detect.transcripts(tmp_path / "mended.json").rows
    assert [item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)] == ["x", "y"]


@pytest.mark.parametrize("name", ["TwitchDownloader", "twitch-dl"])
def test_a_twitch_chat_has_its_streams_title_channel_and_length(name: str, tmp_path: Path) -> None:
    content, _, _ = SAID[name]
    (tmp_path / "pond.json").write_text(json.dumps(content))
    (arrival,) = detect.transcripts(tmp_path / "pond.json").rows
    assert isinstance(arrival, ImportedTranscript), arrival
    found = arrival.transcript
    assert (found.external_id, found.title, found.channel, found.duration) == ("pond", "Pond life", "mira", 60.0)
