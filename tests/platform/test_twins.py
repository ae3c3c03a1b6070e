"""What copies of a talk are known by: signatures of words, words in step, and clues of title, channel and length."""

from __future__ import annotations

import unicodedata
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain import twins
from errata.domain.alignment import aligned_words
from errata.domain.hashing import sha256
from tests.made_up_record import shouted, talk


def test_a_signature_is_the_same_for_the_same_words() -> None:
    one = talk("one")
    assert twins.signature(one.text) == twins.signature(shouted(one, "two").text)
    assert twins.signature("Café 2") == twins.signature(unicodedata.normalize("NFD", "café ２"))
    assert twins.words("GPT、今日は。") == ("gpt", "今", "日", "は")


def test_signatures_are_those_that_records_hold() -> None:
    said = " ".join(f"word{number * number % 97}" for number in range(400))
    assert twins.text_hash(said)[:16] == "725cb4a334febd6b"
    assert sha256(twins.signature(said))[:16] == "6d81135602df3cce"


@pytest.mark.parametrize("text", ["", "…", "yes", "yes no", "one two three four five six", "one " * 1000])
def test_the_shortest_texts_are_signed_too(text: str) -> None:
    signed = twins.signature(text)
    assert twins.is_current(signed)
    assert twins.similarity(signed, signed) == 0.0, (
        "nothing can be said of their order; the same words are twins anyway"
    )
    assert twins.similarity(signed, twins.signature(talk("other").text)) == 0.0
    assert 1 <= len(twins.bands(signed)) <= twins.KEYS


@pytest.mark.parametrize("older", [b"", bytes(444), bytes(range(256)) * 4])
def test_a_signature_of_another_form_is_like_none(older: bytes) -> None:
    assert not twins.is_current(older)
    assert twins.bands(older) == []
    assert twins.similarity(older, older) == twins.similarity(older, twins.signature("yes")) == 0.0


@settings(max_examples=40)
@given(length=st.integers(40, 3000), kept=st.floats(0.05, 1.0), begin=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_the_similarity_is_the_part_of_the_shorter_text_that_both_have(
    length: int, kept: float, begin: float, seed: int
) -> None:
    random = Random(seed)
    said = [str(random.randrange(10**9)) for _ in range(length)]
    count = max(40, int(kept * length))
    first = int(begin * (length - count))
    excerpt = said[first : first + count]
    one, other = twins.signature(" ".join(said)), twins.signature(" ".join(excerpt))
    assert twins.similarity(one, other) == twins.similarity(other, one)
    if kept >= 0.2:
        assert twins.similarity(one, other) > 0.7
        assert set(twins.bands(one)) & set(twins.bands(other))
    half = twins.signature(" ".join([*excerpt[: count // 4], *(str(random.random()) for _ in range(3 * count))]))
    assert twins.similarity(one, half) < twins.NEAR, "a quarter of the excerpt, and as much again that is its own"


@pytest.mark.parametrize("faster", [1.0, 0.9, 1.1])
def test_places_in_the_same_order_are_in_step_whoever_speaks_faster(faster: float) -> None:
    here = np.array(sorted(Random(7).sample(range(10_000), 60)))
    there = (here * faster).astype(np.int64) + 500
    assert aligned_words(here, there, here, 5) == pytest.approx(10_000, rel=0.1)
    assert aligned_words(here[:4], there[:4], here, 5) == 0.0, "four may be so by chance"
    phrases = np.array([*range(100, 110), *range(500, 510)])
    assert aligned_words(phrases, phrases + 50, phrases, 5) == 0.0, "of two turns of phrase four apart"


@given(places=st.lists(st.integers(0, 9999), min_size=5, max_size=60, unique=True))
def test_places_in_another_order_are_not(places: list[int]) -> None:
    here = np.array(sorted(places))
    assert aligned_words(here, here[::-1], here, 5) < 50


def test_a_stretch_ends_where_much_of_the_text_is_missing_in_the_other() -> None:
    """A sponsor at both ends of two talks is two short stretches."""
    comparable = np.arange(0, 10_000, 100)
    ends = np.concatenate([comparable[:6], comparable[-6:]])
    assert aligned_words(ends, ends, comparable, 5) == pytest.approx(2 * 500 * 7 / 5)
    assert aligned_words(ends, ends, ends, 5) == pytest.approx(9_900 * 13 / 11)


@given(title=st.text(), channel=st.text(), duration=st.floats(0.1, 90_000), longer=st.floats(1.0, 1.0098))
def test_the_same_channel_and_nearly_the_same_length_are_a_clue(
    title: str, channel: str, duration: float, longer: float
) -> None:
    clues = twins.clues(title, channel, duration)
    assert len(clues) <= 3 and all(0 <= clue < 2**63 for clue in clues)
    if channel:
        assert set(clues) & set(twins.clues("", channel, duration * longer))
        assert not set(clues) & set(twins.clues("", channel, duration * 1.05))
    if twins.words(title):
        assert (
            set(clues) & set(twins.clues(f"{title.upper()}!", "", 1.0)) or title.upper().casefold() != title.casefold()
        )
    assert twins.clues("…", "", duration) == []
