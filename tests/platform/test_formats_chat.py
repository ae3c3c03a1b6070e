"""Chat logs in tcd's `irc` format: the real stream, the odd lines, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment
from errata.formats import chat, detect
from errata.formats.source_rows import ImportedTranscript, Rejected
from errata.formats.talk import read as read_talk


def one(path: Path) -> ImportedTranscript:
    (arrival,) = detect.transcripts(path).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    return arrival


def write(file: Path, *lines: str, end: str = "\n") -> Path:
    file.write_bytes((end.join(lines) + end).encode())
    return file


def test_the_real_stream_has_its_814_messages(shared: Path) -> None:
    found = one(shared / "data/chat/569086201.irc").transcript
    assert (found.external_id, found.duration, len(found.segments)) == ("569086201", 10102.0, 814)
    assert len({segment.speaker for segment in found.segments}) == 99
    assert found.segments[1].text.startswith("Dark times have come: 1) corona")
    assert found.segments[-1] == Segment(10102.0, 10102.0, "\\ AYAYA", "aodhneine")


def test_the_odd_lines_are_told_by_content_and_keep_their_fractions(shared: Path) -> None:
    found = one(shared / "data/chat/sample.txt").transcript
    assert len(found.segments) == 22
    assert found.segments[0] == Segment(0.0, 0.0, "is offline", "Tsoding")
    assert [segment.start for segment in found.segments[2:9]] == [1.5, 2.0, 2.5, 3.0, 3.5, 3.6, 3.7]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_badges_go_and_actions_and_empty_messages_are_understood(end: str, tmp_path: Path) -> None:
    lines = [f"[0:00:0{at}] <{badge}Ann B> hi" for at, badge in enumerate("~@%+$&*!")]
    file = write(
        tmp_path / "s.irc", *lines, "", "[0:00:09] *Bo waves]", "[1:00:00] <Cy>", "[1:00:01] <Dee> a <b> [c]", end=end
    )
    found = one(file).transcript
    assert [(segment.speaker, segment.text) for segment in found.segments] == [
        *[("Ann B", "hi")] * 8,
        ("Bo", "waves"),
        ("Dee", "a <b> [c]"),
    ]
    assert found.duration == 3601.0


def test_chapters_beside_a_log_are_its_reference(tmp_path: Path) -> None:
    chapters = {"version": "1.2.0", "chapters": [{"startTime": 2, "title": "Soil"}]}
    (tmp_path / "s.chapters.json").write_text(json.dumps(chapters))
    assert one(write(tmp_path / "s.irc", "[0:00:01] <a> b", "[0:00:05] <a> c")).reference == (Chapter(2.0, "Soil"),)


HELLO = "[0:00:01] <Ann> Hello."
BROKEN = {
    "torn": ([HELLO, "[0:00:02] <An"], "line 2 must be like [0:02:08] <name> message, not '[0:00:02] <An'"),
    "second line": ([HELLO, "and more"], "line 2 must be like"),
    "no name": (["[0:00:01] Hello."], "line 1 must be like"),
    "clock": ([HELLO, "[0:00:61] <Ann> Hi."], "line 2 must be a time such as"),
    "negative": ([HELLO, "[-0:00:02] <Ann> Hi."], "segment 1's start is -"),
    "nan": ([HELLO, "[NaN] <Ann> Hi."], "line 2 must be like"),
    "unsorted": (["[0:00:09] <Ann> Hi.", HELLO], "sort the segments by start"),
    "days": ([HELLO, "[24:00:00] <Ann> Hi."], "a day or more"),
    "at once": (["[0:00:00] <Ann> Hi."], "the duration 0.0"),
    "mute": (["[0:00:05] <Ann>"], "is empty"),
    "nul": (["[0:00:05] <Ann> a\0"], "has a NUL character at 1"),
    "megabyte": ([HELLO, "[" + "0:" * 500_000], "line 2 must be like"),
}


def test_each_broken_file_of_a_folder_is_refused_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    for name, (lines, _) in BROKEN.items():
        write(tmp_path / f"{name}.irc", *lines)
    (tmp_path / "surrogate.irc").write_bytes(HELLO.encode() + b"\xed\xa0\x80")
    write(tmp_path / "good.irc", HELLO, "[0:00:01] <Bo> " + "word " * 200_000)
    (tmp_path / "good.log").write_text("[0:00:07] <Ann> Another stream.\n")
    reasons = {name: reason for name, (_, reason) in BROKEN.items()}
    reasons |= {"surrogate": "is not UTF-8", "good": "video 'good' stands a second time"}
    results = list(detect.transcripts(tmp_path).rows)
    assert [Path(item.row.file).name for item in results if isinstance(item, ImportedTranscript)] == ["good.irc"]
    bad = {item.row: item.reason for item in results if isinstance(item, Rejected)}
    assert set(bad) == set(reasons) and len(results) == len(bad) + 1
    for name, reason in reasons.items():
        assert reason in bad[name]


names = st.text(st.characters(categories=("L", "N"), include_characters="_-"), min_size=1, max_size=8)
words = st.text(st.characters(categories=("L", "P", "S"), include_characters=" "), max_size=12).filter(str.strip)


@given(at=st.lists(st.integers(0, 86_399), min_size=1, max_size=6).map(sorted), data=st.data())
def test_messages_that_are_written_are_read_back_equal(
    at: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if at[-1] == 0:
        return
    said = [(second, data.draw(names), data.draw(words)) for second in at]
    lines = [f"[{s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}] <{name}> {text}" for s, name, text in said]
    found = one(write(tmp_path_factory.mktemp("chat") / "s.irc", *lines)).transcript
    assert found.segments == tuple(Segment(float(s), float(s), " ".join(text.split()), name) for s, name, text in said)


@given(text=st.text(st.sampled_from("[]0:1.<>@*ab \n\0é"), max_size=40))
def test_no_file_is_lost_or_stops_the_reading(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    (found,) = read_talk(chat.speech, write(tmp_path_factory.mktemp("fuzz") / "s.irc", HELLO, text))
    assert isinstance(found, ImportedTranscript | Rejected)
