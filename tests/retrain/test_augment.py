"""Altered copies whose chapters stay true to their text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.documents.file_names import AUGMENTED, CURATED
from errata.documents.file_names import ROWS as ROWS_FILE
from errata.domain.chapter import Chapter, Chapters, canonical, starts
from errata.domain.hashing import canonical_json
from errata.domain.transcript import Segment, Transcript
from retrain import augment as stage
from retrain.augment import ALTERATIONS, augment, begun_late, unpunctuated
from retrain.training_rows import TrainingRow, chapters_json, read_rows, write_rows
from tests.made_up_params import write_params
from tests.made_up_record import chapters, shouted, talk


def row(number: int) -> TrainingRow:
    said = shouted(talk(f"t{number}"), f"t{number}")
    right = chapters_json(chapters(0, 40, 80))
    text = canonical_json(said.as_json())
    return TrainingRow(
        transcript=number,
        transcript_hash=said.hash,
        external_id=f"t{number}",
        channel="",
        correction=number,
        kind="edit",
        reviewer="ann",
        role="train",
        group=number,
        group_hashes=[said.hash],
        chapters=right,
        text=text,
    )


ROWS = [row(number) for number in range(1, 41)]


@st.composite
def chaptered(draw: st.DrawFn) -> tuple[Transcript, Chapters]:
    """Segments at any fraction of a second, several within one; chapters where a reviewer may have put them."""
    gaps = draw(st.lists(st.floats(0, 9), min_size=1, max_size=25))
    segments, at = [], draw(st.floats(0, 5))
    for number, gap in enumerate(gaps):
        at += gap
        segments.append(Segment(at, at + 1, f"Line {number}, it's said – well."))
    wanted = draw(st.lists(st.floats(0, at + 2), max_size=7, unique=True).map(sorted))
    right = tuple(Chapter(start, f"Title {place}") for place, start in enumerate(wanted))
    return Transcript("t", tuple(segments), at + 2), right


def lines(transcript: Transcript, right: Chapters) -> list[tuple[str, int]]:
    """Each title with the number of the line where its chapter begins: what the label says."""
    numbers = [int(segment.text.lower().removeprefix("line ").split()[0].strip(",")) for segment in transcript.segments]
    places = starts(transcript)
    return [(c.title, numbers[places.index(int(c.start))]) for c in canonical(right, transcript).chapters]


@pytest.mark.parametrize("name", sorted(ALTERATIONS))
@settings(max_examples=150)
@given(case=chaptered(), seed=st.integers(0, 5))
def test_a_copy_s_chapters_begin_on_the_lines_where_they_began(
    name: str, case: tuple[Transcript, Chapters], seed: int
) -> None:
    transcript, right = case
    altered, moved = ALTERATIONS[name](transcript, right, Random(seed))
    before, after = lines(transcript, right), lines(altered, moved)
    assert after == before[len(before) - len(after) :]
    assert len(after) == len(before) or name == "begun late"
    assert Transcript.from_json(altered.as_json()) == altered, "it is still a transcript"


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


def test_the_same_seed_makes_the_same_copies() -> None:
    made = augment(ROWS, 0.5, seed=7)
    assert made == augment(ROWS, 0.5, seed=7)
    assert made != augment(ROWS, 0.5, seed=8)
    assert augment(ROWS[10:], 0.5, seed=7)[30:] == [copy for copy in made[40:] if copy.correction > 10], (
        "a row's copy is its own, whatever rows stand around it"
    )


def test_a_row_is_altered_in_one_way_whenever_it_came() -> None:
    later = [replace(row, correction=row.correction + 100) for row in ROWS]
    assert [copy.text for copy in augment(later, 0.5, seed=7)] == [copy.text for copy in augment(ROWS, 0.5, seed=7)]


def test_copies_stand_after_the_rows_and_keep_where_they_come_from() -> None:
    made = augment(ROWS, 0.5, seed=7)
    assert made[:40] == ROWS
    copies = made[40:]
    assert 10 <= len(copies) <= 30
    assert {copy.altered for copy in copies} == set(ALTERATIONS)
    for copy in copies:
        source = ROWS[copy.correction - 1]
        assert (copy.group_hashes, copy.role) == (source.group_hashes, source.role)
        assert copy.transcript_hash == source.transcript_hash
        assert (copy.text, copy.chapters) != (source.text, source.chapters)
    assert augment(ROWS, 0.0, seed=7) == ROWS
    assert len(augment(ROWS, 1.0, seed=7)) == 80


def test_the_stage_reads_its_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(CURATED / ROWS_FILE, ROWS)
    write_params(tmp_path, augment={"share": 0.5})
    stage.main()
    assert read_rows(AUGMENTED / ROWS_FILE) == augment(ROWS, 0.5, seed=7)


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
    plain = Transcript("plain", (Segment(0.0, 800.0, "words and more of them " * 40),), 800.0)
    text = canonical_json(plain.as_json())
    unaltered = replace(ROWS[0], text=text, chapters=chapters_json((Chapter(0.0, "All"),)))
    assert augment([unaltered], 1.0, 7) == [unaltered], "where only the segments would differ there is no copy"
