"""Titles are split as the published scores split them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics.tokens import tokens


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Setting up the Kitchen", "setting up the kitchen"),
        ("Results: 95% of $1,000", "results 95 % of $ 1,000"),
        ("Q&A, part 2!", "q&a part 2"),
        ("It's what we can't do", "it 's what we ca n't do"),
        ("What you Cannot Prove", "what you can not prove"),
        ("A (B) [C]", "a -lrb- b -rrb- -lsb- c -rsb-"),
        ("Issue #25717, #bitcoin-core", "issue # 25717 #bitcoin core"),
        ("U.S. vs. them, e.g. Dr. No.", "u.s. vs. them e.g. dr. no"),
        ("Node.js on example.com", "node.js on example.com"),
        ("CoinShuffle++ and C++", "coinshuffle + + and c++"),
        ("state-of-the-art input/output", "state-of-the-art input/output"),
        ("Préparer – “ça”", "pr parer a"),
        ("https://arxiv.org/abs/1905.10518.", "https://arxiv.org/abs/1905.10518"),
        ("the ’90s, '90s, 1990s at 10:30am", "the 90s '90s 1990s at 10:30 am"),
        ('Wait... "what?!"', "wait what ?!"),
        ("…", ""),
        ("Введение", ""),
        ("-- ?", ""),
    ],
)
def test_words(title, words):
    assert " ".join(tokens(title)) == words


def test_words_equal_the_golden_ones(shared: Path):
    cases = json.loads((shared / "reference" / "golden_scores.json").read_text("utf-8"))["cases"]
    compared = 0
    for case in cases:
        for side, golden in (("reference", "tokenised_ref"), ("prediction", "tokenised_pred")):
            for chapter, wanted in zip(case[side], case["scores"][golden], strict=True):
                assert " ".join(tokens(chapter["title"])) == wanted
                compared += 1
    assert compared == 1172


@given(st.text())
def test_words_are_lower_case_ascii_without_spaces_at_their_ends(title):
    for word in tokens(title):
        assert word
        assert word.isascii()
        assert word == word.lower() == word.strip()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["a", "a1", "a.", "a_", "a-b/", "<a ", "1.", "'", "a@", "https://", "&", "n't "])
def test_a_title_gone_wrong_is_read_to_its_end(piece):
    """A pattern that looks at each character again for every other one would not come to it."""
    assert set("".join(tokens(piece * (200_000 // len(piece))))) <= set(piece)
