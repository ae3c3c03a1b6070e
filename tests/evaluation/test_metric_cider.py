"""CIDEr and ROUGE-L equal the golden scores, and a literal reading of the formula."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, Chapters
from evaluation.metrics import captions, overlap
from evaluation.metrics.cider import cider
from evaluation.metrics.rouge import rouge_l


def listed(rows: list[dict]) -> Chapters:
    return tuple(Chapter(float(row["start"]), row["title"]) for row in rows)


@pytest.mark.parametrize(("score", "golden"), [(cider, "CIDEr"), (rouge_l, "Rouge-L")])
def test_captions_equal_the_golden_scores(shared: Path, score, golden):
    cases = json.loads((shared / "reference" / "golden_scores.json").read_text("utf-8"))["cases"]
    for case in cases:
        sides = listed(case["reference"]), listed(case["prediction"])
        overlaps = overlap.iou(*(overlap.spans(side, case["duration"]) for side in sides))
        reference, prediction = map(captions.titles, sides)
        wanted = case["scores"]["caption"][golden]
        for threshold in captions.THRESHOLDS:
            pairs = captions.pairs(reference, prediction, overlaps >= threshold)
            assert 100 * score(pairs) == pytest.approx(wanted[f"{threshold}"], rel=1e-12, abs=1e-9), case["id"]
        found = captions.mean_over_thresholds(score, reference, prediction, overlaps)
        assert found == pytest.approx(wanted["avg"], rel=1e-12, abs=1e-9), case["id"]


def words(*titles: str) -> list[captions.Tokens]:
    return [tuple(title.split()) for title in titles]


def test_a_prediction_meets_every_reference_that_reaches_the_threshold_or_nobody():
    reached = np.array([[True, False], [True, False]])
    first, second = words("a", "b")
    assert captions.pairs([first, second], words("x", "y"), reached) == [
        (first, ("x",)),
        (second, ("x",)),
        (captions.NOBODY, ("y",)),
    ]


def test_no_prediction_scores_0():
    assert captions.mean_over_thresholds(cider, words("a b"), [], np.zeros((1, 0))) == 0


def test_a_perfect_list_of_titles_of_four_words_scores_10_and_one_of_two_words_5():
    assert cider([(title, title) for title in words("a b c d", "e f g h")]) == pytest.approx(10)
    assert cider([(title, title) for title in words("a b", "e f")]) == pytest.approx(5)


def test_one_pair_scores_0_even_if_perfect():
    title = ("a", "b", "c", "d")
    assert cider([(title, title)]) == 0


def test_a_word_that_every_reference_has_is_worth_nothing():
    assert cider([(("the", "cat"), ("the",)), (("the", "dog"), ("the",))]) == 0


def test_rouge_by_hand():
    pairs = [(("the", "big", "picture"), ("the", "picture", "here", "now"))]
    precision, recall = 2 / 4, 2 / 3
    assert rouge_l(pairs) == pytest.approx(2.44 * precision * recall / (recall + 1.44 * precision))


def grams(title: captions.Tokens, length: int) -> list[captions.Tokens]:
    return [title[start : start + length] for start in range(len(title) - length + 1)]


def literal_cider(pairs: list[captions.Pair]) -> float:
    """CIDEr-D as the formula is written down, n-gram by n-gram."""
    total = 0.0
    for reference, prediction in pairs:
        for length in range(1, 5):

            def weight(gram, title, length=length):
                with_it = sum(gram in grams(other, length) for other, _ in pairs)
                return grams(title, length).count(gram) * (math.log(len(pairs)) - math.log(max(1, with_it)))

            every = set(grams(reference, length)) | set(grams(prediction, length))
            ours = {gram: weight(gram, reference) for gram in every}
            theirs = {gram: weight(gram, prediction) for gram in every}
            norms = math.hypot(*ours.values()) * math.hypot(*theirs.values())
            shared = sum(min(theirs[gram], ours[gram]) * ours[gram] for gram in every)
            longer = len(grams(prediction, 2)) - len(grams(reference, 2))
            total += (shared / norms if norms else 0.0) * math.exp(-(longer**2) / 72) / 4
    return 10 * total / len(pairs)


title = st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(tuple)
some_pairs = st.lists(st.tuples(title, title), min_size=1, max_size=6)


@given(some_pairs)
def test_cider_is_the_formula(pairs):
    assert cider(pairs) == pytest.approx(literal_cider(pairs), rel=1e-9, abs=1e-12)


@given(some_pairs)
def test_nothing_beats_the_reference_itself(pairs):
    itself = [(reference, reference) for reference, _ in pairs]
    assert 0 <= cider(pairs) <= cider(itself) + 1e-9 <= 10 + 2e-9
    assert 0 <= rouge_l(pairs) <= rouge_l(itself) == pytest.approx(1)


HASHED = """
from random import Random
from evaluation.metrics.cider import cider
random = Random(1)
words = "one two three four five six seven".split()
draw = lambda: tuple(random.sample(words, 5))
print([cider([(draw(), draw()) for _ in range(7)]) for _ in range(100)])
"""


def test_no_digit_depends_on_how_strings_are_hashed():
    """A night that is run again must come to the same bytes."""
    found = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
