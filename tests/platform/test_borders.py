"""The template `borders`: what is weighed, what division is found, and what is taught."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, canonical
from errata.domain.hashing import content_hash
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.inference.tokenizer import load_tokenizer
from errata.project_files import embedded_model
from errata.tasks.border_task import BorderTask, shown_lines
from errata.tasks.division import ChapterLengths, borders
from errata.tasks.encode import IGNORED, MarkTokens, ids
from errata.tasks.grammar import lark
from errata.tasks.prompt import BorderMark, Slot
from errata.tasks.task import examples
from errata.tasks.template import Reading, version_of
from errata.tasks.templates import find
from errata.tasks.templates.borders import Borders
from errata.tasks.templates.inline import NEW, SAME
from errata.tasks.view import View
from tests.made_up_model import make_tokenizer
from tests.platform.test_tasks import answered_rightly, chaptered, usable

LENGTHS = ChapterLengths()
WORDS = {"borders@1": "caf7245f6146dc20"}


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer(spaced=False)


def division_score(chosen: tuple[int, ...], odds: list[float], starts: list[float], end: float) -> float:
    """As the docstring of `borders` says, chapters within the cold open's limit alone."""
    ends = [*(starts[line] for line in chosen[1:]), end]
    lengths = [max(5.0, stop - starts[line]) for line, stop in zip(chosen, ends, strict=True)]
    deviations = [(math.log(length) - math.log(LENGTHS.typical)) / LENGTHS.spread for length in lengths]
    late = 0.0 if starts[chosen[0]] <= max(240.0, 0.1 * end) else 10.0
    return sum(odds[line] + LENGTHS.readiness for line in chosen) - sum(d * d for d in deviations) / 2 - late


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(1, 400), st.floats(-8, 4)), min_size=1, max_size=8), st.floats(1, 300))
def test_no_other_division_is_better(lines: list[tuple[float, float]], rest: float) -> None:
    starts = [float(start) for start in np.cumsum([gap for gap, _ in lines])]
    odds, end = [weight for _, weight in lines], starts[-1] + rest
    every = [c for count in range(1, len(lines) + 1) for c in itertools.combinations(range(len(lines)), count)]
    best = max(division_score(chosen, odds, starts, end) for chosen in every)
    found = tuple(borders(odds, starts, end, LENGTHS))
    assert division_score(found, odds, starts, end) == pytest.approx(best)


def test_of_lines_that_share_a_start_the_first_alone_begins_a_chapter() -> None:
    assert borders([9.0, -9.0, 9.0, 9.0], [0.0, 100.0, 200.0, 200.0], 400.0, LENGTHS) == [0, 2]


def test_nothing_begins_where_nothing_can() -> None:
    assert borders([], [], 10.0, LENGTHS) == []
    assert borders([-1000.0] * 3, [0.0, 10.0, 20.0], math.inf, LENGTHS) == []


def test_a_talk_without_times_has_chapters_as_long_as_it_takes_to_say_them() -> None:
    odds, seconds = [5.0, -9.0, -9.0, 5.0], [0.0, 60.0, 120.0, 180.0]
    words = [start * 2.5 for start in seconds]
    assert borders(odds, words, 900.0, LENGTHS, "words") == borders(odds, seconds, 360.0, LENGTHS) == [0, 3]


def test_lengths_are_those_of_the_labels() -> None:
    lengths = ChapterLengths.of([100.0, 400.0], 2.0)
    assert (lengths.typical, lengths.readiness) == (200.0, 2.0)
    assert lengths.spread == pytest.approx(math.log(2), abs=1e-3)


@settings(max_examples=40)
@given(case=chaptered(), context=st.sampled_from([420, 600, 1200]))
def test_right_answers_give_the_right_chapters_through_windows(tokenizer, case, context) -> None:
    transcript, chapters = case
    right = Reading(canonical(usable(chapters), transcript).chapters)
    task = BorderTask(Borders(), tokenizer, context)
    assert answered_rightly(task, transcript, right).chapters == right.chapters


@settings(max_examples=40)
@given(case=chaptered(), context=st.sampled_from([420, 600, 1200]))
def test_each_line_is_taught_once_and_each_title(tokenizer, case, context) -> None:
    transcript, chapters = case
    right = Reading(canonical(usable(chapters), transcript).chapters)
    task = BorderTask(Borders(), tokenizer, context)
    rows = list(examples(task, transcript, right))
    marks = [span.begins for row in rows for span in task.render(row.view) if isinstance(span, BorderMark)]
    assert len(marks) == len(transcript.lines)
    assert sum(mark is True for mark in marks) == len(right.chapters)
    assert [chapter for row in rows for chapter in row.right.chapters] == list(right.chapters)


def test_a_mark_is_learnt_where_the_line_ends_and_is_never_read() -> None:
    tokenizer = make_tokenizer(spaced=False)
    task, marks = BorderTask(Borders(), tokenizer, 600), MarkTokens.of(tokenizer)
    talk = _talk()
    (row,) = examples(task, talk, Reading((Chapter(0.0, "Gardens"), Chapter(200.0, "Soil"))))
    ends = [place for place, label in enumerate(row.encoded.labels) if label in (marks.same, marks.begins)]
    learnt = [row.encoded.labels[place] == marks.begins for place in ends[: len(talk.lines)]]
    assert learnt == [True, False, True, False]
    newline = ids(task.template.render(row.view)[2], tokenizer)
    assert [row.encoded.input_ids[place] for place in ends[: len(talk.lines)]] == newline * 4
    assert row.encoded.labels[-1] == tokenizer.eos_token_id
    assert len(row.encoded.input_ids) <= task.context
    slots = sum(isinstance(span, Slot) for span in task.render(row.view))
    assert slots == 2 and row.encoded.labels.count(IGNORED) > 0


def test_a_tokenizer_without_line_ends_marks_with_what_errata_tiny_says_of_borders() -> None:
    tokenizer = load_tokenizer(embedded_model())
    marks = MarkTokens.of(tokenizer)
    assert tokenizer.convert_ids_to_tokens([marks.same, marks.begins]) == [SAME, NEW]


def test_what_is_weighed_is_the_beginning_of_what_is_asked_next() -> None:
    """So that an engine need not read a talk twice."""
    tokenizer = make_tokenizer(spaced=False)
    task = BorderTask(Borders(), tokenizer, 600)
    views = task.views(_talk())
    weighed = next(views)
    named = views.send(Reading((), odds=(9.0, -9.0, 9.0, -9.0)))

    def tokens(view):
        return [
            i for span in task.render(view) if not isinstance(span, BorderMark | Slot) for i in ids(span, tokenizer)
        ]

    assert tokens(named)[: len(tokens(weighed))] == tokens(weighed)
    assert named.borders == (0, 2)


def test_a_line_is_shown_by_its_first_words_and_by_who_begins_to_speak() -> None:
    shown = list(shown_lines(_talk()))
    assert shown[0] == "Ada: welcome to gardens"
    assert shown[1] == "and what grows there"
    assert shown[2].startswith("Ben: so soil") and shown[2].endswith("…") and len(shown[2].split()) == 26


def _talk() -> Transcript:
    lines = [
        Segment(0.0, 100.0, "welcome to gardens", "Ada Li"),
        Segment(100.0, 200.0, "and what grows there", "Ada Li"),
        Segment(200.0, 300.0, "so soil is wet " * 10, "Ben"),
        Segment(300.0, 400.0, "and dark", "Ben"),
    ]
    return Transcript("talk", tuple(Segment(s.start, s.end, s.text.strip(), s.speaker) for s in lines), 400.0)


def test_options_show_more_and_are_in_the_name() -> None:
    template = find("borders+before+pauses")
    assert template.name == "borders+pauses+before"
    with pytest.raises(BadInput, match=r"no option 'pause'.*pauses"):
        find("borders+pause")
    talk = Transcript("t", (Segment(0.0, 8.0, "so"), Segment(11.2, 65.0, "and so on")), 65.0)
    assert list(shown_lines(talk, ("pauses",))) == ["so", "(3 s) and so on"]
    assert list(shown_lines(talk, ("pauses", "times"))) == ["0:00-0:08 so", "0:11-1:05 (3 s) and so on"]
    assert list(shown_lines(replace(talk, unit="words"), ("pauses", "times"))) == ["so", "and so on"]


def test_a_later_window_may_know_what_it_is_in_the_middle_of() -> None:
    tokenizer = make_tokenizer(spaced=False)
    talk = Transcript("t", tuple(Segment(10.0 * i, 10.0 * i + 9, "so today we talk") for i in range(40)), 400.0)
    right = Reading((Chapter(0.0, "Gardens"),))
    rows = list(examples(BorderTask(find("borders+before"), tokenizer, 300), talk, right))
    assert [row.view.running for row in rows] == ["", *["Gardens"] * (len(rows) - 1)]
    assert len(rows) > 1 and all(len(row.encoded.input_ids) <= 300 for row in rows)
    assert {row.view.running for row in examples(BorderTask(Borders(), tokenizer, 300), talk, right)} == {""}


def test_a_description_is_shown_without_its_times() -> None:
    tokenizer = make_tokenizer(spaced=False)
    talk = replace(_talk(), description="About soil.\n0:00 Welcome\nBy Ada.")
    for template, shown in ((Borders(), ""), (find("borders+description"), "About soil. By Ada.")):
        view = next(BorderTask(template, tokenizer, 600).views(talk))
        assert view.description == shown


def test_a_version_never_changes_its_words() -> None:
    """Whoever changes what is shown, asked or taught raises the version."""
    view = View("A talk", "", ("Ada: welcome", "so soil …", "and tools"), (0, 12, 30), 40, borders=(0, 2))
    template = Borders()
    prompt = "|".join(getattr(span, "text", "_") for span in template.render(view))
    right = (Chapter(0.0, "Hello"), Chapter(30.0, "Tools"))
    fillings = [[span.text for span in slot] for slot in template.target(view, right, "")]
    shown = list(shown_lines(_talk()))
    assert content_hash([prompt, fillings, lark(template.grammar(view, ())), shown])[:16] == WORDS[version_of(template)]
