"""Whoever answers transcripts: one of our engines, a server somewhere, a file. Each answer is recorded once.

The key of a recorded answer is (transcript, model, template@version): the transcript's row has one text for ever, under
its hash; a model's identity is the hash of all its files, its card (template, context, an adapter's base) among them;
and a template's version rises with every change that alters a token. What is equal in all three is the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.tasks.template import Reading, View

TOGETHER = 8
"""Transcripts answered between two writes: what an interruption can cost."""


class Answerer(Protocol):
    model: str
    """Whose answers they are in the record."""
    template: str
    """`name@version`; empty where nothing of ours was asked."""

    def predict_all(
        self, record: Record, transcripts: Sequence[int], each: Callable[[], None] = lambda: None
    ) -> dict[int, Prediction]:
        """By transcript, recorded before this returns; `each` is called after every answer.

        A transcript that there is no answer to, as in a file, is left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class Who:
    """In whose name answers are recorded."""

    model: str
    template: str
    foreign: bool


def recorded_answers(
    record: Record,
    who: Who,
    transcripts: Sequence[int],
    read: Callable[[Mapping[int, Transcript]], Mapping[int, Reading]],
    each: Callable[[], None],
) -> dict[int, Prediction]:
    """The answers on record, and those that `read` gives to the rest, which are recorded `TOGETHER` at a time."""
    with record.read() as store:
        found = {seq: store.predictions.find(seq, who.model, who.template) for seq in transcripts}
    known = {seq: prediction for seq, prediction in found.items() if prediction is not None}
    for _ in known:
        each()
    unknown = [seq for seq in found if seq not in known]
    for begin in range(0, len(unknown), TOGETHER):
        with record.read() as store:
            texts = {seq: store.transcripts.read(seq) for seq in unknown[begin : begin + TOGETHER]}
        made = {
            seq: Prediction(seq, who.model, who.template, reading.chapters, reading.problems, who.foreign)
            for seq, reading in read(texts).items()
        }
        with record.write() as store:
            for prediction in made.values():
                store.predictions.add(prediction)
        known |= made
        for _ in made:
            each()
    return known


def rounds(
    transcripts: Sequence[Generator[View, Reading, Reading]], answer: Callable[[list[View]], Sequence[Reading]]
) -> list[Reading]:
    """Readings of whole transcripts: in each round, every one that isn't finished asks about its next window."""
    views = {place: next(transcript) for place, transcript in enumerate(transcripts)}
    finished: dict[int, Reading] = {}
    while views:
        for place, reading in zip(list(views), answer(list(views.values())), strict=True):
            try:
                views[place] = transcripts[place].send(reading)
            except StopIteration as done:
                finished[place] = done.value
                del views[place]
    return [finished[place] for place in range(len(transcripts))]
