"""Which format a file is taken for."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from errata.errors import BadInput
from errata.formats import detect
from errata.formats.kinds import FORMATS, kind, label
from errata.formats.source_rows import ImportedTranscript, Rejected, write_rejects
from tests.platform.talk_files import (
    CHAPTERS,
    CONTENT,
    MEETING,
    REJECT,
    REVIEW,
    SPEECH,
    SRT,
    VTT,
    WHISPER,
    arrivals,
    write,
)


@pytest.mark.parametrize("ending", ["txt", "data", "vtt", ""])
@pytest.mark.parametrize("name", list(CONTENT))
def test_a_file_is_told_by_its_content_whatever_its_name(name: str, ending: str, tmp_path: Path) -> None:
    file = write(tmp_path / f"talk.{ending}".rstrip("."), CONTENT[name])
    assert label(kind(file)) == FORMATS[name].label


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("talk.txt", "Hello. WEBVTT is a format.", "plain text"),
        ("talk.srt", "%PDF-1.4", "SubRip"),
        ("talk.vtt", "WEBV", "WebVTT"),
        ("talk.irc", "[0:00:0", "a chat log"),
        ("talk.html", "<html>", "a Podcasting 2.0 transcript in HTML"),
        ("talk.info.json", {"segments": []}, "a yt-dlp info file"),
        ("m.jsonl", MEETING, "meetings"),
        ("m.jsonl", REJECT, "rows that were rejected"),
        ("m.jsonl", {**MEETING, "_rejected": {}}, "rows that were rejected"),
        ("m.jsonl", '{"torn', "rows that were rejected"),
        ("c.json", CHAPTERS, "a list of chapters"),
        ("chapters.json", {}, "chapter-llama data"),
        ("chapters.json", {"a": None, "b": {}}, "chapter-llama data"),
        ("whisper.json", WHISPER["segments"], "Whisper JSON"),
    ],
)
def test_what_the_content_cannot_tell_the_name_does(name: str, content: Any, said: str, tmp_path: Path) -> None:
    assert label(kind(write(tmp_path / name, content))) == said


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("film.mp4", "\0ftyp", r"film\.mp4 is in no format that can be read; accepted are .*WebVTT"),
        ("notes.md", "Hello.", r"notes\.md is in no format"),
        ("package.json", {"name": "x", "author": {"name": "Ann"}}, r"package\.json is in no format"),
        ("talk.json3", {"wireMagic": "pb3", "events": [{"id": 1}]}, r"talk\.json3 is in no format"),
        ("asrs_x.json", {"v": SPEECH}, r"asrs_x\.json is speech without metadata; name the metadata file"),
        ("a" * 5000, None, r"can't be read \(File name too long\)"),
        ("list.json", [1, 2], r"list\.json is in no format"),
        ("word.json", '"word"', r"word\.json is in no format"),
        ("torn.json", '{"segments": [', r"torn\.json: not JSON \(Expecting value, line 1, column 15\)"),
        ("empty.vtt", " ", r"empty\.vtt is empty"),
        ("export.json", [{"data": {"video_id": "v"}, "annotations": []}], r"export\.json holds corrections"),
        ("sheet.csv", "video_id,start,title\nv,0,a\n", r"sheet\.csv holds corrections"),
        ("hub.jsonl", {"fields": {}, "responses": {}, "id": "v"}, r"hub\.jsonl holds corrections"),
        ("reviews.jsonl", REVIEW, r"reviews\.jsonl holds corrections; import it with `errata import corrections`"),
    ],
)
def test_one_file_in_no_format_is_an_error_that_says_what_to_do(
    name: str, content: Any, message: str, tmp_path: Path
) -> None:
    file = tmp_path / name if content is None else write(tmp_path / name, content)
    with pytest.raises(BadInput, match=message):
        detect.transcripts(file)
    with pytest.raises(BadInput, match=r"gone\.vtt is not there"):
        detect.transcripts(tmp_path / "gone.vtt")


def test_a_format_that_is_named_is_the_one_that_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "talk.txt", SRT)
    assert detect.transcripts(file).label == "SubRip"
    assert detect.transcripts(file, name="text").label == "plain text"
    (as_text,) = detect.transcripts(file, name="text").rows
    assert isinstance(as_text, ImportedTranscript) and as_text.transcript.unit == "words"
    (as_vtt,) = detect.transcripts(file, name="webvtt").rows
    assert isinstance(as_vtt, Rejected) and "its first line must be WEBVTT" in as_vtt.reason
    with pytest.raises(BadInput, match="'vtt' is no format; name auto, or one of yt-dlp, podcast, whisper, webvtt"):
        detect.transcripts(file, name="vtt")


@pytest.mark.parametrize("name", ["webvtt", "whisper", "chat", "meetings", "text"])
def test_a_speech_file_that_belongs_to_nothing_is_refused(name: str, tmp_path: Path) -> None:
    file, speech = write(tmp_path / "talk", VTT), write(tmp_path / "asrs.json", {})
    with pytest.raises(BadInput, match=f"is {FORMATS[name].label} and has no speech file; leave .* out"):
        detect.transcripts(file, speech, name)
    with pytest.raises(BadInput, match="has no chapter-llama files, to which a speech file could belong"):
        detect.transcripts(write(tmp_path / "folder/talk.vtt", VTT).parent, speech)


def test_a_file_that_could_not_be_read_is_to_be_mended_itself_not_in_the_rejects(tmp_path: Path) -> None:
    file = write(tmp_path / "talk.vtt", "WEBVTT\n")
    write_rejects(
        tmp_path / "rejects.jsonl", [item for item in detect.transcripts(file).rows if isinstance(item, Rejected)]
    )
    (again,) = detect.transcripts(tmp_path / "rejects.jsonl").rows
    assert isinstance(again, Rejected) and again.reason.startswith("nothing of the row is kept here; mend the file")
    write(file, VTT)
    assert arrivals(file) == ["talk"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(VTT.encode(), mtime=0), "is compressed; unpack it first"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3", "is a PDF; save its words as text"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "is a picture; leave it out"),
        (b"ID3\x03\0\0\0\xff", "is a recording; transcribe it first"),
        (b"\0\0\0\x20ftypisom\xff", "is a recording; transcribe it first"),
        (b"PK\x03\x04\x14\0\x06\0\xff\xfe", "is a zip archive or an Office document"),
        (b"{\\rtf1\\ansi Hello there.}", "is rich text"),
        ("Hello there.".encode("utf-16-le"), "is UTF-16 or UTF-32 without the mark"),
        ("Hello there.".encode("utf-32"), "is UTF-16 or UTF-32 without the mark"),
    ],
)
@pytest.mark.parametrize("ending", [".txt", ".srt", ".json"])
def test_a_file_that_is_no_text_is_told_what_it_is(content: bytes, said: str, ending: str, tmp_path: Path) -> None:
    (tmp_path / f"talk{ending}").write_bytes(content)
    with pytest.raises(BadInput, match=said):
        list(detect.transcripts(tmp_path / f"talk{ending}").rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [("TALK.TXT", "Hello there."), ("TALK.VTT", VTT), ("TALK.JSON", WHISPER), ("TALK.SRT", SRT)],
)
def test_endings_in_capitals_are_the_same_endings(name: str, content: Any, tmp_path: Path) -> None:
    write(tmp_path / name, content)
    assert arrivals(tmp_path / name) == arrivals(tmp_path) == ["TALK"]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "talk.srt")
    write(tmp_path / "other.srt", SRT)
    with pytest.raises(BadInput, match="is a pipe, which can be read but once"):
        detect.transcripts(tmp_path / "talk.srt")
    assert [row.row for row in detect.transcripts(tmp_path).rows if isinstance(row, Rejected)] == ["talk"]


def test_a_second_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(f"\ufeff\ufeff{SRT}")
    assert arrivals(tmp_path / "talk.srt") == ["talk"]


def test_a_name_as_long_as_a_disk_takes_is_read(tmp_path: Path) -> None:
    name = "ü" * 125  # of 255 bytes, so that nothing fits behind it
    write(tmp_path / f"{name}.srt", SRT)
    assert arrivals(tmp_path / f"{name}.srt") == arrivals(tmp_path) == [name]
