"""How likely a model holds the messages that viewers wrote: each is read with what came before it; none is generated.

A message is a turn without frames of `evaluation.metrics.streaming`, whose LM-PPL and LM-Correctness these are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from errata.inference.artefact import Card, model_parts
from errata.inference.chapter_task import task_of
from errata.inference.sensed_frames import features_beside
from errata.tasks.encode import IGNORED, Encoded
from errata.tasks.task import examples
from errata.tasks.template import Reading
from evaluation.metrics.streaming import Silence, StreamTurn, TurnScore, score_turn

LIKELIEST = 1e4
"""LM-PPL at most: a message that a model holds impossible would else decide every mean by itself."""


@dataclass(frozen=True, slots=True)
class MessageLikelihood:
    """Of one message."""

    perplexity: float
    correct: float
    """Share of its tokens before the first that the model would have said otherwise."""


@dataclass(frozen=True, slots=True)
class ChatLikelihood:
    """Of a stream's messages."""

    perplexity: float
    """LM-PPL, the mean over messages of each one's own;"""
    correctness: float
    """LM-Correctness, percent."""


class MessageReader:
    """A model that is given what was written."""

    def __init__(self, folder: Path, models: Path) -> None:
        """`models` is where an adapter's base is kept."""
        from errata.inference.torch import TorchEngine

        self._task, card = task_of(folder, models), Card.read(folder)
        self._engine = TorchEngine(*model_parts(folder, models), card.senses, features_beside(models))

    def read(self, transcript: Transcript, messages: Chapters) -> list[MessageLikelihood]:
        """Of each of the messages, in their order."""
        right = Reading(messages)
        rows = [example.encoded for example in examples(self._task, transcript, right)]
        scores = [score for row in rows for score in self._scores(row)]
        if len(scores) != len(messages):
            raise ValueError(f"{len(scores)} messages were read of {len(messages)}")
        return [
            MessageLikelihood(min(score.perplexity or 1.0, LIKELIEST), score.correctness or 0.0) for score in scores
        ]

    def _scores(self, row: Encoded) -> Iterator[TurnScore]:
        """Of each message in a row."""
        labels = np.array(row.labels[:-1])  # but for the end of sequence after the last
        places = [place for place in range(1, len(labels)) if labels[place] != IGNORED]
        logits = self._engine.logits(list(row.input_ids), [place - 1 for place in places], row.frames)
        silence, nothing = Silence(row.labels[-1]), np.zeros((0, logits.shape[-1]), dtype=logits.dtype)
        for rows in _runs(places):
            turn = StreamTurn(
                nothing, np.zeros(0, dtype=np.int64), logits[rows], labels[[places[at] for at in rows]], 0
            )
            yield score_turn(turn, silence)


def _runs(places: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of places that follow one another: a message each."""
    for _, run in groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
        yield [number for number, _ in run]


def chat_likelihood(messages: Sequence[MessageLikelihood]) -> ChatLikelihood:
    """Of at least one message."""
    return ChatLikelihood(
        perplexity=float(np.mean([message.perplexity for message in messages])),
        correctness=100 * float(np.mean([message.correct for message in messages])),
    )


def can_read(folder: Path) -> bool:
    """Whether a model's form tells how likely it holds given words: one that runs elsewhere does not."""
    return Card.read(folder).form in ("full", "adapter")
