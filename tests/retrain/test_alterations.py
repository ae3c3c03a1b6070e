"""What is altered keeps its label, and changes nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.documents.params import AlterationName
from errata.domain.chapter import Chapter, Chapters, canonical, starts
from errata.domain.transcript import Segment, Transcript
from retrain.alterations import ALTERATIONS
from retrain.alterations.cuts import begun_late, cuts_off_borders
from retrain.alterations.english import english, is_english
from retrain.alterations.insertions import intro, sponsor
from retrain.alterations.line_dropout import line_dropout
from retrain.alterations.pauses import pauses
from retrain.alterations.punctuation import unpunctuated
from retrain.alterations.recogniser_noise import recogniser_noise
from retrain.alterations.speaker_labels import no_speaker_labels
from retrain.alterations.titled_lines import Altered
from tests.made_up_record import chapters, talk

NUMBER = re.compile(r"\d+")


@st.composite
def chaptered(draw: st.DrawFn) -> Altered:
    """Segments at any fraction of a second, several within one; chapters where a reviewer may have put them."""
    gaps = draw(st.lists(st.floats(0, 9), min_size=1, max_size=25))
    segments, at = [], draw(st.floats(0, 5))
    for number, gap in enumerate(gaps):
        at += gap
        segments.append(Segment(at, at + 1, f"Line {number}, it's said – and that is the end of it for you."))
    wanted = draw(st.lists(st.floats(0, at + 2), max_size=7, unique=True).map(sorted))
    right = tuple(Chapter(start, f"Title {place}") for place, start in enumerate(wanted))
    return Transcript("t", tuple(segments), at + 2, title="The talk", description="Of it", channel="c"), right


def numbers(segments: Sequence[Segment]) -> list[int]:
    """Of the lines that are there, in their order."""
    return [int(number) for segment in segments for number in NUMBER.findall(segment.text)]


def labels(transcript: Transcript, right: Chapters) -> list[tuple[str, int | None]]:
    """Each title with the number of the line where its chapter begins: what the label says. None where nothing of a
    numbered line comes after."""
    places = starts(transcript)
    found = []
    for chapter in canonical(right, transcript).chapters:
        rest = numbers(transcript.segments[places.index(int(chapter.start)) :])
        found.append((chapter.title, rest[0] if rest else None))
    return found


def altered_as(name: AlterationName, case: Altered, seed: int) -> Altered:
    return ALTERATIONS[name](*case, Random(seed)) or case


every = pytest.mark.parametrize("name", sorted(ALTERATIONS))
CUT = ("begun late", "cuts off borders")


@every
@settings(max_examples=150)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_chapters_begin_on_the_lines_where_they_began(name: AlterationName, case: Altered, seed: int) -> None:
    altered = altered_as(name, case, seed)
    before, after = labels(*case), labels(*altered)
    if name in CUT and after:
        first = [title for title, _ in before].index(after[0][0])
        before = before[first : first + len(after)]
    if name == "cuts off borders":  # the first one goes on from a later line
        assert [title for title, _ in after] == [title for title, _ in before]
        before, after = before[1:], after[1:]
    assert after == before


@every
@settings(max_examples=100)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_it_is_a_transcript_with_canonical_chapters(name: AlterationName, case: Altered, seed: int) -> None:
    transcript, right = altered_as(name, case, seed)
    assert Transcript.from_json(transcript.as_json()) == transcript
    label = canonical(right, transcript)
    if (transcript, right) != case and name not in ("unpunctuated", "begun late"):
        assert label.chapters == right and label.merged == 0 and not any(label.moved)
    headings = (transcript.external_id, transcript.title, transcript.description, transcript.channel, transcript.unit)
    assert headings == ("t", "The talk", "Of it", "c", "seconds")


@every
@settings(max_examples=100)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_what_is_said_stays_in_its_order(name: AlterationName, case: Altered, seed: int) -> None:
    said, kept = numbers(case[0].segments), numbers(altered_as(name, case, seed)[0].segments)
    assert kept == sorted(kept)
    if name in (*CUT, "line dropout"):
        assert set(kept) <= set(said) and (name == "line dropout" or kept == said[kept[0] : kept[-1] + 1])
    else:
        assert kept == said


@every
def test_the_same_seed_alters_the_same(name: AlterationName) -> None:
    case = (lecture(), LECTURE)
    assert altered_as(name, case, 1) == altered_as(name, case, 1)
    drawn = {altered_as(name, case, seed) for seed in range(20)}
    without_choice = ("unpunctuated", "no speaker labels", "begun late", "instruction")
    assert len(drawn) > 3 or name in without_choice


def lecture() -> Transcript:
    """English, of two speakers, 12 lines of ten seconds each."""
    texts = [f"Line {number}: and it is what you and I would hear of two of their walks there." for number in range(12)]
    segments = tuple(
        Segment(10.0 * number, 10.0 * number + 10, f"{'Ann' if number % 2 else 'Bo'}: {text}")
        for number, text in enumerate(texts)
    )
    return Transcript("lecture", segments, 120.0)


LECTURE = chapters(0, 40, 80)


def test_a_recording_that_begins_late_counts_from_there() -> None:
    altered, moved = begun_late(talk("t"), chapters(0, 40, 80), Random(1))
    assert moved == (Chapter(0.0, "Part 2"), Chapter(40.0, "Part 3"))
    assert altered.segments[0] == replace(talk("t").segments[4], start=0.0, end=9.0)
    assert altered.duration == talk("t").duration - 40


def test_a_reviewer_s_start_just_after_its_line_does_not_lose_the_line() -> None:
    segments = tuple(Segment(start, start + 2, f"line {start}") for start in (0.0, 10.7, 14.9, 30.2, 40.0))
    transcript = Transcript("t", segments, 50.0)
    right = (Chapter(0, "Opening"), Chapter(11, "Soil"), Chapter(30, "Tools"))
    altered, moved = begun_late(transcript, right, Random(1))
    assert altered.segments[0].text == "line 10.7"
    assert [chapter.title for chapter in moved] == ["Soil", "Tools"]


def test_two_chapters_have_no_later_one_to_begin_at() -> None:
    assert begun_late(talk("t"), chapters(0, 40), Random(1)) == (talk("t"), chapters(0, 40))


def test_a_recogniser_without_punctuation_keeps_the_words() -> None:
    said = Transcript("t", (Segment(0, 1, "Well, it's the co-op’s — Rope… 'today'?"), Segment(2, 3, "?!")), 4.0)
    altered, _ = unpunctuated(said, (), Random(0))
    assert [segment.text for segment in altered.segments] == ["well it's the co-op’s rope today", "?!"]


def test_long_segments_are_altered_line_by_line() -> None:
    words = " ".join(f"Sentence {number} of it." for number in range(80))
    said = Transcript("long", (Segment(0.0, 800.0, words),), 800.0)
    right = tuple(Chapter(float(int(line.start)), line.text[:12]) for line in said.lines[::3])
    bare, kept = unpunctuated(said, right, Random(1))
    assert [line.start for line in bare.lines] == [line.start for line in said.lines], "without stops, cut as with them"
    assert kept == right
    late, later = begun_late(said, right, Random(1))
    assert late.lines[0].text.startswith(later[0].title) and later[0].start == 0
    by_start = {int(line.start): line.text for line in late.lines}
    assert all(by_start[int(chapter.start)].startswith(chapter.title) for chapter in later)


@settings(max_examples=100)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_cuts_shift_all_lines_alike(case: Altered, seed: int) -> None:
    altered, right = cuts_off_borders(*case, Random(seed)) or case
    if altered == case[0]:
        return
    by_text = {segment.text: segment for segment in case[0].segments}
    assert len({round(by_text[line.text].start - line.start, 6) for line in altered.segments}) == 1
    assert right[0].start == int(altered.segments[0].start)
    assert altered.segments[-1].end <= altered.duration


def test_cuts_leave_half_of_the_chapters_that_they_go_through() -> None:
    for seed in range(30):
        altered, right = cuts_off_borders(lecture(), LECTURE, Random(seed)) or (lecture(), LECTURE)
        assert 2 <= len(right) <= 3 and [chapter.title for chapter in right] == [
            chapter.title for chapter in LECTURE if chapter.title in {kept.title for kept in right}
        ]
        bounds = [chapter.start for chapter in right] + [altered.duration]
        assert all(end - begin >= 20 for begin, end in pairwise(bounds)), "of 40 s"
    assert cuts_off_borders(lecture(), chapters(0), Random(1)) is None


@settings(max_examples=100)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_dropout_keeps_borders_titles_and_half_of_each_chapter(case: Altered, seed: int) -> None:
    transcript, right = case
    worded = tuple(replace(chapter, title=f"End of {chapter.title}") for chapter in right[:1])
    altered, _ = line_dropout(transcript, (*worded, *right[1:]), Random(seed)) or case
    assert set(altered.segments) <= set(transcript.segments), "what stays isn't touched"
    assert len(altered.segments) >= len(transcript.segments) / 2


def test_dropout_loses_lines_without_a_word_of_the_title() -> None:
    said = replace(lecture(), segments=tuple(replace(line, text=f"{line.text} Ropes.") for line in lecture().segments))
    assert line_dropout(said, chapters(0, 40, by="Ropes"), Random(3)) == (said, chapters(0, 40, by="Ropes"))
    assert any(line_dropout(said, LECTURE, Random(seed)) != (said, LECTURE) for seed in range(5))


@settings(max_examples=100)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_an_insertion_moves_what_comes_later_by_whole_seconds(case: Altered, seed: int) -> None:
    for alteration in (sponsor, intro):
        altered, _ = alteration(*case, Random(seed)) or case
        old = [line for line in altered.segments if line.text.startswith("Line ")]
        assert [(line.text, line.speaker) for line in old] == [(line.text, line.speaker) for line in case[0].segments]
        moves = [round(new.start - was.start, 6) for new, was in zip(old, case[0].segments, strict=True)]
        longer = altered.duration - case[0].duration
        assert moves == sorted(moves) and all(move in (0, round(longer)) for move in moves)


def test_a_sponsor_speaks_inside_a_chapter_and_makes_no_border() -> None:
    for seed in range(30):
        altered, right = sponsor(lecture(), LECTURE, Random(seed)) or (lecture(), LECTURE)
        inserted = [place for place, line in enumerate(altered.segments) if "Line" not in line.text]
        borders = [starts(altered).index(int(chapter.start)) for chapter in right]
        assert len(inserted) >= 2 and not {place + near for place in inserted for near in (-1, 0, 1)} & set(borders)
        assert [chapter.title for chapter in right] == [chapter.title for chapter in LECTURE]


def test_where_sponsors_have_chapters_none_is_inserted() -> None:
    named = (*LECTURE[:1], Chapter(40.0, "A word from our sponsor"), *LECTURE[2:])
    assert sponsor(lecture(), named, Random(1)) is None


def test_a_greeting_is_of_the_first_chapter_or_of_the_cold_open() -> None:
    altered, right = intro(lecture(), LECTURE, Random(1)) or (lecture(), LECTURE)
    assert right[0] == LECTURE[0] and "Line" not in altered.segments[0].text
    cold, later = intro(lecture(), LECTURE[1:], Random(1)) or (lecture(), LECTURE)
    longer = cold.duration - 120
    assert later[0] == Chapter(40 + longer, "Part 2") and longer > 0


def test_a_recogniser_mishears_some_words_and_spares_those_of_titles() -> None:
    words = Counter[str]()
    for seed in range(20):
        altered, _ = recogniser_noise(lecture(), chapters(0, 40, by="Their walks"), Random(seed)) or (lecture(), ())
        words.update(altered.text.lower().replace(".", "").split())
    assert words["their"] > 230 and words["walks"] == 240, "a title's own words"
    assert 150 < words["two"] < 240 and words["too"] + words["to"] > 2
    assert sum(words[filler] for filler in ("um", "uh", "er")) > 5


def test_a_border_begins_a_segment_however_segments_are_cut() -> None:
    case = (lecture(), LECTURE)
    counts = {len(altered_as("recogniser noise", case, seed)[0].segments) for seed in range(30)}
    assert min(counts) < 12 < max(counts), "some are joined, some cut in two"


def test_english_words_go_into_english_talks_alone() -> None:
    german = Transcript("d", (Segment(0, 9, "Und das ist alles, was wir heute dazu sagen wollten."),) * 5, 50.0)
    assert is_english(lecture()) and not is_english(german)
    assert [alteration(german, (), Random(1)) for alteration in (sponsor, intro, recogniser_noise)] == [None] * 3


def test_the_lists_of_words_hold_words() -> None:
    noise = english("mishearings")
    assert all(isinstance(word, str) for word in (*noise["lost"], *noise["fillers"]))
    assert all(len(set(line.split(" | "))) == len(line.split(" | ")) > 1 for line in noise["alike"])
    for name in ("sponsors", "intros"):
        slots = english(name)["slots"]
        lines = [line for text in english(name)["texts"] for line in text]
        assert all(line.format(**{slot: choices[0] for slot, choices in slots.items()}) for line in lines)
        assert all(isinstance(choice, str) for choices in slots.values() for choice in choices)


def test_names_before_the_words_go() -> None:
    altered, right = no_speaker_labels(lecture(), LECTURE, Random(1)) or (lecture(), ())
    assert [line.text[:5] for line in altered.segments] == ["Line "] * 12 and right == LECTURE
    said = Transcript("t", (Segment(0, 1, ">> Hello."), Segment(2, 3, "- Well-known.", "bo"), Segment(4, 5, "-5")), 9.0)
    bare, _ = no_speaker_labels(said, (), Random(1)) or (said, ())
    assert [(line.text, line.speaker) for line in bare.segments] == [
        ("Hello.", None),
        ("Well-known.", None),
        ("-5", None),
    ]


@settings(max_examples=100)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_pauses_move_nothing_but_ends(case: Altered, seed: int) -> None:
    altered, _ = pauses(*case, Random(seed)) or case
    for new, old in zip(altered.segments, case[0].segments, strict=True):
        assert replace(new, end=old.end) == old and old.start <= new.end <= old.end


def test_pauses_are_more_and_longer_before_borders() -> None:
    gaps: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(200):
        altered, _ = pauses(lecture(), LECTURE, Random(seed)) or (lecture(), ())
        for line, following in pairwise(altered.segments):
            gaps[following.start in (40, 80)].append(following.start - line.end)
    assert 0.6 < sum(gap > 0 for gap in gaps[True]) / len(gaps[True]) < 0.8
    assert sum(gaps[True]) / len(gaps[True]) > 5 * sum(gaps[False]) / len(gaps[False])


@every
def test_text_without_times_is_counted_in_words(name: AlterationName) -> None:
    texts = [line.text for line in lecture().segments]
    counted = [sum(len(text.split()) for text in texts[:place]) for place in range(13)]
    segments = tuple(
        Segment(float(begin), float(end), text) for begin, end, text in zip(counted, counted[1:], texts, strict=False)
    )
    said = Transcript("words", segments, float(counted[-1]), "words")
    right = (Chapter(0.0, "One"), Chapter(float(counted[4]), "Two"), Chapter(float(counted[8]), "Three"))
    altered, kept = altered_as(name, (said, right), 3)
    if name not in ("unpunctuated", "instruction"):
        before = 0
        for line in altered.segments:
            assert line.start == before
            before += len(line.text.split())
        assert altered.duration == before
    assert {chapter.start for chapter in kept} <= set(starts(altered))
