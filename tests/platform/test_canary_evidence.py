"""The test by which a canary returns: an equal one hardly ever does, a worse one soon; only the draw is relied on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from errata.domain.canary import ERROR, CanaryReview, counts_of
from errata.domain.canary_evidence import evidence, log_wealths
from tests.chance import slack

REPLAYS = 1000
NAMES = ("of_canary", "corrected")
REVIEWS = st.lists(st.builds(CanaryReview, st.booleans(), st.booleans()), max_size=60)


Reviews = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Whether each talk was drawn for the canary, and whether it was corrected."""


def outcomes(random: np.random.Generator, share: float, canary: float, champion: float, count: int) -> Reviews:
    drawn = random.random(count) < share
    return drawn, random.random(count) < np.where(drawn, canary, champion)


def reached(reviews: Reviews, share: float) -> int | None:
    """After how many reviews it returns; None where it doesn't."""
    over = np.nonzero(log_wealths(*reviews, share) >= math.log(1 / ERROR))[0]
    return int(over[0]) + 1 if over.size else None


def wealth(reviews: list[CanaryReview], share: float) -> float:
    drawn, corrected = (np.array([getattr(each, name) for each in reviews], dtype=bool) for name in NAMES)
    return math.exp(log_wealths(drawn, corrected, share)[-1]) if reviews else 1.0


@pytest.mark.parametrize(("share", "rate"), [(0.1, 0.6), (0.5, 0.3)])
def test_an_equal_canary_returns_at_most_at_the_stated_rate_over_a_thousand_replays(share: float, rate: float) -> None:
    random = np.random.default_rng(int(100 * share))
    returned = sum(reached(outcomes(random, share, rate, rate, 400), share) is not None for _ in range(REPLAYS))
    assert returned / REPLAYS <= ERROR + slack(ERROR, REPLAYS)


def test_rates_may_change_and_only_what_is_wrong_be_reported() -> None:
    """What is assumed is the draw alone: talks of a bad day are corrected alike, and half of what was kept unsaid."""
    random, share, returned = np.random.default_rng(7), 0.2, 0
    for _ in range(REPLAYS):
        rates = np.repeat(random.choice([0.1, 0.9], 40), 10)
        drawn, corrected = random.random(400) < share, random.random(400) < rates
        said = corrected | (random.random(400) < 0.5)
        returned += reached((drawn[said], corrected[said]), share) is not None
    assert returned / REPLAYS <= ERROR + slack(ERROR, REPLAYS)


def test_a_worse_canary_returns_within_a_hundred_talks_of_its_own() -> None:
    random = np.random.default_rng(3)
    for share, within in ((0.1, 450), (0.5, 150)):
        ends = [reached(outcomes(random, share, 0.9, 0.5, 1000), share) for _ in range(200)]
        assert np.quantile([1000 if end is None else end for end in ends], 0.95) <= within


def test_corrections_alone_are_enough() -> None:
    """Of an application whose users report what is wrong, and nothing else."""
    random = np.random.default_rng(5)
    ends = []
    for _ in range(100):
        drawn, corrected = outcomes(random, 0.1, 0.6, 0.2, 4000)
        ends.append(reached((drawn[corrected], corrected[corrected]), 0.1))
    assert None not in ends and np.median([end or 0 for end in ends]) <= 60


@given(REVIEWS, st.floats(0.01, 0.99))
def test_each_review_is_a_fair_bet_where_rates_are_equal(reviews: list[CanaryReview], share: float) -> None:
    """In expectation over the arm the wealth stays what it is, whatever the outcome."""
    for corrected in (False, True):
        of_canary, of_champion = (wealth([*reviews, CanaryReview(arm, corrected)], share) for arm in (True, False))
        assert share * of_canary + (1 - share) * of_champion == pytest.approx(wealth(reviews, share), rel=1e-9)


@given(REVIEWS, st.floats(0.01, 0.99))
def test_evidence_is_what_it_was_at_its_highest_and_never_falls(reviews: list[CanaryReview], share: float) -> None:
    highest = [evidence(reviews[:count], share) for count in range(len(reviews) + 1)]
    assert highest[0] == 1 and highest == sorted(highest)


def test_reviews_are_counted_by_the_talks_draw() -> None:
    reviews = [CanaryReview(True, True)] * 4 + [CanaryReview(True, False)] * 3 + [CanaryReview(False, True)] * 2
    counts = counts_of(reviews)
    assert (counts.canary_corrected, counts.canary_kept, counts.champion_corrected) == (4, 3, 2)
    assert (counts.of_canary, counts.of_champion) == (7, 2)
