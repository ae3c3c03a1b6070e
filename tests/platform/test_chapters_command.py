"""`errata chapters FILE`: one file in, chapters out, and no workspace anywhere."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from errata.cli import start_app
from errata.domain.chapter import Chapter, Chapters
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.formats.chapter_lists import metadata
from errata.formats.kinds import FORMATS
from errata.formats.out_chapters import CHAPTER_FORMATS, SUFFIXES, write_chapters
from errata.inference.predictor import AnswerKey, Predictor
from errata.operations import chaptering
from errata.operations.chaptering import UnansweredTalk, UnreadTalk, open_predictor, read_talks
from errata.tasks.template import Reading
from tests.command_line import Done, in_this_process
from tests.made_up_record import chapters, talk

TALK = replace(talk("t", lines=400), title="A talk")
VTT = """WEBVTT

00:00.000 --> 00:04.000
Hello and welcome to the garden show.

00:04.000 --> 00:09.000
Today we talk about soil and tools.

01:04.000 --> 01:09.000
Now a question from the audience.
"""


class SecondLines(Predictor):
    """Puts a chapter at a talk's start and one at its second line."""

    key = AnswerKey("s" * 64, "inline@1")

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        return [Reading((Chapter(0, "One"), Chapter(int(each.segments[1].start), "Two"))) for each in transcripts]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, with a model that takes no time to load."""
    monkeypatch.setattr(chaptering, "FolderModel", lambda *_: SecondLines())


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    path = tmp_path / "Träger eins" / "garden show.vtt"
    path.parent.mkdir()
    path.write_text(VTT)
    return path


def errata(*words: str | Path, check: bool = True) -> Done:
    return in_this_process("chapters", *words, check=check)


def test_the_embedded_model_answers_a_file_as_it_is(captions: Path) -> None:
    done = errata(captions)
    starts = [line.partition(" ")[0] for line in done.stdout.splitlines()]
    assert set(starts) <= {"0:00", "0:04", "1:04"}
    assert done.stderr.count("errata-tiny answers") == 1


@pytest.mark.usefixtures("made_up")
class TestTheCommand:
    def test_chapters_can_be_pasted_into_a_description(self, captions: Path) -> None:
        assert errata(captions).stdout == "0:00 One\n0:04 Two\n"
        assert "10 seconds for each: here are 2; too short: 0:00" in errata(captions).stderr

    def test_what_has_no_talk_in_it_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "list.info.json").write_text('{"_type": "playlist", "id": "p", "webpage_url": "x"}')
        done = errata(tmp_path / "list.info.json")
        assert "list.info.json is left out: playlist's info file" in done.stderr

    def test_several_files_have_headings_and_a_bad_one_stops_none(self, captions: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.vtt").write_text("WEBVTT\n")
        done = errata(captions, tmp_path / "bad.vtt", tmp_path / "none.srt", captions, check=False)
        assert done.stdout.count("# garden show") == 2 and done.stdout.count("0:04 Two") == 2
        assert done.returncode == 2 and done.stderr.count("errata: ") == 2
        assert "bad.vtt" in done.stderr and "none.srt is not there" in done.stderr

    def test_json_says_of_each_talk_what_it_is(self, captions: Path) -> None:
        (answer,) = json.loads(errata(captions, "--format", "json").stdout)
        keys = {"file", "id", "title", "unit", "duration", "model", "chapters", "calibrated", "problems", "adjustments"}
        assert set(answer) == keys
        assert answer["id"] == "garden show" and answer["chapters"][1] == {
            "start": 4.0,
            "title": "Two",
            "confidence": None,
        }

    @pytest.mark.parametrize("name", CHAPTER_FORMATS)
    def test_out_is_a_file_or_a_folder_of_files(self, name: str, captions: Path, tmp_path: Path) -> None:
        one, many = tmp_path / "one", tmp_path / "many"
        many.mkdir()
        for out in (one, many):
            assert errata(captions, "--format", name, "--out", out).stdout == ""
        (written,) = many.iterdir()
        assert written.name.startswith("garden show.") and "Two" in written.read_text()
        assert "Two" in one.read_text()

    def test_talks_that_don_t_fit_into_one_file_are_refused(self, captions: Path) -> None:
        done = errata(captions, captions, "--format", "vtt", check=False)
        assert done.returncode == 2 and "2 talks don't fit into one vtt file; name a folder with --out" in done.stderr

    @pytest.mark.parametrize("out", ["", "many"])
    def test_what_can_t_be_written_is_refused_before_anybody_is_asked(
        self, out: str, captions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SecondLines, "answer", None)
        twin = tmp_path / "b" / "Garden show.vtt"
        twin.parent.mkdir()
        twin.write_text(VTT)
        place = ["--out", tmp_path / out] if out else []
        done = errata(captions, twin, "--format", "vtt", *place, check=False)
        assert done.returncode == 2 and not (tmp_path / "many").exists()
        if out:
            assert f"of {captions} and 'Garden show' of {twin} would both be written to" in done.stderr
        else:
            assert "2 talks don't fit into one vtt file" in done.stderr

    def test_no_file_that_is_read_is_written_over(self, captions: Path) -> None:
        for out in (captions.parent, captions):
            done = errata(captions, "--format", "vtt", "--out", out, check=False)
            assert done.returncode == 2 and f"{captions} is what is read here" in done.stderr
        assert captions.read_text() == VTT

    def test_talks_of_one_name_are_told_apart(self, captions: Path, tmp_path: Path) -> None:
        twin = tmp_path / "garden show.vtt"
        twin.write_text(VTT)
        done = errata(captions, twin)
        assert f"# garden show ({captions})\n" in done.stdout and f"# garden show ({twin})\n" in done.stdout
        assert f"garden show ({twin}): YouTube wants" in done.stderr

    def test_a_reason_that_many_files_have_is_said_once(self, captions: Path) -> None:
        for name in ("one", "two"):
            (captions.parent / f"{name}.bin").write_bytes(b"\0\1\2" * 100)
        done = errata(captions.parent, check=False)
        assert done.returncode == 2 and done.stderr.count("accepted are") == 1 == done.stderr.count("one.bin")
        assert "errata: 2× … is in no format that can be read" in done.stderr and "0:04 Two" in done.stdout

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("t.txt", "0:00 Clay\n1:00 Glaze\n2:00 Kiln\n", "looks like a list of chapters"),
            ("t.ffmetadata", ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=9\ntitle=Clay\n", "chapters alone"),
            ("t.vtt", "WEBVTT\n", "t.vtt"),
        ],
    )
    def test_a_file_without_a_talk_is_refused_before_the_sample_model_speaks(
        self, name: str, content: str, reason: str, tmp_path: Path
    ) -> None:
        file = tmp_path / name
        file.write_text(content)
        done = errata(file, check=False)
        assert done.returncode == 2 and reason in done.stderr and "errata-tiny" not in done.stderr
        assert done.stderr.count(str(file)) == 1
        assert not re.search(r"--(asr|format)", re.sub("`errata import .*?`", "", done.stderr))

    @pytest.mark.parametrize(
        ("data", "talks"), [(VTT, 1), ("A talk without any times.\nIt has two lines.\nAnd a third.", 1)]
    )
    def test_standard_input_is_read(self, data: str, talks: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data.encode())))
        assert len(errata("-").stdout.splitlines()) == 2 * talks

    def test_what_is_wrong_with_standard_input_is_said_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"\0\1\2 no text")))
        done = errata("-", check=False)
        assert done.returncode == 2 and "errata: standard input: the text has a NUL" in done.stderr

    def test_text_without_times_counts_words(self, tmp_path: Path) -> None:
        (tmp_path / "t.txt").write_text("A talk without any times.\nIt has two lines.\n")
        done = errata(tmp_path / "t.txt")
        assert done.stdout == "0 One\n5 Two\n" and "count words" in done.stderr
        done = errata(tmp_path / "t.txt", "--format", "vtt", check=False)
        assert done.returncode == 2 and "has no times" in done.stderr

    def test_what_was_put_right_is_said(self, captions: Path) -> None:
        captions.write_text(VTT + "\n00:30.000 --> 00:34.000\nThis line came too late.\n")
        assert "garden show: in 1 transcript 1 line was out of order: sorted" in errata(captions).stderr

    def test_a_name_needs_a_workspace(self, captions: Path) -> None:
        done = errata(captions, "--model", "champion", check=False)
        assert done.returncode == 2 and "there is no folder 'champion'" in done.stderr


def test_jsonl_without_a_name_is_read_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"meeting_transcripts": [{"speaker": "A", "content": f"{name} we talk"}] * 3} for name in ("so", "then")]
    data = "\n".join(map(json.dumps, rows)).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    talks = list(read_talks([Path("-")]))
    assert all(isinstance(talk, UnansweredTalk) for talk in talks) and len(talks) == 2


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no model"), open_predictor(str(tmp_path)):
        pass


def test_whatever_import_reads_is_read(tmp_path: Path) -> None:
    (missing,) = read_talks([tmp_path / "missing"])
    assert isinstance(missing, UnreadTalk) and "is not there" in missing.reason
    assert {"webvtt", "srt", "whisper"} <= set(FORMATS)


def test_the_command_offers_every_format() -> None:
    assert start_app.Layout.__args__ == CHAPTER_FORMATS and set(SUFFIXES) == set(CHAPTER_FORMATS)


def test_webvtt_chapters_run_to_the_next_or_to_the_end() -> None:
    cues = write_chapters("vtt", TALK, chapters(0, 3661.5, by="A --> B & <i>")).split("\n\n")
    assert cues[1:] == [
        "00:00:00.000 --> 01:01:01.500\nA --&gt; B &amp; &lt;i> 1",
        "01:01:01.500 --> 01:06:40.000\nA --&gt; B &amp; &lt;i> 2\n",
    ]


def test_text_has_hours_from_the_first_hour_on() -> None:
    assert write_chapters("text", TALK, chapters(0, 61, 3661)) == "0:00 Part 1\n1:01 Part 2\n1:01:01 Part 3\n"


def unescaped(title: str) -> str:
    """As ffmpeg reads a value: a backslash stands for whatever follows it."""
    letters = iter(title)
    return "".join(next(letters) if letter == "\\" else letter for letter in letters)


TITLES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), max_codepoint=0xFFFD), min_size=1).map(
    lambda text: "t" + " ".join(text.split())
)


@given(st.lists(TITLES, min_size=1, max_size=3))
def test_titles_survive_in_every_format(titles: list[str]) -> None:
    right: Chapters = tuple(Chapter(10.0 * place, title) for place, title in enumerate(titles))
    root = ElementTree.fromstring(write_chapters("podlove", TALK, right))
    assert [element.get("title") for element in root] == titles
    entries = write_chapters("ffmetadata", TALK, right).split("\ntitle=")[1:]
    assert [unescaped(entry.split("\n")[0]) for entry in entries] == titles
    read = json.loads(write_chapters("podcast", TALK, right))
    assert [chapter["title"] for chapter in read["chapters"]] == titles


def test_podcast_chapters_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "t.chapters.json"
    path.write_text(write_chapters("podcast", TALK, chapters(0, 30)))
    assert "Part 2" in json.dumps(cast(dict[str, object], metadata(path)))
