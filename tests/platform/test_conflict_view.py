"""Versions side by side: which border is whose, and what each is called there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.domain.chapter import Chapter, Chapters
from errata.domain.prediction import Prediction
from errata.errors import NotFound
from errata.formats import chapter_text
from errata.formats.fields import listed_chapters
from errata.operations.conflict_view import conflict_view
from errata.operations.reviewing import adjudicate_transcript
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_record import chapters, correction, talk


@pytest.fixture
def place(record: Record, tmp_path: Path) -> Workspace:
    (tmp_path / FILE).write_text("")
    return Workspace(tmp_path)


def titled(*pairs: tuple[float, str]) -> Chapters:
    return tuple(Chapter(start, title) for start, title in pairs)


def disputed(place: Workspace, *versions: Chapters, drafts: tuple[Chapters, ...] = (), unit: str = "seconds") -> None:
    with place.record.write() as store:
        made = replace(talk("t"), unit=unit)
        seq = store.transcripts.add(made, "train").seq
        seen = [
            store.predictions.add(Prediction(seq, f"{at}" * 64, "inline@1", draft)).seq
            for at, draft in enumerate(drafts)
        ]
        for at, version in enumerate(versions):
            draft = seen[min(at, len(seen) - 1)] if seen else None
            store.corrections.add(correction(seq, version, f"reviewer {at}", prediction=draft))


def test_every_border_is_a_row_with_what_each_says_there(place: Workspace) -> None:
    one = titled((0, "Same"), (10, "One"), (20.4, "Mine"))
    other = titled((0, "Same"), (10, "Other"), (40, "Theirs"))
    disputed(place, one, other, drafts=(titled((0, "Drafted"), (60, "Nobody's")),))
    view = conflict_view(place, 1)
    assert [(row.start, row.draft, [cell.mark for cell in row.cells]) for row in view.rows] == [
        (0, "Drafted", ["same", "same"]),
        (10, None, ["title differs", "title differs"]),
        (20, None, ["alone", "missing"]),
        (40, None, ["missing", "alone"]),
        (60, "Nobody's", ["same", "same"]),
    ]
    assert view.borders_that_differ == 3 and view.drafted
    with place.record.read() as store:
        lines = store.transcripts.read(1).lines
    assert [row.words for row in view.rows] == [lines[at].text for at in (0, 1, 2, 4, 6)]


def test_whose_drafts_were_others_are_shown_without_one(place: Workspace) -> None:
    disputed(place, chapters(0), chapters(0, 30), drafts=(chapters(0, 50), chapters(0, 60)))
    assert not conflict_view(place, 1).drafted


def test_three_versions_of_which_two_agree(place: Workspace) -> None:
    disputed(place, chapters(0, 30), chapters(0, 30), chapters(0))
    view = conflict_view(place, 1)
    assert [[cell.mark for cell in row.cells] for row in view.rows] == [["same"] * 3, ["alone", "alone", "missing"]]


def test_a_reject_is_no_version(place: Workspace) -> None:
    disputed(place, chapters(0, 50), drafts=(chapters(0, 50),))
    with place.record.write() as store:
        store.corrections.add(correction(1, (), "eve", "reject", 2))
    view = conflict_view(place, 1)
    assert [side.reviewer for side in view.versions] == ["reviewer 0"]
    assert [side.reviewer for side in view.rejections] == ["eve"] and view.borders_that_differ == 0


def test_words_have_numbers_and_no_times(place: Workspace) -> None:
    disputed(place, chapters(0, 30), chapters(0), unit="words")
    view = conflict_view(place, 1)
    assert view.unit == "words" and view.texts[0].splitlines()[1] == "30w - Part 2"


def test_what_is_decided_is_in_dispute_no_more(place: Workspace) -> None:
    disputed(place, chapters(0), chapters(0, 30))
    adjudicate_transcript(place, 1, chapters(0, 60), "olga")
    for number in (1, 7):
        with pytest.raises(NotFound, match="nobody differs"):
            conflict_view(place, number)
        with pytest.raises(NotFound, match="nobody differs"):
            adjudicate_transcript(place, number, chapters(0), "olga")


starts = st.lists(st.floats(0, 86_399).map(lambda value: round(value, 2)), min_size=1, max_size=6, unique=True)
titles = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)


@given(starts, titles)
def test_a_version_that_is_begun_with_is_read_back_as_it_was(starts: list[float], title: str) -> None:
    """Else a third version would differ from the one that it begins with where nobody meant it to."""
    tidy = " ".join(title.split()).lstrip("-–—:| ") or "x"
    begun = tuple(Chapter(start, tidy) for start in sorted(starts))
    text = chapter_text.write(begun, "seconds")
    assert listed_chapters(chapter_text.read(text, "it"), "it") == begun
