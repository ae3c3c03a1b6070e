"""WebVTT and SubRip that are broken: each file is refused by name, can be mended, and stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.transcript import Segment
from errata.formats import detect
from errata.formats.source_rows import ImportedTranscript, Rejected, write_rejects
from errata.formats.talk import read as read_talk
from tests.platform.captions import READERS, segments

CUE = "00:00:01.000 --> 00:00:02.000\nHello.\n"
BROKEN = {
    "header": (b"Hello.\n\n" + CUE.encode(), ".vtt", "its first line must be WEBVTT"),
    "nothing": (b"WEBVTT\n\n", ".vtt", "no cue is in it"),
    "garbage": (b"%PDF-1.4 is not captions", ".srt", "no cue is in it"),
    "torn": (f"WEBVTT\n\n{CUE}\n00:00:03.000 --".encode(), ".vtt", "line 6 ('00:00:03.000 --') belongs to no cue"),
    "torn end": (
        f"{CUE}\n00:00:03.000 --> 00:0".encode(),
        ".srt",
        "line 4 ('00:00:03.000 --> 00:0') belongs to no cue",
    ),
    "number": (f"1\n{CUE}\n2".encode(), ".srt", "line 5 ('2') belongs to no cue"),
    "above": (f"WEBVTT\n\nand\nmore\n\n{CUE}".encode(), ".vtt", "line 3 ('and') belongs to no cue"),
    "clock": (b"WEBVTT\n\n00:00:61.000 --> 00:00:62.000\nHi.\n", ".vtt", "line 3 must be times such as"),
    "negative": (b"1\n-00:00:01,000 --> 00:00:02,000\nHi.\n", ".srt", "line 2 must be times such as"),
    "arrow": (f"WEBVTT\n\n{CUE}turn --> left\n".encode(), ".vtt", "line 5 must be times such as"),
    "nan": (b"WEBVTT\n\nNaN --> NaN\nHi.\n", ".vtt", "line 3 must be times such as"),
    "backwards": (b"WEBVTT\n\n00:05.000 --> 00:04.000\nHi.\n", ".vtt", "segment 0: it runs from 5.0 to 4.0"),
    "unsorted": (f"WEBVTT\n\n{CUE}\n00:00.500 --> 00:03.000\nHi.\n".encode(), ".vtt", "before the one before it"),
    "days": (b"1\n24:00:00,000 --> 24:00:01,000\nHi.\n", ".srt", "a day or more"),
    "mute": (b"WEBVTT\n\n00:01.000 --> 00:02.000\n \n\n00:02.000 --> 00:03.000\n<i></i>\n", ".vtt", "is empty"),
    "nul": (CUE.replace("Hello", "He\0llo").encode(), ".srt", "has a NUL character at 2"),
    "latin": ("WEBVTT\n\n00:01.000 --> 00:02.000\né\n".encode("latin-1"), ".vtt", "is not UTF-8 (byte 32)"),
    "surrogate": (CUE.encode() + b"\xed\xa0\x80", ".srt", "is not UTF-8"),
    "character": (f"WEBVTT\n\n{CUE}&#{'1' * 5000};\n".encode(), ".vtt", "a number that is far too long"),
    "spaces": (b"WEBVTT\n\n00:01.000" + b" " * 1_000_000 + b"->\n", ".vtt", "no cue is in it"),
    "empty": (b" \n", ".srt", "is empty"),
}
GOOD = {
    "a good one": (f"WEBVTT\n\n{CUE}", ".vtt"),
    "a line of a megabyte": (f"1\n00:00:01,000 --> 00:00:02,000\n{'word ' * 200_000}\n", ".srt"),
    "open tags of a megabyte": (f"WEBVTT\n\n{CUE}{'<v ' * 300_000}\n{'&' * 300_000}", ".vtt"),
    "words below a blank line": (f"1\n{CUE}\nand more\n2\n00:00:03.000 --> 00:00:04.000\nBye.\n", ".srt"),
    "lines of half a megabyte": (
        (
            f"1\n00:00:01,000 --> 00:00:02,000\n{'soil ' * 99_999}\n\n"
            f"2\n00:00:02,000 --> 00:00:03,000\n{'soil ' * 99_998}\n"
        ),
        ".srt",
    ),
    "overlapping": (f"WEBVTT\n\n00:00.000 --> 00:09.000\nLong.\n\n{CUE}", ".vtt"),
}


def test_each_broken_file_of_a_folder_is_refused_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    for name, (content, ending, _) in BROKEN.items():
        (tmp_path / (name + ending)).write_bytes(content)
    for name, (text, ending) in GOOD.items():
        (tmp_path / (name + ending)).write_text(text)
    results = list(detect.transcripts(tmp_path).rows)
    assert sorted(item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)) == sorted(
        GOOD
    )
    bad = {item.row: item for item in results if isinstance(item, Rejected)}
    assert sorted(bad) == sorted(BROKEN) and len(results) == len(BROKEN) + len(GOOD)
    for name, (_, ending, reason) in BROKEN.items():
        assert reason in bad[name].reason
        assert bad[name].file == str(tmp_path / (name + ending))


def test_a_cue_that_was_refused_can_be_mended_in_the_file_or_in_the_rejects(tmp_path: Path) -> None:
    file = tmp_path / "talk.vtt"
    file.write_bytes(BROKEN["backwards"][0])
    (refused,) = detect.transcripts(file).rows
    assert isinstance(refused, Rejected)
    rejects = tmp_path / "rejects.jsonl"
    write_rejects(rejects, [refused])
    rejects.write_text(rejects.read_text().replace('"end": 4.0', '"end": 6.0'))
    file.write_text(file.read_text().replace("00:04.000", "00:06.000"))
    assert list(detect.transcripts(rejects).rows) == list(detect.transcripts(file).rows)
    assert segments(file) == (Segment(5.0, 6.0, "Hi."),)


@given(
    content=st.text(st.sampled_from("WEBVTT 0123:.,->\n\r<v>&#[]NOTE\0é\ud800"), max_size=60) | st.binary(max_size=40)
)
@pytest.mark.parametrize("kind", ["vtt", "srt"])
def test_no_file_is_lost_or_stops_the_reading(
    kind: str, content: str | bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("fuzz") / f"talk.{kind}"
    file.write_bytes(content if isinstance(content, bytes) else b"WEBVTT\n" + content.encode(errors="surrogatepass"))
    (found,) = read_talk(READERS[kind].speech, file)
    assert isinstance(found, ImportedTranscript | Rejected)
