"""Plain text by word offsets, and the choice between formats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.domain.sentences import count_words
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.formats import detect, plain_text
from errata.formats.source_rows import ImportedTranscript, Rejected, SourceRow
from errata.operations.importing import import_transcripts

SPEECH = {"v": {"text": ["Hello."], "start": [0], "end": [4]}}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("One two. Three four! Five? Six", ["One two.", "Three four!", "Five?", "Six"]),
        ('He said "Go." Then left.', ['He said "Go."', "Then left."]),
        ("He left. “Go” she said. 42 people came.", ["He left.", "“Go” she said.", "42 people came."]),
        (
            "It costs 3.50 at example.com, i.e. a lot... or not.",
            ["It costs 3.50 at example.com, i.e. a lot... or not."],
        ),
        ("Wait... What?! Élan.  Öl.", ["Wait...", "What?!", "Élan.", "Öl."]),
        ("no stop at all", ["no stop at all"]),
    ],
)
def test_where_sentences_end(line: str, expected: list[str]) -> None:
    assert list(plain_text.sentences(line)) == expected


def test_a_file_is_one_transcript_placed_by_words(tmp_path: Path) -> None:
    file = tmp_path / "episode 7.txt"
    file.write_text("Hello  there. Soil first\n\nthen tools.\r\n")
    assert list(plain_text.read(file)) == [
        ImportedTranscript(
            Transcript(
                external_id="episode 7",
                segments=(
                    Segment(0.0, 2.0, "Hello there."),
                    Segment(2.0, 4.0, "Soil first"),
                    Segment(4.0, 6.0, "then tools."),
                ),
                duration=6.0,
                unit="words",
            ),
            None,
            SourceRow("", 0, None),
        )
    ]


def test_a_speaker_in_brackets_is_no_word_of_the_line(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("[SPEAKER_00]: Hello there. Soil: first.\n[Music]\n[Ann  B]: Tools.\n")
    (arrival,) = plain_text.read(file)
    assert isinstance(arrival, ImportedTranscript)
    assert arrival.transcript.segments == (
        Segment(0.0, 2.0, "Hello there.", "SPEAKER_00"),
        Segment(2.0, 4.0, "Soil: first.", "SPEAKER_00"),
        Segment(4.0, 5.0, "[Music]"),
        Segment(5.0, 6.0, "Tools.", "Ann B"),
    )
    file.write_text("[SPEAKER_00]: \n")
    (refused,) = plain_text.read(file)
    assert isinstance(refused, Rejected) and "is empty" in refused.reason


def read_back(whole: str, file: Path) -> Transcript:
    file.write_bytes(whole.encode("utf-8-sig"))
    (arrival,) = plain_text.read(file)
    assert isinstance(arrival, ImportedTranscript)
    return arrival.transcript


SPACED = st.characters(exclude_categories=("Cs",), exclude_characters="\0[。！？｡।॥؟۔።։។៕။")


@given(whole=st.text(SPACED).filter(lambda text: 0 < count_words(text) == len(text.split())))
def test_every_word_is_kept_in_order_and_placed_where_it_stands(
    whole: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    transcript, words = read_back(whole, tmp_path_factory.mktemp("words") / "t.txt"), whole.split()
    assert transcript.duration == len(words)
    assert " ".join(segment.text for segment in transcript.segments) == " ".join(words)
    for segment in transcript.segments:
        assert words[int(segment.start) : int(segment.end)] == segment.text.split()


@given(whole=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0[")).filter(str.strip))
def test_segments_follow_each_other_and_leave_out_blanks_alone(
    whole: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    segments = read_back(whole, tmp_path_factory.mktemp("any") / "t.txt").segments
    assert "".join("".join(segment.text.split()) for segment in segments) == "".join(whole.split())
    assert [segment.start for segment in segments] == [0.0, *(segment.end for segment in segments[:-1])]
    assert all(segment.end >= segment.start + 1 for segment in segments)


UNSPACED_TEXT = "今天我们讲养蜂。首先看蜂箱的结构。\n然后讲取蜜！วันนี้เราจะพูด ก่อนอื่น\n"


def test_text_without_blanks_is_cut_into_sentences_and_placed_by_letters(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text(UNSPACED_TEXT)
    (arrival,) = plain_text.read(file)
    assert isinstance(arrival, ImportedTranscript)
    assert [(segment.start, segment.text) for segment in arrival.transcript.segments] == [
        (0.0, "今天我们讲养蜂。"),
        (7.0, "首先看蜂箱的结构。"),
        (15.0, "然后讲取蜜！"),
        (20.0, "วันนี้เราจะพูด"),
        (30.0, "ก่อนอื่น"),
    ]


def test_a_text_that_an_older_version_counted_otherwise_is_no_other_text(tmp_path: Path, record: Record) -> None:
    file = tmp_path / "t.txt"
    file.write_text(UNSPACED_TEXT)
    lines = UNSPACED_TEXT.splitlines()
    older = Transcript("t", tuple(Segment(float(at), at + 1.0, line) for at, line in enumerate(lines)), 2.0, "words")
    with record.write() as store:
        stored = store.transcripts.add(older)
    assert import_transcripts(record, file, tmp_path / "rejects").duplicate == 1
    with record.read() as store:
        assert store.transcripts.find("t") == stored.seq
        assert store.transcripts.read(stored.seq) == older
    file.write_text(UNSPACED_TEXT + "最后讲过冬。")
    assert import_transcripts(record, file, tmp_path / "rejects").new == 1, "this one says more"


def test_a_bad_file_does_not_stop_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xe9 au lait")
    (tmp_path / "b.txt").write_text("Fine.")
    (tmp_path / "c.txt").write_text("")
    (tmp_path / "d.txt").write_text("a\0b")
    a, b, c, d = detect.transcripts(tmp_path).rows
    assert isinstance(b, ImportedTranscript) and b.transcript.external_id == "b"
    for item, row, reason in ((a, "a", "not UTF-8"), (c, "c", "is empty"), (d, "d", "NUL character at 1")):
        assert isinstance(item, Rejected)
        assert (item.file, item.row) == (str(tmp_path / f"{row}.txt"), row)
        assert reason in item.reason


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("t.txt", b"\xff", "not UTF-8"), ("t.txt", b" \n", "is empty"), ("gone.txt", None, "can't be read")],
)
def test_one_file_that_cannot_be_read_is_an_error(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=rf"{name} .*{message}"):
        plain_text.read(tmp_path / name)


def test_a_name_that_no_database_takes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.txt")
    file.write_text("Hello.")
    (found,) = detect.transcripts(tmp_path).rows
    assert isinstance(found, Rejected) and found.reason.startswith("the file's name has half a character")


def arrivals(path: Path, asr: Path | None = None) -> list[Transcript]:
    results = list(detect.transcripts(path, asr).rows)
    assert all(isinstance(item, ImportedTranscript) for item in results)
    return [item.transcript for item in results if isinstance(item, ImportedTranscript)]


def test_the_format_is_told_from_the_path(tmp_path: Path) -> None:
    talks, texts = tmp_path / "talks", tmp_path / "texts"
    talks.mkdir()
    texts.mkdir()
    (talks / "chapters.json").write_text('{"v": {}}')
    (talks / "asrs.json").write_text(json.dumps(SPEECH))
    (talks / "LICENSE.txt").write_text("not a transcript")
    (texts / "w.txt").write_text("Hello.")
    line = {"video_id": "x", "metadata": {}, "asr": SPEECH["v"]}
    (tmp_path / "rejects.jsonl").write_text(json.dumps(line))
    for path in (talks, talks / "chapters.json"):
        assert [transcript.external_id for transcript in arrivals(path)] == ["v"]
    assert [transcript.external_id for transcript in arrivals(tmp_path / "rejects.jsonl")] == ["x"]
    for path in (texts, texts / "w.txt"):
        assert [transcript.unit for transcript in arrivals(path)] == ["words"]
    assert arrivals(talks / "chapters.json", talks / "asrs.json") == arrivals(talks)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "gone is not there"),
        ("empty", r"empty is in no format that can be read; accepted are .*chapters\*\.json.*\.txt"),
        ("film.mp4", r"film\.mp4 is in no format that can be read; accepted are"),
        ("w.txt", r"w\.txt is plain text and has no speech file"),
    ],
)
def test_what_is_in_no_known_format_is_told_what_is(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "film.mp4").write_bytes(b"\0")
    (tmp_path / "w.txt").write_text("Hello.")
    with pytest.raises(BadInput, match=message):
        detect.transcripts(tmp_path / name, tmp_path / "asrs.json" if name == "w.txt" else None)


def test_importing_the_formats_is_light() -> None:
    code = (
        "import sys, errata.formats.detect, errata.formats.reviews_jsonl\n"
        "heavy = {'numpy', 'torch', 'sqlalchemy', 'pydantic', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True).stderr == ""
