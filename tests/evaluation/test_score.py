"""One video's score, titles, and the mean over videos."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters
from errata.errors import BadInput
from evaluation.metrics.score import LOW_IS_GOOD, mean_score, score_video
from evaluation.metrics.segmentation import window_errors
from evaluation.metrics.titles import similarity, token_f1


def listed(*rows: tuple[float, str]) -> Chapters:
    return tuple(Chapter(start, title) for start, title in rows)


REFERENCE = listed((0, "Intro"), (60, "Setting up the kitchen"), (120, "Cooking pasta"), (240, "Serving"))
SHARES = ("f1", "precision", "recall", "tiou")


def test_a_perfect_answer_scores_best():
    score = asdict(score_video(REFERENCE, REFERENCE, 300))
    assert [score.pop(name) for name in sorted(LOW_IS_GOOD)] == [0, 0, 0]
    assert score.pop("cider") == pytest.approx(1000 * (1 + 4 + 2 + 1) / 4 / 4)  # words in a title, up to four
    assert all(value == pytest.approx(100) for value in score.values())


@pytest.mark.parametrize(("nothing", "pk", "windowdiff"), [(None, 100, 100), ((), None, None)])
def test_no_prediction_and_no_chapters_score_0(nothing, pk, windowdiff):
    score = asdict(score_video(REFERENCE, nothing, 300))
    assert score.pop("count_error") == 4
    whole = window_errors([60, 60, 120, 60], [300])
    assert score.pop("pk") == pytest.approx(pk or 100 * whole.pk)
    assert score.pop("windowdiff") == pytest.approx(windowdiff or 100 * (whole.windowdiff or 0))
    assert set(score.values()) == {0.0}


def test_no_chapters_is_the_right_answer_where_there_are_none():
    right = score_video((), (), 300)
    assert (right.f1, right.soda_d, right.pk, right.boundary_similarity) == (100, 100, 0, 100)
    missing = score_video((), None, 300)
    assert (missing.f1, missing.soda_d, missing.pk, missing.boundary_similarity) == (0, 0, 100, 0)
    assert score_video((), REFERENCE, 300).f1 == 0


def test_no_prediction_is_worst_even_where_none_would_be_right():
    score = score_video(listed((0, "A")), None, 300)
    assert (score.pk, score.windowdiff, score.boundary_similarity) == (100, 100, 0)


def test_boundaries_count_by_the_second():
    prediction = listed((0, "Intro"), (61, "Setting up the kitchen"), (125, "Cooking pasta"), (270, "Serving"))
    score = score_video(REFERENCE, prediction, 299.5)
    errors = window_errors([60, 60, 120, 60], [61, 64, 145, 30])
    assert (score.pk, score.windowdiff) == (pytest.approx(100 * errors.pk), pytest.approx(100 * errors.windowdiff))
    assert score.boundary_similarity == pytest.approx(100 * (0.9 + 0.5 + 0 + 0) / 4)


def test_soda_and_cider_leave_the_cold_open_out():
    reference, prediction = listed((10, "A b c d"), (60, "E f g h")), listed((0, "x"), (10, "A b c d"), (60, "E f g h"))
    score = score_video(reference, reference, 120)
    assert (score.soda_d, score.cider) == (pytest.approx(100), pytest.approx(1000))
    assert score_video(reference, prediction, 120).soda_d == pytest.approx(80)


def test_titles_without_a_word_have_no_cider():
    reference, odd = listed((0, "One"), (5, "Two")), listed((0, "One"), (5, "?"))
    assert score_video(odd, reference, 10).cider is None
    assert score_video(reference, odd, 10).cider == pytest.approx(1000 / 4 / 2)


def test_two_seconds_have_no_windowdiff():
    assert score_video(listed((0, "A")), None, 2).windowdiff is None


def test_titles_are_judged_where_boundaries_match():
    prediction = listed((0, " Intro "), (60, "setting up the kitchen"), (120, "Boiling pasta"), (240, "Goodbye"))
    score = score_video(REFERENCE, prediction, 300)
    assert score.f1 == 100
    assert (score.title_exact, score.title_caseless, score.title_f1) == (25, 50, pytest.approx(62.5))
    assert 62.5 < score.title_similarity < 100


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


def test_similar_titles():
    assert similarity("Cooking", "cookin") == pytest.approx(12 / 13)
    assert (similarity("Ab", "aB"), similarity("ab", "cd")) == (1, 0)


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
        assert value is None or name == "count_error" or 0 <= value <= (1000 if name == "cider" else 100) + 1e-9
        if value is not None and name != "count_error":
            assert nothing[name] >= value if name in LOW_IS_GOOD else nothing[name] <= value
    assert all(nothing[name] == 0 for name in SHARES)
    assert score["title_exact"] is None or score["title_exact"] <= score["title_caseless"]


@given(some_chapters)
def test_every_reference_is_its_own_perfect_answer(reference):
    score = asdict(score_video(reference, reference, 100))
    assert [score.pop(name) for name in sorted(LOW_IS_GOOD)] == [0, 0, 0]
    cider = score.pop("cider")
    assert cider in (None, 0) or len(reference) > 1  # a video with one pair has no rare words
    assert all(value is None or value == pytest.approx(100) for value in score.values())
