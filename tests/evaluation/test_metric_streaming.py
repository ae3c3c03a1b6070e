"""LM-PPL, LM-Correctness, TimeDiff, Fluency and silence, each equal to what comes out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from evaluation.metrics.streaming import Following, Logits, Silence, StreamTurn, TurnScore, score_turn, stream_score

SILENT, HI, THERE, WORLD = range(4)
"""A vocabulary of four."""
SILENCE = Silence(SILENT)


def says(*tokens: int, sure: float = 0.7) -> Logits:
    """A row a token, which has that probability; the other three share the rest."""
    rest = (1 - sure) / 3
    return np.log([[sure if token == place else rest for token in range(4)] for place in tokens]).reshape(-1, 4)


def turn(seen: Logits, said: Logits, reply: Sequence[int] = (THERE, WORLD), frames: int | None = None) -> StreamTurn:
    """Silence is due after every frame but the last, after which the reply begins with HI."""
    labels = [SILENT] * (len(seen) - 1) + [HI] if len(seen) else []
    count = len(seen) if frames is None else frames
    return StreamTurn(seen, np.array(labels, dtype=int), said, np.array(reply, dtype=int), count)


def never(count: int) -> Logits:
    return says(*[SILENT] * count)


def test_in_time_and_word_by_word() -> None:
    score = score_turn(turn(says(SILENT, SILENT, HI), says(THERE, WORLD)), SILENCE)
    assert score == TurnScore(pytest.approx(1 / 0.7), 1.0, 0, 1.0, 2, 2, 2)


def test_perplexity_is_of_the_mean_over_the_reply_alone() -> None:
    said = np.concatenate([says(THERE, sure=0.5), says(WORLD, sure=0.25)])
    score = score_turn(turn(says(HI), said), SILENCE)
    assert score.perplexity == pytest.approx(exp(-(log(0.5) + log(0.25)) / 2)) == pytest.approx(8**0.5)


def test_correctness_ends_at_the_first_wrong_token() -> None:
    said = says(THERE, HI, WORLD, THERE)
    score = score_turn(turn(says(SILENT, HI), said, (THERE, WORLD, WORLD, THERE)), SILENCE)
    assert score.correctness == 1 / 4
    assert score.fluency == (2 + 1) / (2 + 4)


def test_too_early() -> None:
    score = score_turn(turn(says(SILENT, THERE, SILENT, HI), says(THERE, WORLD)), SILENCE)
    assert score.frame_diff == 4 - 1 - 1
    assert score.fluency == (4 - 2) / (4 + 2)


def test_too_late_is_looked_for_among_the_frames_that_follow() -> None:
    asked: list[int] = []

    def following(count: int) -> Logits:
        asked.append(count)
        return says(SILENT, HI, SILENT)[:count]

    score = score_turn(turn(never(4), says(THERE, WORLD)), SILENCE, next_frames=9, following=following)
    assert asked == [3]  # as many as the turn has before its last one
    assert score.frame_diff == -2
    assert score.fluency == (4 - 1) / (4 + 2)


@pytest.mark.parametrize(
    ("next_frames", "following", "diff"),
    [
        (2, never, -2),  # no more than the next turn has
        (9, never, -3),
        (0, never, 0),  # there is nothing to look at
        (9, None, 0),  # the last turn: the stream ends with the reply
    ],
)
def test_it_never_speaks(next_frames: int, following: Following | None, diff: int) -> None:
    score = score_turn(turn(never(4), says(THERE, WORLD)), SILENCE, next_frames, following)
    assert score.frame_diff == diff
    assert score.fluency == ((4 + 2) / 6 if diff == 0 else 3 / 6)


def test_frames_where_nothing_is_taught_reach_further_ahead() -> None:
    asked: list[int] = []

    def following(count: int) -> Logits:
        asked.append(count)
        return never(count)

    score_turn(turn(never(2), says(THERE, WORLD), frames=6), SILENCE, 20, following)
    assert asked == [5]


def test_silence_below_the_threshold_is_none() -> None:
    seen = np.concatenate([says(SILENT, sure=0.7), says(SILENT, sure=0.4), says(SILENT, sure=0.9)])
    assert score_turn(turn(seen, says(THERE, WORLD)), Silence(SILENT, 0.5)).frame_diff == 1
    assert score_turn(turn(seen, says(THERE, WORLD)), Silence(SILENT, 0.8)).frame_diff == 2
    assert score_turn(turn(seen, says(THERE, WORLD)), SILENCE).frame_diff == 0  # never, and the last


def test_a_turn_without_a_reply_or_without_frames() -> None:
    quiet = StreamTurn(never(3), np.array([SILENT] * 3), np.zeros((0, 4)), np.zeros(0, dtype=int), 3)
    assert score_turn(quiet, SILENCE) == TurnScore(None, None, 0, None, 3, 3, 3)
    blind = turn(np.zeros((0, 4)), says(THERE, HI))
    assert score_turn(blind, SILENCE) == TurnScore(pytest.approx((1 / 0.7 / 0.1) ** 0.5), 0.5, None, None, 0, 0, 0)


def test_means_are_over_turns_and_then_over_streams() -> None:
    def of(perplexity: float, diff: int | None, right: int = 0) -> TurnScore:
        return TurnScore(perplexity, 0.5, diff, None, 4, 3, right)

    score = stream_score([[of(2, -3, 3), of(4, 1, 1)], [of(9, None, 2)]], fps=2)
    assert score.perplexity == (3 + 9) / 2
    assert score.time_diff == (3 + 1) / 2 / 2
    assert score.fluency is None
    assert (score.silence_precision, score.silence_recall) == (6 / 9, 6 / 12)


def test_of_nothing_nothing_is_known() -> None:
    nothing = stream_score([], fps=1)
    assert (nothing.perplexity, nothing.time_diff, nothing.silence_precision) == (None, None, None)
    with pytest.raises(BadInput, match="frames a second"):
        stream_score([], fps=0)
    with pytest.raises(BadInput, match="3 logits and 2 labels"):
        score_turn(turn(never(2), says(THERE, WORLD, WORLD)), SILENCE)


logits = st.integers(0, 6).flatmap(
    lambda count: st.lists(st.lists(st.floats(-5, 5), min_size=4, max_size=4), min_size=count, max_size=count)
)


@given(seen=logits, said=logits, more=st.integers(0, 9), ahead=logits, threshold=st.floats(0, 1), data=st.data())
def test_bounds(
    seen: list[list[float]],
    said: list[list[float]],
    more: int,
    ahead: list[list[float]],
    threshold: float,
    data: st.DataObject,
) -> None:
    def labels(count: int) -> np.ndarray:
        return np.array(data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)), dtype=int)

    frames = np.array(seen).reshape(-1, 4)
    reply = np.array(said).reshape(-1, 4)
    given_turn = StreamTurn(frames, labels(len(frames)), reply, labels(len(reply)), len(frames) + more)
    following = np.array(ahead).reshape(-1, 4)
    score = score_turn(given_turn, Silence(SILENT, threshold), len(following), lambda count: following[:count])
    assert score.perplexity is None or score.perplexity >= 1
    assert score.correctness is None or 0 <= score.correctness <= 1
    assert score.fluency is None or 0 <= score.fluency <= 1
    if score.frame_diff is not None:
        assert -min(len(following), len(frames) + more - 1) <= score.frame_diff < max(len(frames), 1)
    assert score.right_silences <= min(score.silences, score.said_silences)
