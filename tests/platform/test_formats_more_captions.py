"""SBV, SubStation Alpha, TTML, LRC and Whisper's TSV: what comes in, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.transcript import Segment
from errata.formats import ass, detect, lrc, sbv, ttml, whisper_tsv
from errata.formats.source_rows import ImportedTranscript, Rejected

ASS = """[Script Info]
Title: x
[Events]
Format: Layer, Start, End, Style, Name, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,,not said
"""
TTML = '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" {}>{}<body>{}</body></tt>'
AGENT = '<head><ttm:agent xml:id="a1"><ttm:name type="full">Ann Ley</ttm:name></ttm:agent></head>'

FILES: dict[str, tuple[str, str, list[Segment]]] = {
    "sbv": (
        ".sbv",
        "0:00:00.599,0:00:04.160\nthe vat is[br]deep &amp; old\n\n0:00:04.160,0:00:06.770\nand blue\n",
        [Segment(0.599, 4.16, "the vat is deep & old"), Segment(4.16, 6.77, "and blue")],
    ),
    "sbv called txt": (".txt", "0:00:01.000,0:00:04.000\nthe vat\n", [Segment(1.0, 4.0, "the vat")]),
    "ass, layers and drawings": (
        ".ass",
        ASS
        + "Dialogue: 0,0:00:05.00,0:00:06.50,Default,,,later\n"
        + "Dialogue: 0,0:00:01.00,0:00:04.00,Default,Ann,,{\\i1}the vat,{\\i0}\\Nis\\hdeep\n"
        + "Dialogue: 1,0:00:01.00,0:00:04.00,Default,Ann,,{\\p1}m 0 0 l 9 9{\\p0}the vat,\\Nis deep\n",
        [Segment(1.0, 4.0, "the vat, is deep", "Ann"), Segment(5.0, 6.5, "later")],
    ),
    "lrc, past an hour": (
        ".lrc",
        "[59:58.00]the vat\n[60:00.50]is deep\n[125:01.00]and blue\n",
        [Segment(3598.0, 3600.5, "the vat"), Segment(3600.5, 7501.0, "is deep"), Segment(7501.0, 9452.5, "and blue")],
    ),
    "ttml, clocks": (
        ".ttml",
        TTML.format(
            "",
            AGENT,
            '<div><p begin="00:00:01.500" end="00:00:04" ttm:agent="a1">the <span>vat</span><br/>is</p></div>',
        ),
        [Segment(1.5, 4.0, "the vat is", "Ann Ley")],
    ),
    "ttml, amounts": (
        ".xml",
        '<?xml version="1.0" encoding="UTF-16"?>'
        + TTML.format(
            'frameRate="25" tickRate="1000"',
            "",
            '<div begin="10s"><p begin="50f" dur="1.5s">a</p><p begin="4000t">b c</p></div>',
        ),
        [Segment(12.0, 13.5, "a"), Segment(14.0, 18.0, "b c")],
    ),
    "lrc": (
        ".lrc",
        (
            "[ti:The vat]\n[offset:+500]\n[00:12.50]the wool <00:13.00>turns\n"
            "[00:15.50][00:20.50]and dries\n[00:17.50]and\n"
        ),
        [
            Segment(12.0, 15.0, "the wool turns"),
            Segment(15.0, 17.0, "and dries"),
            Segment(17.0, 20.0, "and"),
            Segment(20.0, 22.667, "and dries"),
        ],
    ),
    "tsv": (
        ".tsv",
        'start\tend\ttext\r\n0\t4000\tthe wool turns\r\n4000\t9250\tAnn: "and" dries\r\n',
        [Segment(0.0, 4.0, "the wool turns"), Segment(4.0, 9.25, 'Ann: "and" dries')],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_captions_come_in_with_their_times_and_without_their_markup(name: str, tmp_path: Path) -> None:
    ending, text, segments = FILES[name]
    file = tmp_path / f"talk{ending}"
    file.write_text(text)
    (arrival,) = detect.transcripts(file).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    assert arrival.transcript.segments == tuple(segments)


BROKEN = {
    "times.sbv": ("0:00:01.000,0:00:02.000\na\n\n0:00:03.000,soon\nb\n", "line 4 must be times such as 0:00:01.500"),
    "fields.ass": (ASS + "Dialogue: 0,0:00:01.00\n", "line 6 has 2 fields of 7"),
    "time.ass": (ASS + "Dialogue: 0,now,0:00:02.00,D,,,a\n", "line 6's start must be a time such as"),
    "order.ass": ("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,a\n", "line 2 has no Format: line above it"),
    "none.ass": (ASS, "no Dialogue: line is in it"),
    "torn.ttml": ("<tt><body><p begin=", "not XML ("),
    "time.ttml": ('<tt><body><p begin="1.5">a</p></body></tt>', "the begin of paragraph 1 must be a time such as"),
    "none.ttml": ("<tt><body/></tt>", "no <p> with times is in it"),
    "bomb.ttml": ('<!DOCTYPE tt [<!ENTITY a "b">]><tt><body><p begin="1s">&a;</p></body></tt>', "entities of its own"),
    "words.lrc": ("[00:01.00]a\nb\n", "line 2 must begin with a time such as [01:02.50]"),
    "offset.lrc": ("[offset:soon]\n[00:01.00]a\n", "line 1's offset must be milliseconds"),
    "cells.tsv": ("start\tend\ttext\n0\t1\n", "line 2 must have a start, an end and words"),
    "time.tsv": ("start\tend\ttext\n0.5\t1000\ta\n", "line 2's time must be whole milliseconds, not '0.5'"),
    "who.tsv": ("start\tend\tspeaker\ttext\n0\t1\tAnn\ta\n", "its first line must be start, end and text"),
    "none.tsv": ("start\tend\ttext\n", "no line is below its first"),
}


def test_each_broken_file_of_a_folder_is_refused_by_name_and_reason(tmp_path: Path) -> None:
    for name, (text, _) in BROKEN.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "good.sbv").write_text(FILES["sbv"][1])
    results = list(detect.transcripts(tmp_path).rows)
    reasons = {Path(item.file).name: item.reason for item in results if isinstance(item, Rejected)}
    assert sorted(reasons) == sorted(BROKEN) and len(results) == len(BROKEN) + 1
    for name, (_, reason) in BROKEN.items():
        assert reason in reasons[name]


milliseconds = st.lists(st.integers(0, 35_999), min_size=1, max_size=6, unique=True).map(sorted)
spoken = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=9)


def clock(hundredths: int) -> str:
    return f"0:{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


@given(starts=milliseconds, data=st.data())
def test_lines_that_are_written_in_each_are_read_back_equal(starts: list[int], data: st.DataObject) -> None:
    lines = [(start, start + data.draw(st.integers(1, 900)), data.draw(spoken) + " x") for start in starts]
    expected = [{"start": s / 100, "end": e / 100, "text": words, "speaker": None} for s, e, words in lines]
    ass_text = ASS + "".join(f"Dialogue: 0,{clock(s)},{clock(e)},D,,,{words}\n" for s, e, words in lines)
    assert ass.speech(ass_text) == expected
    assert sbv.speech("\n".join(f"{clock(s)}0,{clock(e)}0\n{words}\n" for s, e, words in lines)) == expected
    paragraphs = "".join(f'<p begin="0{clock(s)}" end="0{clock(e)}">{words}</p>' for s, e, words in lines)
    assert ttml.speech(f"<tt><body>{paragraphs}</body></tt>") == expected
    rows = "".join(f"{s * 10}\t{e * 10}\t{words}\n" for s, e, words in lines)
    assert whisper_tsv.speech("start\tend\ttext\n" + rows) == expected
    sung = lrc.speech("".join(f"[{clock(s)[2:]}]{words}\n" for s, _, words in lines))
    assert [(line["start"], line["text"]) for line in sung] == [(s / 100, words) for s, _, words in lines]
