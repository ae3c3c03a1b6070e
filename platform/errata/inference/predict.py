"""A model and a transcript to a prediction, each pair computed once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.inference.answerer import Who, recorded_answers, rounds
from errata.inference.artefact import Card
from errata.inference.decode import Decoder
from errata.inference.engine import Engine
from errata.inference.load import load
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.template import Reading, View


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
        """By transcript; `each` is called after every answer."""
        return recorded_answers(record, Who(self.model, self.template, foreign=False), transcripts, self._read, each)

    def _read(self, transcripts: Mapping[int, Transcript]) -> dict[int, Reading]:
        task, decoder, engine = self._loaded()
        readings = read_together(engine, decoder, [task.reading(text) for text in transcripts.values()])
        return dict(zip(transcripts, readings, strict=True))

    def _loaded(self) -> tuple[ChapterTask, Decoder, Engine]:
        if self._parts is None:
            engine = load(self._folder, self._models)
            task = ChapterTask(self._template, engine.tokenizer, self._context)
            self._parts = task, Decoder(engine, task), engine
        return self._parts


def read_together(
    engine: Engine, decoder: Decoder, transcripts: Sequence[Generator[View, Reading, Reading]]
) -> list[Reading]:
    """Readings of whole transcripts, their windows asked side by side."""
    return rounds(transcripts, lambda views: engine.run([decoder.ask(view) for view in views]))
