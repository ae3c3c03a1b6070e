"""Which format a file is taken for, and what a folder of several formats gives."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats import detect
from errata.formats.kinds import FORMATS, kind, label
from errata.formats.source_rows import ImportedTranscript, LeftOut, Rejected, write_rejects
from errata.operations.refusals import refusals

WORDS = "Hello there. Soil first."
VTT = f"WEBVTT\n\n00:01.000 --> 00:09.000\n{WORDS}\n"
SRT = f"1\n00:00:01,000 --> 00:00:09,000\n{WORDS}\n"
WHISPER: dict[str, Any] = {"text": WORDS, "segments": [{"start": 1, "end": 9, "text": WORDS}], "language": "en"}
PODCAST: dict[str, Any] = {"version": "1.0.0", "segments": [{"startTime": 1, "endTime": 9, "body": WORDS}]}
HTML = f"<cite>Ann:</cite><time>0:01</time><p>{WORDS}</p><time>0:09</time><p>Tools.</p>"
INFO = {"id": "abc", "title": "Gardens", "webpage_url": "https://example.com", "chapters": None}
CHAT = f"[0:00:01] <Ann> {WORDS}\n"
MEETING = {"meeting_transcripts": [{"speaker": "Ann", "content": WORDS}]}
SPEECH = {"text": [WORDS], "start": [1], "end": [9]}
REJECT = {"video_id": "x", "metadata": {}, "asr": SPEECH}
REVIEW = {"video_id": "x", "reviewer": "Ann", "reviewed": []}
CHAPTERS: dict[str, Any] = {"version": "1.2.0", "chapters": [{"startTime": 1, "title": "Soil"}]}

CONTENT = {
    "yt-dlp": INFO,
    "podcast": PODCAST,
    "whisper": WHISPER,
    "webvtt": VTT,
    "srt": SRT,
    "podcast-html": HTML,
    "chat": CHAT,
    "chapter-llama": {"v": {"title": "Gardens"}},
}


def write(file: Path, value: Any) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def arrivals(path: Path, asr: Path | None = None, name: str = "auto") -> list[str]:
    results = list(detect.transcripts(path, asr, name).rows)
    assert all(isinstance(item, ImportedTranscript) for item in results), results
    return [item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)]


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


def test_a_folder_of_every_format_is_read_in_order_of_name(tmp_path: Path) -> None:
    for file, content in {
        "chapters_x.json": {"v": {"title": "Gardens"}},
        "asrs_x.json": {"v": SPEECH},
        "g.vtt": VTT,
        "f.srt": SRT,
        "e.json": WHISPER,
        "d.json": PODCAST,
        "c.html": HTML,
        "b.irc": CHAT,
        "a.info.json": INFO,
        "a.en.vtt": VTT,
        "h.txt": WORDS,
        "i.jsonl": MEETING,
        "j.jsonl": REJECT,
    }.items():
        write(tmp_path / file, content)
    assert arrivals(tmp_path) == ["v", "abc", "b", "c", "d", "e", "f", "g", "h", "i-1", "x"]
    assert arrivals(tmp_path) == arrivals(tmp_path)
    assert detect.transcripts(tmp_path).label.startswith(
        "chapter-llama data, a yt-dlp info file (1 file), a chat log (1 file), "
    )
    assert arrivals(tmp_path, name="chapter-llama") == ["v"]
    assert arrivals(tmp_path, name="srt") == ["f"]
    assert arrivals(tmp_path, name="webvtt") == ["abc", "g"]
    assert arrivals(tmp_path, name="meetings") == ["i-1", "x"]
    with pytest.raises(BadInput, match=r"folder has no \*\.vtt; put them there"):
        detect.transcripts(write(tmp_path / "folder/talk.srt", SRT).parent, name="webvtt")


def test_a_path_is_opened_once_to_tell_what_it_is_and_once_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "talks"
    for file, content in {
        "chapters.json": {"v": {"title": "Gardens"}},
        "asrs.json": {"v": SPEECH},
        "b.vtt": VTT,
    }.items():
        write(folder / file, content)
    opened: Counter[str] = Counter()
    really_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: (opened.update([self.name]), really_open(self, mode))[1])
    assert list(detect.transcripts(folder).rows)
    assert opened == {"chapters.json": 2, "asrs.json": 1, "b.vtt": 2}, "speech, which is long, is told by its name"


def test_the_files_that_whisper_writes_for_one_talk_are_one_talk(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write(tmp_path / f"{name}.json", WHISPER)
        write(tmp_path / f"{name}.vtt", VTT)
        write(tmp_path / f"{name}.srt", SRT)
        write(tmp_path / f"{name}.txt", WORDS)
        write(tmp_path / f"{name}.tsv", f"start\tend\ttext\n1000\t9000\t{WORDS}\n")
        (tmp_path / f"{name}.mp3").write_bytes(b"ID3\0\xff")
    results = list(detect.transcripts(tmp_path).rows)
    assert [item.row.file for item in results if isinstance(item, ImportedTranscript)] == [
        str(tmp_path / "a.json"),
        str(tmp_path / "b.json"),
    ]
    assert len(results) == 2
    assert detect.transcripts(tmp_path).label == (
        "Whisper JSON (2 files), WebVTT (2 files), SubRip (2 files), Whisper's TSV (2 files), plain text (2 files)"
    )


def test_the_files_that_whisperx_writes_for_one_talk_with_speakers_are_one_talk(tmp_path: Path) -> None:
    said = {"start": 1, "end": 9, "text": f" {WORDS}", "speaker": "SPEAKER_00", "words": [{"word": "Hello"}]}
    write(tmp_path / "a.json", {"segments": [said], "word_segments": []})
    for ending, text in (("vtt", VTT), ("srt", SRT), ("txt", WORDS)):
        write(tmp_path / f"a.{ending}", text.replace(WORDS, f"[SPEAKER_00]: {WORDS}"))
    (item,) = detect.transcripts(tmp_path).rows
    assert isinstance(item, ImportedTranscript) and Path(item.row.file).name == "a.json"
    assert [segment.speaker for segment in item.transcript.segments] == ["SPEAKER_00"]


def test_of_two_talks_under_one_id_the_first_is_read_and_the_second_can_be_imported_by_itself(tmp_path: Path) -> None:
    first, second = write(tmp_path / "talk.json", WHISPER), write(tmp_path / "talk.vtt", VTT.replace("Soil", "Tools"))
    taken, refused = detect.transcripts(tmp_path).rows
    assert isinstance(taken, ImportedTranscript) and taken.row.file == str(first)
    assert isinstance(refused, Rejected) and refused.file == str(second)
    assert refused.reason == f"video 'talk' stands a second time, first in {first}; give this one its own id"
    write_rejects(tmp_path / "rejects.jsonl", [refused])
    assert list(detect.transcripts(tmp_path / "rejects.jsonl").rows) == list(detect.transcripts(second).rows)


def test_what_says_the_same_words_with_other_chapters_is_not_lost(tmp_path: Path) -> None:
    chapters = [{"start_time": 1, "title": "Soil"}]
    for name, told in (("a", None), ("b", chapters), ("c", None)):
        write(tmp_path / f"{name}.info.json", {**INFO, "chapters": told})
        write(tmp_path / f"{name}.en.vtt", VTT)
    taken, refused = detect.transcripts(tmp_path).rows
    assert isinstance(taken, ImportedTranscript) and taken.reference is None
    assert isinstance(refused, Rejected) and Path(refused.file).name == "b.info.json"
    assert "video 'abc' stands a second time" in refused.reason and refused.raw["metadata"]["chapters"] == {
        "1.0": "Soil"
    }


def test_a_file_that_could_not_be_read_is_to_be_mended_itself_not_in_the_rejects(tmp_path: Path) -> None:
    file = write(tmp_path / "talk.vtt", "WEBVTT\n")
    write_rejects(
        tmp_path / "rejects.jsonl", [item for item in detect.transcripts(file).rows if isinstance(item, Rejected)]
    )
    (again,) = detect.transcripts(tmp_path / "rejects.jsonl").rows
    assert isinstance(again, Rejected) and again.reason.startswith("nothing of the row is kept here; mend the file")
    write(file, VTT)
    assert arrivals(file) == ["talk"]


def test_what_nobody_can_place_is_refused_and_what_belongs_to_a_talk_is_not(tmp_path: Path) -> None:
    write(tmp_path / "talk.vtt", VTT)
    write(tmp_path / "broken.json", '{"segments": [')
    write(tmp_path / "lonely.json", CHAPTERS)
    write(tmp_path / "notes.md", "Not a transcript.")
    (tmp_path / "film.mp4").write_bytes(b"\0")
    (tmp_path / "talk.mp4").write_bytes(b"\0")
    for name in ("LICENSE", "README.md", ".hidden", "licence.txt"):
        write(tmp_path / name, "Not a transcript.")
    write(tmp_path / "reviews.jsonl", REVIEW)
    write(tmp_path / "inner/other.vtt", VTT)
    good, *bad = sorted(detect.transcripts(tmp_path).rows, key=lambda item: isinstance(item, Rejected))
    assert isinstance(good, ImportedTranscript) and good.transcript.external_id == "talk"
    assert {item.row: item.reason.split(";")[0] for item in bad if isinstance(item, Rejected)} == {
        "broken": f"{tmp_path / 'broken.json'}: not JSON (Expecting value, line 1, column 15)",
        "film": f"{tmp_path / 'film.mp4'} is in no format that can be read",
        "lonely": "it holds chapters alone",
        "notes": f"{tmp_path / 'notes.md'} is in no format that can be read",
        "reviews.jsonl": "left for `import corrections`",
        "inner": "not entered (folders inside)",
    }
    assert [item.row for item in bad if isinstance(item, LeftOut)] == ["reviews.jsonl", "inner"]
    assert (
        detect.transcripts(tmp_path).label == "no known format (3 files), a list of chapters (1 file), WebVTT (1 file)"
    )


@pytest.mark.parametrize("names", [[], ["notes.md"], ["LICENSE"], ["reviews.jsonl"], ["asrs.json"], ["torn.json"]])
def test_a_folder_with_nothing_to_read_is_one_error(names: list[str], tmp_path: Path) -> None:
    for name in names:
        write(tmp_path / name, REVIEW if name == "reviews.jsonl" else "{")
    with pytest.raises(BadInput, match=rf"{re.escape(str(tmp_path))} is in no format that can be read; accepted are"):
        detect.transcripts(tmp_path)


def test_a_folder_of_folders_alone_says_that_they_are_not_entered(tmp_path: Path) -> None:
    write(tmp_path / "march/talk.vtt", VTT)
    with pytest.raises(BadInput, match="the folders in it, such as march, are not entered: name one of them"):
        detect.transcripts(tmp_path)


def test_a_link_to_nowhere_and_what_is_compressed_are_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path / "talk.vtt", VTT)
    (tmp_path / "gone.vtt").symlink_to(tmp_path / "nowhere.vtt")
    (tmp_path / "packed.vtt.gz").write_bytes(gzip.compress(VTT.encode(), mtime=0))
    reasons = {item.row: item.reason for item in detect.transcripts(tmp_path).rows if isinstance(item, Rejected)}
    assert set(reasons) == {"gone", "packed.vtt"}
    assert "can't be read (No such file" in reasons["gone"]
    assert reasons["packed.vtt"].endswith("is compressed; unpack it first (gunzip)")


def test_sound_beside_captions_that_name_their_language_belongs_to_them(tmp_path: Path) -> None:
    write(tmp_path / "talk.en.vtt", VTT)
    for name in ("talk.mp4", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"\0")
    assert arrivals(tmp_path) == ["talk.en"]


def test_exports_of_reviewing_tools_are_left_for_their_own_import(tmp_path: Path) -> None:
    write(tmp_path / "talk.vtt", VTT)
    write(tmp_path / "export.json", [{"data": {"video_id": "v"}, "annotations": []}])
    write(tmp_path / "sheet.csv", "video_id,start,title\nv,0,a\n")
    results = list(detect.transcripts(tmp_path).rows)
    assert [row.row for row in results if isinstance(row, LeftOut)] == ["export.json", "sheet.csv"]
    assert sum(isinstance(row, ImportedTranscript) for row in results) == len(results) - 2 == 1


def test_files_that_nobody_can_place_are_refused_for_one_reason(tmp_path: Path) -> None:
    write(tmp_path / "talk.vtt", VTT)
    for name in ("a.md", "b.md", "c.mp4"):
        (tmp_path / name).write_bytes(b"\0")
    (refusal,) = refusals(item for item in detect.transcripts(tmp_path).rows if isinstance(item, Rejected))
    assert refusal.count == 3 and refusal.reason.startswith("… is in no format that can be read; accepted are")


@pytest.mark.parametrize(
    ("files", "said"),
    [({}, "it has no files$"), ({"a.vtt": "", "b.md": "x"}, r"of its files, .*a\.vtt is empty; export it again")],
)
def test_a_folder_in_which_nothing_can_be_read_says_why(files: dict[str, str], said: str, tmp_path: Path) -> None:
    for name, content in files.items():
        write(tmp_path / name, content)
    with pytest.raises(BadInput, match=said):
        detect.transcripts(tmp_path)


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


def test_a_data_set_that_cannot_be_read_stops_its_folder_only_where_nothing_else_is_there(tmp_path: Path) -> None:
    write(tmp_path / "chapters.json", '{"torn')
    write(tmp_path / "asrs.json", {"v": SPEECH})
    with pytest.raises(BadInput, match=r"chapters\.json: not JSON \(.*, line 1, column 2\)"):
        detect.transcripts(tmp_path)
    write(tmp_path / "talk.vtt", VTT)
    refused, good = detect.transcripts(tmp_path).rows
    assert isinstance(refused, Rejected) and "chapters.json: not JSON (" in refused.reason
    assert isinstance(good, ImportedTranscript)


def test_other_transcripts_may_be_called_as_those_of_a_data_set_are(tmp_path: Path) -> None:
    write(tmp_path / "transcripts_a.json", PODCAST)
    write(tmp_path / "transcripts_b.json", '{"torn')
    write(tmp_path / "transcripts_b.chapters.json", CHAPTERS)
    good, torn, lonely = detect.transcripts(tmp_path).rows
    assert isinstance(good, ImportedTranscript) and isinstance(torn, Rejected) and isinstance(lonely, Rejected)
    assert "transcripts_b.json: not JSON" in torn.reason


def test_the_real_folders_are_taken_for_what_they_are(shared: Path) -> None:
    data = shared / "data"
    assert detect.transcripts(data / "talks").label == "chapter-llama data"
    assert detect.transcripts(data / "talks/reviews").label == "chapter-llama data"
    assert detect.transcripts(data / "meetings").label == "meetings (3 files)"
    assert detect.transcripts(data / "chat").label == "a chat log (2 files)"
    for ending, said in {
        "json": "a Podcasting 2.0 transcript",
        "html": "a Podcasting 2.0 transcript in HTML",
        "srt": "SubRip",
        "vtt": "WebVTT",
    }.items():
        assert detect.transcripts(data / f"podcast_chapters/transcripts_example.{ending}").label == said


def test_the_real_podcast_folder_loses_nothing(shared: Path) -> None:
    results = list(detect.transcripts(shared / "data/podcast_chapters").rows)
    (good,) = (item for item in results if isinstance(item, ImportedTranscript))
    assert Path(good.row.file).name == "transcripts_example.json"
    assert sorted(
        (Path(item.file).name, item.reason.split()[-1]) for item in results if isinstance(item, Rejected)
    ) == [
        ("chapters_example.json", "corrections`"),
        ("chapters_exampleComplex.json", "corrections`"),
        ("oxide_and_friends.json", "them"),
        ("syntax_shows.json", "them"),
        ("transcripts_example.html", "id"),
        ("transcripts_example.srt", "id"),
        ("transcripts_example.vtt", "id"),
    ]


endings = st.sampled_from(
    ["json", "vtt", "srt", "html", "irc", "txt", "jsonl", "info.json", "json3", "mp4", "chapters.json"]
)
names = st.builds("{}.{}".format, st.sampled_from(["a", "b", "a.en", "chapters"]), endings)
pieces = st.lists(
    st.sampled_from([*map(json.dumps, CONTENT.values()), VTT, SRT, CHAT, HTML, "{", "[", "\n", "\0"]), max_size=3
)
contents = st.binary(max_size=20) | pieces.map(lambda parts: "".join(parts).encode())


@given(files=st.dictionaries(names, contents, min_size=1, max_size=5))
def test_no_folder_loses_a_file_or_stops_at_one(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    write(folder / "good.vtt", VTT)
    results = list(detect.transcripts(folder).rows)
    assert sum(isinstance(item, ImportedTranscript) and item.transcript.external_id == "good" for item in results) == 1
    assert all(isinstance(item, ImportedTranscript | Rejected) for item in results)
    for name in files:
        try:
            list(detect.transcripts(folder / name).rows)
        except BadInput as problem:
            assert "\n" not in str(problem)
