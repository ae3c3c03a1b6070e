"""What a folder of several formats gives: which files are one talk, and what is refused or left for others."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript, LeftOut, Rejected, write_rejects
from errata.operations.refusals import refusals
from tests.platform.talk_files import (
    CHAPTERS,
    CHAT,
    CONTENT,
    HTML,
    INFO,
    MEETING,
    PODCAST,
    REJECT,
    REVIEW,
    SPEECH,
    SRT,
    VTT,
    WHISPER,
    WORDS,
    arrivals,
    write,
)


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
