"""How a model that watches a stream speaks: in time, and the right words (VideoLLM-online, Chen et al. 2024, §3.4).

A turn is what is seen up to a reply, and the reply. It is read with the right answers (teacher forced), and at each
frame, and at each token of the reply, what the model would say next is held against what it was taught:

| score | of a turn |
|---|---|
| LM-PPL | exp of the mean cross-entropy over the reply's tokens, in nats |
| LM-Correctness | share of the reply's tokens before the first wrong one |
| TimeDiff | \\|frames off\\| / frames a second: by how much the first word comes too early, or too late |
| Fluency | share of all tokens, frames' and reply's, that are right in a row |

Means are over a stream's turns, and then over streams. Silence has precision and recall besides, over all frames: a
model that never speaks has a perfect recall, and one that always does a perfect precision of nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from errata.errors import BadInput

Logits = NDArray[np.floating]
"""(places, vocabulary)"""
Labels = NDArray[np.integer]
"""(places,)"""


@dataclass(frozen=True, slots=True)
class StreamTurn:
    """What a model says at the places of a turn where it is taught, and what it is taught there."""

    frame_logits: Logits
    frame_labels: Labels
    """After each frame: silence, or the reply's first token."""
    reply_logits: Logits
    reply_labels: Labels
    """The reply's other tokens."""
    frames: int
    """All that the turn shows, those where nothing is taught too."""


Following = Callable[[int], Logits]
"""What the model says after each of so many of the next turn's frames, where the reply is left out and they follow the
turn's own: (frames, vocabulary)."""


@dataclass(frozen=True, slots=True)
class TurnScore:
    perplexity: float | None
    """None for a turn without a reply, as the next,"""
    correctness: float | None
    frame_diff: int | None
    """Frames by which the first word comes too early (more than 0) or too late; None for a turn without frames,"""
    fluency: float | None
    """and this for a turn without either."""
    silences: int
    """Frames that are followed by silence,"""
    said_silences: int
    """after which the model would be silent,"""
    right_silences: int
    """and both."""


@dataclass(frozen=True, slots=True)
class StreamScore:
    """Means over turns, then over streams; None where no turn has it."""

    perplexity: float | None
    correctness: float | None
    """0 to 1, as the next."""
    fluency: float | None
    time_diff: float | None
    """Seconds."""
    silence_precision: float | None
    """Of all frames at once: None where the model is never silent,"""
    silence_recall: float | None
    """or never should be."""


@dataclass(frozen=True, slots=True)
class Silence:
    token: int
    threshold: float = 0.0
    """A model is silent where that token is the likeliest, and at least so likely."""

    def said(self, logits: Logits) -> NDArray[np.bool_]:
        """(places,) whether it would be silent there."""
        if not len(logits):
            return np.zeros(0, dtype=np.bool_)
        likeliest = np.argmax(logits, axis=-1) == self.token
        surely = softmax(np.asarray(logits, dtype=np.float64), axis=-1)[:, self.token] >= self.threshold
        silent: NDArray[np.bool_] = likeliest & surely
        return silent


def score_turn(
    turn: StreamTurn, silence: Silence, next_frames: int = 0, following: Following | None = None
) -> TurnScore:
    """`next_frames` are those of the turn that comes next, and `following` asks the model about them; both are left out
    for a stream's last turn, where nothing is held against a reply that doesn't come.

    Raises BadInput where labels and logits differ in number.
    """
    _same_length(turn.frame_logits, turn.frame_labels, "frames")
    _same_length(turn.reply_logits, turn.reply_labels, "a reply")
    said = silence.said(turn.frame_logits)
    due = turn.frame_labels == silence.token
    correct = _correct_prefix(turn)
    diff = _frame_diff(turn, said, silence, next_frames, following) if len(said) else None
    count = len(turn.reply_labels)
    return TurnScore(
        perplexity=_perplexity(turn) if count else None,
        correctness=correct / count if count else None,
        frame_diff=diff,
        fluency=_fluency(len(said), count, correct, diff) if count and diff is not None else None,
        silences=int(due.sum()),
        said_silences=int(said.sum()),
        right_silences=int((said & due).sum()),
    )


def stream_score(streams: Sequence[Sequence[TurnScore]], fps: float) -> StreamScore:
    """Of each stream, the scores of its turns; `fps` are the frames a second that the model was shown.

    Raises BadInput where `fps` is not positive.
    """
    if not fps > 0:
        raise BadInput(f"{fps} frames a second are none; give the rate at which the model was shown frames")
    turns = [turn for stream in streams for turn in stream]
    right = sum(turn.right_silences for turn in turns)
    frames_off = _mean([[_absolute(turn.frame_diff) for turn in stream] for stream in streams])
    return StreamScore(
        perplexity=_mean([[turn.perplexity for turn in stream] for stream in streams]),
        correctness=_mean([[turn.correctness for turn in stream] for stream in streams]),
        fluency=_mean([[turn.fluency for turn in stream] for stream in streams]),
        time_diff=None if frames_off is None else frames_off / fps,
        silence_precision=_share(right, sum(turn.said_silences for turn in turns)),
        silence_recall=_share(right, sum(turn.silences for turn in turns)),
    )


def _frame_diff(
    turn: StreamTurn, said: NDArray[np.bool_], silence: Silence, next_frames: int, following: Following | None
) -> int:
    spoken = np.flatnonzero(~said)
    if len(spoken):
        return len(said) - int(spoken[0]) - 1
    # As far ahead as the turn itself reaches back, so that late isn't weighed otherwise than early.
    further = min(next_frames, turn.frames - 1)
    if following is None or further < 1:
        return 0
    late = np.flatnonzero(~silence.said(following(further)))
    return -(int(late[0]) + 1) if len(late) else -further


def _perplexity(turn: StreamTurn) -> float:
    log_probabilities = log_softmax(np.asarray(turn.reply_logits, dtype=np.float64), axis=-1)
    return float(np.exp(-log_probabilities[np.arange(len(turn.reply_labels)), turn.reply_labels].mean()))


def _correct_prefix(turn: StreamTurn) -> int:
    if not len(turn.reply_labels):
        return 0
    wrong = np.flatnonzero(np.argmax(turn.reply_logits, axis=-1) != turn.reply_labels)
    return int(wrong[0]) if len(wrong) else len(turn.reply_labels)


def _fluency(frames: int, reply: int, correct: int, diff: int) -> float:
    if diff > 0:
        right = frames - diff
    elif diff < 0:
        right = frames - 1
    else:
        right = frames + correct
    return right / (frames + reply)


def _mean(streams: Sequence[Sequence[float | None]]) -> float | None:
    known = [[value for value in stream if value is not None] for stream in streams]
    means = [float(np.mean(values)) for values in known if values]
    return float(np.mean(means)) if means else None


def _absolute(diff: int | None) -> float | None:
    return None if diff is None else float(abs(diff))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _same_length(logits: Logits, labels: Labels, what: str) -> None:
    if len(logits) != len(labels):
        raise BadInput(f"{what} with {len(logits)} logits and {len(labels)} labels; both must be of the same places")
