"""Text with times: every way in which people copy it, what it isn't, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.transcript import Segment
from errata.errors import BadInput
from errata.formats import detect, timed_text
from errata.formats.kinds import kind, label
from errata.formats.source_rows import ImportedTranscript

Line = tuple[float, float, str | None, str]
ANN, BO = "Ann Ley", "Bo Ray"


def one(file: Path) -> ImportedTranscript:
    (arrival,) = detect.transcripts(file).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    return arrival


TEXTS: dict[str, tuple[str, list[Line]]] = {
    "Whisper's print": (
        "[00:00.000 --> 00:04.140]  We dye on Fridays.\n[59:58.000 --> 01:00:03.000]  That was the whole hour.\n",
        [(0, 4.14, None, "We dye on Fridays."), (3598, 3603, None, "That was the whole hour.")],
    ),
    "hours in each": (
        "[00:00:00.000 --> 00:00:06.140]   We dye wool.\n[00:00:06.140 --> 00:00:11.020]   It dries.\n",
        [(0, 6.14, None, "We dye wool."), (6.14, 11.02, None, "It dries.")],
    ),
    "faster-whisper's": (
        "[0.00s -> 4.20s]  We dye wool.\n[4.20s -> 6.00s]  It dries.\n",
        [(0, 4.2, None, "We dye wool."), (4.2, 6, None, "It dries.")],
    ),
    "a cue on one line": (
        "00:00:05,120 --> 00:00:07,000 we dye wool\n00:00:07,000 --> 00:00:09,000 and silk\n",
        [(5.12, 7, None, "we dye wool"), (7, 9, None, "and silk")],
    ),
    "minutes past an hour": (
        "59:58 we dye wool here\n60:00 and silk and linen\n125:01 it dries\n",
        [
            (3598, 3600, None, "we dye wool here"),
            (3600, 7501, None, "and silk and linen"),
            (7501, 8476.75, None, "it dries"),
        ],
    ),
    "digits and brackets of other scripts": (
        "【００：００】今天我们染羊毛\n【٠:٠٤】很好很好很好\n\u200f(0:08) نصبغ الصوف\n",
        [(0, 4, None, "今天我们染羊毛"), (4, 8, None, "很好很好很好"), (8, 16, None, "نصبغ الصوف")],
    ),
    "without blanks": (
        "00:00今天我们染羊毛\n00:04很好很好很好\n",
        [(0, 4, None, "今天我们染羊毛"), (4, 8, None, "很好很好很好")],
    ),
    "words that begin with a time": (
        "0:00\nwe dye wool\n0:04\n10:30 is when it dries\n0:08\nand silk too\n",
        [(0, 4, None, "we dye wool"), (4, 8, None, "10:30 is when it dries"), (8, 11, None, "and silk too")],
    ),
    "Audacity's labels": (
        "0.000000\t4.200000\twe dye wool\n4.200000\t6.000000\tit dries\n",
        [(0, 4.2, None, "we dye wool"), (4.2, 6, None, "it dries")],
    ),
    "one range": ("[00:00.000 --> 00:02.000] We dye.\n", [(0, 2, None, "We dye.")]),
    "WhisperX's": (
        "[00:00.000 --> 00:02.000] [SPEAKER_00]: We dye.\n[00:02.000 --> 00:03.000] [SPEAKER_01]: Yes.\n",
        [(0, 2, "SPEAKER_00", "We dye."), (2, 3, "SPEAKER_01", "Yes.")],
    ),
    "YouTube's": (
        "0:00\nthis is the vat on Sundays\n0:04\n4 seconds\nit takes hours\nto cool\n0:08\nthen we wring\n",
        [
            (0, 4, None, "this is the vat on Sundays"),
            (4, 8, None, "it takes hours to cool"),
            (8, 10.182, None, "then we wring"),
        ],
    ),
    "before the words": (
        "# a page\n\n(0:05) we begin with wool\r\n(0:08) and end with silk\r\n",
        [(5, 8, None, "we begin with wool"), (8, 11, None, "and end with silk")],
    ),
    "ranges without brackets": (
        "0:00 - 0:03 we begin with wool\n0:03 – 0:05 and silk\n",
        [(0, 3, None, "we begin with wool"), (3, 5, None, "and silk")],
    ),
    "names above": (
        f"{ANN}  0:03  \nGood morning\nto you all.\n\n{BO}  0:07\nGood morning Ann.\n",
        [(3, 7, ANN, "Good morning to you all."), (7, 9.4, BO, "Good morning Ann.")],
    ),
    "names and times above": (
        f"{ANN}\n0:03\nGood morning to you.\n{BO}\n0:07\nGood morning Ann.\n",
        [(3, 7, ANN, "Good morning to you."), (7, 10, BO, "Good morning Ann.")],
    ),
    "names in front": (
        "Ann (00:03): Hello, you all.\nSpeaker 2 (00:05): Good morning.\n",
        [(3, 5, "Ann", "Hello, you all."), (5, 6.333, "Speaker 2", "Good morning.")],
    ),
    "names behind the time": (
        "[00:00:03] Ann: Hello.\n[00:00:05] Bo: Morning.\n[00:00:07] Ann: Well.\n",
        [(3, 5, "Ann", "Hello."), (5, 7, "Bo", "Morning."), (7, 9, "Ann", "Well.")],
    ),
    "no blanks": (
        "[00:00.000 --> 00:04.000] 今天我们染羊毛\n[00:04.000 --> 00:06.000] 很好\n",
        [(0, 4, None, "今天我们染羊毛"), (4, 6, None, "很好")],
    ),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("ending", ["txt", "srt", "md"])
def test_text_with_times_is_read_with_them_whatever_its_name(name: str, ending: str, tmp_path: Path) -> None:
    text, lines = TEXTS[name]
    file = tmp_path / f"talk.{ending}"
    file.write_text(text)
    transcript = one(file).transcript
    assert (label(kind(file)), transcript.unit) == ("text with times", "seconds")
    assert transcript.segments == tuple(Segment(start, end, words, speaker) for start, end, speaker, words in lines)


@pytest.mark.parametrize(
    "text",
    [
        "We met at 10:30 by the vat.\nThe bus left at 11:15.\nNobody came until 12:00 that day.\n",
        "Shops open at 7:00.\nAt 9:30 we sold wool.\nAll was well.\n",
        "Minutes\n\nIntro at 0:10. We spoke.\n",
        "0:10",
    ],
)
def test_text_that_talks_of_times_is_plain(text: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text(text)
    assert one(file).transcript.unit == "words"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0:00 Intro\n2:30 The vat\n9:45 The wool\n14:10 Questions\n", "it looks like a list of chapters, 4 of them"),
        ("0:00 - 2:30 Intro\n2:30 - 9:45 The vat\n9:45 - 14:10 Wool\n", "it looks like a list of chapters, 3 of them"),
        ("A title\n0:00 we begin\n0:03 with wool\n0:05 and silk\n", "line 1 ('A title') stands above the first"),
        ("[0:00 --> 0:04] wool\n[soon --> 0:09] silk\n", "line 2 ('[soon --> 0:09] silk') has a time that can't be"),
        ("[0:00 --> 0:04] wool\n[0:99] silk\n", "line 2 ('[0:99] silk') has a time that can't be"),
    ],
)
def test_what_is_none_is_refused_as_what_it_is(text: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        timed_text.speech(text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "We dye wool here. (0:05)\nYes, in this vat. (0:09)\nAnd it dries fast. (0:14)\n",
        "we dye wool 00:00\nin this vat 00:04\nand it dries 00:09\n",
        "00:00:00:00 we dye wool\n00:00:04:12 in this vat\n00:00:09:00 and it dries\n",
    ],
)
def test_times_that_are_not_read_are_no_words(text: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text(text)
    with pytest.raises(BadInput, match="has times in its lines, but not as they are read; write each line as 0:05"):
        detect.transcripts(file)
    (talk,) = detect.transcripts(file, name="text").rows
    assert isinstance(talk, ImportedTranscript) and talk.transcript.unit == "words"


words = st.text(st.characters(categories=("L",)), min_size=1, max_size=9)


@given(
    lines=st.lists(st.tuples(st.integers(1, 8), st.lists(words, min_size=3, max_size=9)), min_size=2, max_size=9),
    form=st.sampled_from(["{}:{:02d} {}", "[{}:{:02d}] {}", "({}:{:02d}) {}", "{}:{:02d}\n{}", "**{}:{:02d}** {}"]),
)
def test_lines_that_are_written_are_read_back_equal(lines: list[tuple[int, list[str]]], form: str) -> None:
    at, starts, text = 0, [], ""
    for length, spoken in lines:
        starts.append(float(at))
        text += form.format(at // 60, at % 60, " ".join(spoken)) + "\n"
        at += length
    assert timed_text.fits(text)
    found = timed_text.speech(text)
    assert [(line["start"], line["text"]) for line in found] == [
        (start, " ".join(spoken)) for start, (_, spoken) in zip(starts, lines, strict=True)
    ]


@given(text=st.text(st.sampled_from("0123459:.,->[]() \nAnnВ-to#"), max_size=80))
def test_no_text_stops_the_reading(text: str) -> None:
    if timed_text.fits(text):
        try:
            assert timed_text.speech(text)
        except BadInput as refused:
            assert str(refused)
