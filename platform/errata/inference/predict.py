"""A model and a transcript to a prediction, each pair computed once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.inference.artefact import Card
from errata.inference.decode import Decoder
from errata.inference.engine import Engine
from errata.inference.load import load
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.template import Reading, View

TOGETHER = 8
"""Transcripts answered between two writes: what an interruption can cost."""


class Predictor:
    """A model as the record knows it: who answers (`model`) which question (`template`). Loaded when first asked."""

    def __init__(self, identity: str, folder: Path, models: Path) -> None:
        card = Card.read(folder)
        self._folder, self._models, self._context = folder, models, card.context
        self._template = templates.find(card.template)
        self.model = identity
        self.template = f"{self._template.name}@{self._template.version}"
        self._parts: tuple[ChapterTask, Decoder, Engine] | None = None

    def predict(self, record: Record, transcript: int) -> Prediction:
        """The recorded answer, or a new one, which is recorded before this returns."""
        return self.predict_all(record, [transcript])[transcript]

    def predict_all(
        self, record: Record, transcripts: Sequence[int], each: Callable[[], None] = lambda: None
    ) -> dict[int, Prediction]:
        """By transcript; `each` is called after every answer. Answers are recorded `TOGETHER` at a time."""
        with record.read() as store:
            found = {seq: store.prediction(seq, self.model, self.template) for seq in transcripts}
        known = {seq: prediction for seq, prediction in found.items() if prediction is not None}
        for _ in known:
            each()
        unknown = [seq for seq in found if seq not in known]
        for begin in range(0, len(unknown), TOGETHER):
            for seq, prediction in self._answer(record, unknown[begin : begin + TOGETHER]).items():
                known[seq] = prediction
                each()
        return known

    def _answer(self, record: Record, transcripts: Sequence[int]) -> dict[int, Prediction]:
        task, decoder, engine = self._loaded()
        with record.read() as store:
            texts = [store.transcript(seq) for seq in transcripts]
        readings = read_together(engine, decoder, [task.reading(text) for text in texts])
        made = {
            seq: Prediction(seq, self.model, self.template, reading.chapters, reading.problems)
            for seq, reading in zip(transcripts, readings, strict=True)
        }
        with record.write() as store:
            for prediction in made.values():
                store.add_prediction(prediction)
        return made

    def _loaded(self) -> tuple[ChapterTask, Decoder, Engine]:
        if self._parts is None:
            engine = load(self._folder, self._models)
            task = ChapterTask(self._template, engine.tokenizer, self._context)
            self._parts = task, Decoder(engine, task), engine
        return self._parts


def read_together(
    engine: Engine, decoder: Decoder, transcripts: Sequence[Generator[View, Reading, Reading]]
) -> list[Reading]:
    """Readings of whole transcripts: in each round, every one that isn't finished asks about its next window."""
    views = {place: next(transcript) for place, transcript in enumerate(transcripts)}
    finished: dict[int, Reading] = {}
    while views:
        answers = engine.run([decoder.ask(view) for view in views.values()])
        for place, answer in zip(list(views), answers, strict=True):
            try:
                views[place] = transcripts[place].send(answer)
            except StopIteration as done:
                finished[place] = done.value
                del views[place]
    return [finished[place] for place in range(len(transcripts))]
