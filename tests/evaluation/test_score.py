"""One video's score, titles, and the mean over videos."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters
from errata.errors import BadInput
from evaluation.metrics.score import mean_score, score_video
from evaluation.metrics.titles import token_f1


def listed(*rows: tuple[float, str]) -> Chapters:
    return tuple(Chapter(start, title) for start, title in rows)


REFERENCE = listed((0, "Intro"), (60, "Setting up the kitchen"), (120, "Cooking pasta"), (240, "Serving"))
SHARES = ("f1", "precision", "recall", "tiou")


def test_a_perfect_answer_scores_100():
    score = asdict(score_video(REFERENCE, REFERENCE, 300))
    assert score.pop("count_error") == 0
    assert all(value == pytest.approx(100) for value in score.values())


@pytest.mark.parametrize("nothing", [None, ()])
def test_no_prediction_and_no_chapters_score_0(nothing):
    score = asdict(score_video(REFERENCE, nothing, 300))
    assert score.pop("count_error") == 4
    assert set(score.values()) == {0.0}


def test_no_chapters_is_the_right_answer_where_there_are_none():
    assert score_video((), (), 300).f1 == 100
    assert score_video((), None, 300).f1 == 0
    assert score_video((), REFERENCE, 300).f1 == 0


def test_titles_are_judged_where_boundaries_match():
    prediction = listed((0, " Intro "), (60, "setting up the kitchen"), (120, "Boiling pasta"), (240, "Goodbye"))
    score = score_video(REFERENCE, prediction, 300)
    assert score.f1 == 100
    assert (score.title_exact, score.title_caseless, score.title_f1) == (25, 50, pytest.approx(62.5))


def test_unmatched_chapters_do_not_lower_titles():
    score = score_video(REFERENCE, REFERENCE[:3], 300)
    assert score.title_exact == 100
    assert score.recall < 100


def test_a_cold_open_has_no_title():
    reference, prediction = listed((10, "A"), (60, "B")), listed((0, "x"), (10, "A"), (60, "B"))
    assert score_video(reference, prediction, 120).title_exact == 100


def test_untitled_references_leave_titles_undefined():
    assert score_video(listed((0, ""), (60, " ")), listed((0, "a"), (60, "b")), 120).title_exact is None


def test_token_f1():
    assert token_f1("The Big Picture", "the picture") == pytest.approx(0.8)
    assert token_f1("go go", "go") == pytest.approx(2 / 3)
    assert (token_f1("!!!", "!!!"), token_f1("!!!", "???"), token_f1("", "a")) == (1, 0, 0)


def test_words_have_no_distance_in_seconds():
    score = score_video(REFERENCE, REFERENCE, 300, "words")
    assert score.f1 == 100
    assert (score.precision_3s, score.recall_10s) == (None, None)


def test_the_mean_leaves_out_what_is_not_defined_and_says_how_often():
    mean = mean_score([score_video(REFERENCE, REFERENCE, 300), score_video(listed((0, "A")), None, 300)])
    assert mean.videos == 2
    assert mean.mean.f1 == 50
    assert mean.mean.precision_5s == 100
    assert mean.left_out == {f"{side}_{within}s": 1 for within in (3, 5, 10) for side in ("precision", "recall")}


def test_the_mean_of_nothing_is_refused():
    with pytest.raises(BadInput, match="no video"):
        mean_score([])


some_chapters = st.lists(
    st.builds(Chapter, st.integers(0, 99).map(float), st.text("ab ", max_size=5)),
    min_size=1,
    max_size=6,
    unique_by=lambda chapter: chapter.start,
).map(tuple)


@given(some_chapters, some_chapters)
def test_scores_are_percent_and_undefined_by_the_reference_alone(reference, prediction):
    score = asdict(score_video(reference, prediction, 100))
    nothing = asdict(score_video(reference, None, 100))
    for name, value in score.items():
        assert (value is None) == (nothing[name] is None)
        assert value is None or name == "count_error" or 0 <= value <= 100
    assert all(nothing[name] == 0 for name in SHARES)
    assert score["title_exact"] is None or score["title_exact"] <= score["title_caseless"]


@given(some_chapters)
def test_every_reference_is_its_own_perfect_answer(reference):
    score = asdict(score_video(reference, reference, 100))
    assert score.pop("count_error") == 0
    assert all(value is None or value == pytest.approx(100) for value in score.values())
