"""Long segments are read as several lines, in a view: nothing is lost, all stays in order, and what is short stays."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import get_args

import regex
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.demo.material import load
from errata.demo.speech import SpeechSetting
from errata.demo.talks import write_talk
from errata.domain.chapter import Chapter, canonical, starts, tidy
from errata.domain.lines import FORM, LONGEST, USUAL, columns, cut, lines_of
from errata.domain.prediction import Prediction
from errata.domain.sentences import count_words, sentences
from errata.domain.transcript import Segment, Transcript, Unit
from errata.inference.predictor import AnswerKey, Predictor
from errata.inference.recorded import RecordedModel
from errata.tasks.template import Reading
from tests.examples import costly
from tests.made_up_record import chapters, talk

WORDS = st.one_of(
    st.sampled_from(["honey", "the", "of", "Bees.", "why?", "so,", "e.g.", "«And", "end…»", "2.5", "a" * 300]),
    st.sampled_from(
        ["蜂箱有两层，", "上层放蜜。", "取蜜", "はい。", "「蜜」", "ผึ้ง", "น้ำผึ้ง", "ๆ", "शहद।", "عسل؟", "👩‍🌾", "한국"]
    ),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=8),
)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from(["", " "])), min_size=1, max_size=250).map(
    lambda parts: tidy("".join(word + blank for word, blank in parts))
)


def without_blanks(text: str) -> str:
    return "".join(text.split())


@costly(60)
@given(TEXTS)
def test_a_cut_text_is_whole_and_no_line_is_long(text: str) -> None:
    lines = cut(text)
    assert without_blanks("".join(lines)) == without_blanks(text)
    assert all(line == tidy(line) and line for line in lines)
    assert all(columns(line) <= LONGEST for line in lines)
    assert all(cut(line) == [line] for line in lines), "a line is cut no further"
    assert cut(text) == ([text] if columns(text) <= LONGEST else lines)


@costly(60)
@given(TEXTS)
def test_no_character_is_cut_through(text: str) -> None:
    ends = {character.end() for character in regex.finditer(r"\X", text)} | {0}
    place = 0
    for line in cut(text):
        place = text.index(line, place)
        assert {place, place + len(line)} <= ends
        place += len(line)


@costly(60)
@given(
    st.lists(st.tuples(TEXTS, st.floats(0, 900), st.floats(0, 900)), min_size=1, max_size=4),
    st.sampled_from(get_args(Unit)),
)
def test_lines_lie_within_their_segments_in_order(parts: list[tuple[str, float, float]], unit: Unit) -> None:
    segments, begin = [], 0.0
    for text, gap, length in parts:
        begin += gap
        segments.append(Segment(begin, begin + length, text, "ann"))
    transcript = Transcript("t", tuple(segments), begin + 1, unit)
    lines = transcript.lines
    assert without_blanks("".join(line.text for line in lines)) == without_blanks(transcript.text)
    assert starts(transcript) == sorted(starts(transcript))
    assert [line.start for line in lines] == sorted(line.start for line in lines)
    assert all(line.start <= line.end and line.speaker == "ann" for line in lines)
    assert {segment.start for segment in segments} <= {line.start for line in lines}
    assert transcript.has_derived_lines == any(columns(segment.text) > LONGEST for segment in segments)
    assert lines_of(lines, transcript.duration, transcript.unit) is lines, "of lines, lines are made no more"


def test_ordinary_talks_are_read_as_they_are() -> None:
    material, rng = load(), Random(7)
    for number, channel in enumerate(material.channels):
        talk = write_talk(material, channel, SpeechSetting("day-1", own=0.5, fresh=0.4), rng, f"talk-{number}")
        assert talk.transcript.lines is talk.transcript.segments


def test_sentences_of_a_normal_segment_stay_together() -> None:
    text = "One sentence. " * (LONGEST // 14)
    assert cut(tidy(text)) == [tidy(text)]


def test_a_monologue_is_cut_between_sentences() -> None:
    text = tidy("We look into the hive, and count the frames. Is the queen there? Then we close it again. " * 20)
    lines = cut(text)
    assert all(line[-1] in ".?" and columns(line) <= USUAL for line in lines)
    assert len(lines) < 12, "as many sentences as make a usual line"


def test_a_text_without_a_stop_is_cut_at_blanks_and_pauses() -> None:
    words = " ".join(f"word{number}" for number in range(400))
    assert " ".join(cut(words)) == words
    pauses = cut("the bees and the honey and the wax, " * 30)
    assert all(line.endswith(",") for line in pauses)


def test_chapters_of_a_talk_that_is_one_segment_stay_apart() -> None:
    parts = [f"here we talk about {topic} and what to do with it " * 12 for topic in ("hives", "honey", "wax", "frost")]
    text = tidy("".join(parts))
    words = len(text.split())
    talk = Transcript("coarse", (Segment(0.0, float(words), text),), float(words), "words")
    marked = tuple(Chapter(float(words * at // 4), f"chapter {at}") for at in range(4))
    made = canonical(marked, talk)
    assert (made.merged, len(made.chapters)) == (0, 4)
    assert all(moved < 25 for moved in made.moved), "about half a line of words at most"


def test_times_are_in_proportion_to_letters() -> None:
    talk = Transcript("t", (Segment(100.0, 400.0, "ab " * 1000), Segment(300.0, 310.0, "end")), 400.0)
    first, *_, last, end = talk.lines
    assert first.start == 100 and 285 < last.start < 300 and last.end == 400 and end.start == 300
    assert first.end == talk.lines[1].start == 100 + 200 * 200 / 2985


def test_hash_and_text_are_those_of_the_segments() -> None:
    long = Transcript("t", (Segment(0.0, 600.0, "Bees fly. " * 300),), 600.0)
    hash_before, text = long.hash, long.text
    assert len(long.lines) > 10
    assert (long.hash, long.text) == (hash_before, text)
    assert Transcript.from_json(long.as_json()).hash == hash_before


def test_where_sentences_end() -> None:
    for text, expected in (
        ("今天讲养蜂。首先看蜂箱！好吗？好", ["今天讲养蜂。", "首先看蜂箱！", "好吗？", "好"]),
        ("他说：“好。”然后", ["他说：“好。”", "然后"]),
        ("यह शहद है। वह मोम है", ["यह शहद है।", "वह मोम है"]),
        ("ما هذا؟ هذا عسل. نعم", ["ما هذا؟", "هذا عسل.", "نعم"]),
        ("วันนี้เรา ก่อนอื่น ต่าง ๆ นี้", ["วันนี้เรา", "ก่อนอื่น", "ต่าง ๆ", "นี้"]),
        ("ปี 2020 เรา", ["ปี 2020 เรา"]),
        (
            "About 2.5 kg, approx. five. Then… “Why?” he said.",
            ["About 2.5 kg, approx. five.", "Then…", "“Why?” he said."],
        ),
    ):
        assert list(sentences(text)) == expected


def test_words_without_blanks_are_counted_by_letters() -> None:
    assert count_words("the bees, and - honey") == 5
    assert count_words("今天讲养蜂。") == 5
    assert count_words("用 Python 写, yes") == 4
    assert count_words("ผึ้ง") == 2, "two consonants, with a vowel sign and a tone mark"
    assert count_words("꿀 벌") == 2


LONG = Transcript("long", (Segment(0.0, 600.0, tidy("Bees fly. " * 300)),), 600.0)
SHORT = talk("short")
MODEL = "m" * 64


class CountingModel(Predictor):
    def __init__(self) -> None:
        self.key = AnswerKey(MODEL, "indexed@1")
        self.asked: list[str] = []

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        self.asked += [transcript.external_id for transcript in transcripts]
        return [Reading(chapters(0, 30)) for _ in transcripts]


def older_record(record: Record) -> dict[str, int]:
    """Of a version that knew nothing of lines, with what its model had answered."""
    with record.write() as store:
        seqs = {made.external_id: store.transcripts.add(made, "train").seq for made in (LONG, SHORT)}
        for seq in seqs.values():
            store.predictions.add(Prediction(seq, MODEL, "indexed@1", chapters(0)))
    with sa.create_engine(record.url).begin() as connection:
        connection.execute(sa.text("UPDATE transcripts SET line_form = NULL"))
    return seqs


def test_what_was_answered_of_long_segments_is_asked_again_about_their_lines(record: Record) -> None:
    seqs, model = older_record(record), CountingModel()
    with record.write() as store:
        assert (store.transcripts.note_lines(), store.transcripts.note_lines()) == (2, 0)
        assert list(store.transcripts.awaiting_draft(MODEL, "indexed@1")) == [seqs["long"]]
        assert store.predictions.find(seqs["long"], MODEL, "indexed@1") is None
    answers = RecordedModel(record, model).predict_all(list(seqs.values()))
    assert model.asked == ["long"], "what an ordinary talk was answered is remembered"
    assert answers[seqs["long"]].template == f"indexed@1 lines@{FORM}"
    assert RecordedModel(record, model).predict_all(list(seqs.values())) == answers
    assert model.asked == ["long"]
    with record.read() as store:
        assert list(store.transcripts.awaiting_draft(MODEL, "indexed@1")) == []
        waiting = [answer for _, answer in store.predictions.awaiting_review(MODEL)]
        assert sorted(answer.transcript for answer in waiting) == sorted(seqs.values())
        assert next(answer for answer in waiting if answer.transcript == seqs["long"]).chapters == chapters(0, 30)
        assert store.predictions.of_model(MODEL, "indexed@1", list(seqs.values())).keys() == set(seqs.values())


def test_importing_again_what_has_long_segments_changes_nothing(record: Record) -> None:
    older_record(record)
    with record.write() as store:
        before = store.watermark()
        assert not store.transcripts.add(LONG).new
        assert store.watermark() == before
