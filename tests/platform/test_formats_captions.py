"""WebVTT and SubRip: the real samples, what stands around a cue, rolling captions, and speakers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.transcript import Segment
from errata.errors import BadInput
from errata.formats.cues import seconds
from tests.platform.captions import segments


@pytest.fixture
def vtt(tmp_path: Path):
    def write(*blocks: str, end: str = "\n") -> tuple[Segment, ...]:
        file = tmp_path / "talk.vtt"
        file.write_bytes("\n\n".join(["WEBVTT", *blocks, ""]).replace("\n", end).encode())
        return segments(file)

    return write


@pytest.fixture
def sub(tmp_path: Path):
    def write(text: str) -> tuple[Segment, ...]:
        file = tmp_path / "talk.srt"
        file.write_bytes(text.encode())
        return segments(file)

    return write


def one_a_second(*spoken: str) -> str:
    return "".join(f"00:00:0{at},000 --> 00:00:0{at + 1},000\n{words}\n\n" for at, words in enumerate(spoken))


def said(found: tuple[Segment, ...]) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in found]


def test_the_real_webvtt_has_its_seven_cues_and_two_voices(shared: Path) -> None:
    found = segments(shared / "data/podcast_chapters/transcripts_example.vtt")
    assert len(found) == 7
    assert found[2] == Segment(6.09, 11.61, "include in one? Welcome to Podcasting Q&A, where you learn", "Sarah")
    assert found[-1] == Segment(
        21.45, 25.35, "careers podcast. My question is, do we need a podcast trailer?", "Gillian"
    )


def test_the_real_subrip_names_a_speaker_only_where_it_changes(shared: Path) -> None:
    found = segments(shared / "data/podcast_chapters/transcripts_example.srt")
    assert len(found) == 222
    assert said(found)[:2] == [
        ("Travis", "When you first get started in podcasting, it's"),
        ("Travis", "almost guaranteed that you're going to make a handful of rookie"),
    ]
    assert [segment.speaker for segment in found].index("Sarah") == 17
    assert {segment.speaker for segment in found} == {"Travis", "Sarah", "Gilon"}
    assert not any(segment.text.startswith(("Travis:", "Sarah:", "Gilon:")) for segment in found)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("00:00:01.500", 1.5),
        ("01:02.003", 62.003),
        ("1:02:03,5", 3723.5),
        ("0:53", 53.0),
        ("100:00:00.000", 360_000.0),
        ("00:00:00.07", 0.07),
    ],
)
def test_a_clock_in_seconds(stamp: str, expected: float) -> None:
    assert seconds(stamp, "it") == expected


@pytest.mark.parametrize(
    "stamp", ["", "53", "-0:53", "0:60", "60:00", "0:53.1234", "NaN", "1:2:3:4", "٠:٥٣", "0:53.", "9" * 9999]
)
def test_what_is_no_clock_is_refused(stamp: str) -> None:
    with pytest.raises(BadInput, match="it must be a time such as"):
        seconds(stamp, "it")


def clock(milliseconds: int, mark: str, hours: bool = True) -> str:
    whole, fraction = divmod(milliseconds, 1000)
    front = f"{whole // 3600:02d}:" if hours or whole >= 3600 else ""
    return f"{front}{whole // 60 % 60:02d}:{whole % 60:02d}{mark}{fraction:03d}"


@given(milliseconds=st.integers(0, 359_999_999), mark=st.sampled_from(",."), hours=st.booleans())
def test_a_clock_that_is_written_is_read_back_to_the_millisecond(milliseconds: int, mark: str, hours: bool) -> None:
    assert seconds(clock(milliseconds, mark, hours), "it") == milliseconds / 1000


def test_notes_styles_regions_names_and_settings_are_no_speech(vtt) -> None:
    found = vtt(
        "NOTE made by hand\non Monday",
        "STYLE\n::cue { color: red }",
        "REGION\nid:fred",
        "intro\n00:01.000 --> 00:02.500 position:10%,line-left align:left",
        "1\n00:00:03.000 --> 00:00:04.000\nSoil\nfirst.",
        "NOTE\n\nNOTE twice",
        "00:00:04.000\t-->\t00:00:05.000 line:0\nThen tools.",
    )
    assert found == (Segment(3.0, 4.0, "Soil first."), Segment(4.0, 5.0, "Then tools."))


def test_a_header_may_go_on_and_a_cue_may_follow_at_once(tmp_path: Path) -> None:
    file = tmp_path / "talk.vtt"
    file.write_text("\ufeffWEBVTT - a title\nKind: captions\nLanguage: en\n\n00:01.000 --> 00:02.000\nHello.")
    assert said(segments(file)) == [(None, "Hello.")]
    file.write_text("WEBVTT\n00:01.000 --> 00:02.000\nHello.\n")
    assert said(segments(file)) == [(None, "Hello.")]


def test_tags_and_times_within_a_cue_go_and_characters_come_back(vtt) -> None:
    found = vtt(
        "00:01.000 --> 00:02.000\n"
        "<c.yellow>Fish</c> <00:01.500><i>&amp;</i> chips, 1 < 2 &lt;b&gt; <3 <laughs>&nbsp;x\u2028y"
    )
    assert said(found) == [(None, "Fish & chips, 1 < 2 <b> <3 <laughs> x y")]


def test_voices_are_speakers_and_hold_until_the_next_where_the_first_cue_has_one(vtt) -> None:
    found = vtt(
        "00:01.000 --> 00:02.000\n<v.loud Ann &amp; Bo>Hi.</v>",
        "00:02.000 --> 00:03.000\nStill me.",
        "00:03.000 --> 00:04.000\n<v Cy>Yes? <v Dee>No.",
    )
    assert said(found) == [("Ann & Bo", "Hi."), ("Ann & Bo", "Still me."), ("Cy", "Yes?"), ("Dee", "No.")]
    assert [segment.start for segment in found] == [1, 2, 3, 3]


def test_where_the_first_cue_has_no_voice_one_without_has_no_speaker(vtt) -> None:
    found = vtt(
        "00:01.000 --> 00:02.000\nMusic.",
        "00:02.000 --> 00:03.000\n<v Ann>Hi.",
        "00:03.000 --> 00:04.000\nMore music.",
        "00:04.000 --> 00:05.000\n[SPEAKER_01]: Bye: now.",
    )
    assert said(found) == [(None, "Music."), ("Ann", "Hi."), (None, "More music."), ("SPEAKER_01", "Bye: now.")]


YOUTUBE = (
    "00:00:00.160 --> 00:00:02.389 align:start position:0%\n \nhello<00:00:00.480><c> everyone</c>",
    "00:00:02.389 --> 00:00:02.399 align:start position:0%\nhello everyone\n ",
    "00:00:02.399 --> 00:00:04.550 align:start position:0%\nhello everyone\nno<00:00:03.000><c> no</c>",
    "00:00:04.550 --> 00:00:04.560 align:start position:0%\nno no\n ",
    "00:00:04.560 --> 00:00:07.000 align:start position:0%\nno no\nno<00:00:05.000><c> no</c>",
    "00:00:07.000 --> 00:00:07.010 align:start position:0%\nno no\n ",
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_youtubes_rolling_lines_are_each_said_once(end: str, vtt) -> None:
    assert vtt(*YOUTUBE, end=end) == (
        Segment(0.16, 2.399, "hello everyone"),
        Segment(2.399, 4.56, "no no"),
        Segment(4.56, 7.01, "no no"),
    )


def test_rolling_lines_of_captions_turned_into_subrip_are_said_once_too(sub) -> None:
    found = sub(one_a_second("a b", "a b", "a b\nc d", "c d", "c d\ne f", "e f"))
    assert found == (Segment(0.0, 2.0, "a b"), Segment(2.0, 4.0, "c d"), Segment(4.0, 6.0, "e f"))


@pytest.mark.parametrize(
    "spoken",
    [
        ["No.", "No.", "No.", "Hey", "Hey", "Hey\nyou"],
        ["No.", "No.\nYes.", "One", "two", "three", "One", "One\nmore", "End", "here"],
    ],
)
def test_what_is_really_said_again_stays(spoken: list[str], sub) -> None:
    found = [segment.text for segment in sub(one_a_second(*spoken))]
    assert found == [words.replace("\n", " ") for words in spoken]


def test_subrip_may_lack_numbers_blank_lines_and_hours_and_have_points(sub) -> None:
    found = sub(
        "\ufeff1\r\n00:00:01,000 --> 00:00:02.5  X1:100 X2:200\r\n"
        '{\\an8}<font color="red">Soil</font>\r\n<b>2024</b>\r\n'
        "2\r\n00:03,000 --> 00:04,000\r\n<3 {note}\r\n \r\n\r\n00:00:04,000 --> 00:00:05,000\r\nEnd.\r\n\r\n"
        "00:00:05,000 --> 00:00:06,000\r\n42"
    )
    assert found == (
        Segment(1.0, 2.5, "Soil 2024"),
        Segment(3.0, 4.0, "<3 {note}"),
        Segment(4.0, 5.0, "End."),
        Segment(5.0, 6.0, "42"),
    )


def test_a_colon_is_no_speaker_unless_the_first_cue_has_one(sub) -> None:
    found = sub(one_a_second("and so: hello.", "Note: this", "[SPEAKER_00]: Hi."))
    assert said(found) == [(None, "and so: hello."), (None, "Note: this"), ("SPEAKER_00", "Hi.")]
    found = sub(one_a_second("Dr. Ann O’Neil-Ray: Hello.", "the rule: none.", "Élan Bo: Hi.", "Élan Bo: Bye."))
    assert said(found) == [
        ("Dr. Ann O’Neil-Ray", "Hello."),
        ("Dr. Ann O’Neil-Ray", "the rule: none."),
        ("Élan Bo", "Hi."),
        ("Élan Bo", "Bye."),
    ]


@pytest.mark.parametrize(
    "spoken",
    [
        ["Episode Nine: the wet spring", "It had rained.", "The wells were full."],
        ["Translator: Bo Ray Reviewer: Cy Dee", "I grew up there.", "It was blue."],
        ["Warning: loud bells.", "ANN: Hello there.", "Silence."],
        ["Ann: Hello.", "It is only me.", "Nobody else."],
    ],
)
def test_a_name_that_never_returns_is_no_speaker_and_the_text_stays_whole(spoken: list[str], sub) -> None:
    assert said(sub(one_a_second(*spoken))) == [(None, words) for words in spoken]


def test_where_changes_are_marked_a_name_that_never_returns_is_text(sub) -> None:
    found = sub(one_a_second("Ann: Hello.", "there.", "Note: this", "Ann: I go on", "and on", "and on", "and on"))
    assert said(found)[:3] == [("Ann", "Hello."), ("Ann", "there."), ("Ann", "Note: this")]


def test_a_dash_says_that_somebody_else_speaks_and_not_who(sub) -> None:
    found = sub(one_a_second("ANN: Hey!", "Hey!", "- Who is there?", "Me.", "ANN: Come in.", "now", ">> yes"))
    assert [speaker for speaker, _ in said(found)] == ["ANN", "ANN", None, None, "ANN", "ANN", None]


def test_where_each_line_begins_with_a_name_all_names_are_speakers(vtt) -> None:
    found = vtt(
        "1\n00:01.000 --> 00:02.000\nAnn van der Ley: Shall we begin?",
        "2\n00:02.000 --> 00:03.000\nSpeaker 2: Yes: please.",
        "3\n00:03.000 --> 00:04.000\nAnn van der Ley: The roof.",
        "4\n00:04.000 --> 00:05.000\n山田：屋根",
    )
    assert said(found) == [
        ("Ann van der Ley", "Shall we begin?"),
        ("Speaker 2", "Yes: please."),
        ("Ann van der Ley", "The roof."),
        ("山田", "屋根"),
    ]


def test_a_meetings_voices_are_speakers_whatever_is_in_the_name(vtt) -> None:
    found = vtt(
        "a1b2-c3/7-0\n00:01.000 --> 00:02.000\n<v Ley, Ann (Guest)>Shall we\nbegin?</v>",
        "a1b2-c3/8-1\n00:02.000 --> 00:03.000\n<v Bo>Yes &amp; no.</v>",
    )
    assert said(found) == [("Ley, Ann (Guest)", "Shall we begin?"), ("Bo", "Yes & no.")]


def test_entities_and_hard_blanks_are_undone_in_subrip_too(sub) -> None:
    found = sub(
        one_a_second("the fen&nbsp;is wide &amp; wet", "it&#39;s &quot;Bo&quot;", "&gt;&gt; and\\hcold\\Nat night")
    )
    assert [words for _, words in said(found)] == ["the fen is wide & wet", 'it\'s "Bo"', ">> and cold at night"]


def test_a_blank_line_within_a_cue_belongs_to_it(sub, vtt) -> None:
    found = sub(
        "1\n00:00:01,000 --> 00:00:02,000\nThe mill has\n \ntwo wheels\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nand a pond\n\nof its own\n\n"
        "3\n00:00:03,000 --> 00:00:04,000\nI bet\n\n2\n\n"
        "4\n00:00:04,000 --> 00:00:05,000\nsacks\n\n7"
    )
    assert [words for _, words in said(found)] == [
        "The mill has two wheels",
        "and a pond of its own",
        "I bet 2",
        "sacks 7",
    ]
    found = vtt(
        "00:01.000 --> 00:02.000 line:79%\n\nBo saw it",
        "and left.",
        "NOTE not\nsaid",
        "a name\n00:02.000 --> 00:03.000\nWho?",
    )
    assert [words for _, words in said(found)] == ["Bo saw it and left.", "Who?"]


def test_milliseconds_may_stand_behind_a_colon(sub) -> None:
    assert sub("1\n00:00:01:500 --> 00:00:04:000\nSpring.\n") == (Segment(1.5, 4.0, "Spring."),)


def lit(*lines: str) -> list[str]:
    """Cues as Whisper's --highlight_words writes them."""
    blocks, at = [], 0
    for line in lines:
        words = line.split()
        for place in range(len(words)):
            marked = [f"<u>{word}</u>" if place == other else word for other, word in enumerate(words)]
            for shown in (" ".join(marked), line):
                blocks.append(f"{clock(at, '.')} --> {clock(at + 300, '.')}\n{shown}")
                at += 300
    return blocks


def test_a_line_that_is_lit_word_by_word_is_said_once(vtt) -> None:
    assert vtt(*lit("the oak is old", "yes yes")) == (Segment(0.0, 2.4, "the oak is old"), Segment(2.4, 3.6, "yes yes"))


def test_a_line_that_grows_word_by_word_is_said_once(sub) -> None:
    found = sub(one_a_second("the", "the oak", "the oak is", "the oak is old", "and", "and tall"))
    assert found == (Segment(0.0, 4.0, "the oak is old"), Segment(4.0, 6.0, "and tall"))


def test_rolling_lines_that_were_put_on_one_line_are_each_said_once(sub) -> None:
    first, second, third = "hello all of you", "today we look at", "the old mill pond"
    found = sub(one_a_second(first, f"{first} {second}", second, f"{second} {third}", third))
    assert [words for _, words in said(found)] == [first, second, third]


def test_a_cue_that_stands_there_twice_is_read_once(sub) -> None:
    cue = "00:00:01,000 --> 00:00:02,000\nHello.\n\n"
    assert sub(f"1\n{cue}2\n{cue}") == (Segment(1.0, 2.0, "Hello."),)


letters = st.text(st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="<>&[]{}:-\\"), max_size=12)


lines = st.lists(letters.filter(lambda line: line.strip() and not line.strip().isdigit()), min_size=1, max_size=3)


times = st.lists(st.integers(0, 80_000_000), min_size=1, max_size=6, unique=True).map(sorted)


@given(starts=times, data=st.data(), ending=st.sampled_from(["\n", "\r\n"]), numbered=st.booleans())
@pytest.mark.parametrize("kind", ["vtt", "srt"])
def test_cues_that_are_written_are_read_back_equal(
    kind: str,
    starts: list[int],
    data: st.DataObject,
    ending: str,
    numbered: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    mark = "." if kind == "vtt" else ","
    expected, blocks = [], ["WEBVTT"] if kind == "vtt" else []
    for number, start in enumerate(starts):
        end, words = start + data.draw(st.integers(0, 100_000)), [f"{number} {line}" for line in data.draw(lines)]
        head = [str(number + 1)] if numbered else []
        blocks.append("\n".join([*head, f"{clock(start, mark)} --> {clock(end, mark)}", *words]))
        expected.append(Segment(start / 1000, end / 1000, " ".join(" ".join(words).split())))
    if max(segment.end for segment in expected) == 0:
        return
    file = tmp_path_factory.mktemp("cues") / f"talk.{kind}"
    file.write_bytes(("\n\n".join(blocks) + "\n").replace("\n", ending).encode())
    assert segments(file) == tuple(expected)


@given(starts=times, data=st.data())
def test_captions_that_roll_tell_the_same_as_those_that_do_not(
    starts: list[int], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spoken = [f"{at} " + data.draw(letters.filter(str.strip)) for at in range(len(starts) + 3)]
    blocks, before = ["WEBVTT"], ""
    for at, line in enumerate(spoken):
        stamps = [clock(at * 2000 + shift, ".") for shift in (0, 1990, 2000)]
        blocks.append(f"{stamps[0]} --> {stamps[1]}\n{before or ' '}\n{line}")
        blocks.append(f"{stamps[1]} --> {stamps[2]}\n{line}\n ")
        before = line
    file = tmp_path_factory.mktemp("rolling") / "talk.vtt"
    file.write_text("\n\n".join(blocks) + "\n")
    assert [segment.text for segment in segments(file)] == [" ".join(line.split()) for line in spoken]


@pytest.mark.parametrize("arrow", ["-->", "->", "→", "–>", "--&gt;"])
def test_arrows_of_other_programs_are_arrows(arrow: str, sub) -> None:
    found = sub(f"1\n00:00:01,000 {arrow} 00:00:02,000\nclay\n\n2\n00:00:03,000 {arrow} 00:00:04,000\nwheel\n")
    assert found == (Segment(1.0, 2.0, "clay"), Segment(3.0, 4.0, "wheel"))


@pytest.mark.parametrize("mark", ["\ufeff", "\u202b", "\u200f", "\u200b"])
def test_marks_that_nobody_sees_change_no_number_and_no_time(mark: str, sub) -> None:
    cues = [f"{mark}{at}\n{mark}00:00:0{at},000 --> 00:00:0{at},500{mark}\n{at} pots" for at in (1, 2)]
    assert sub("\n\n".join(cues) + "\n") == (Segment(1.0, 1.5, "1 pots"), Segment(2.0, 2.5, "2 pots"))
