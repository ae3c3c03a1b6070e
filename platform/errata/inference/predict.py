"""A model and a transcript to a prediction, each pair computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.inference.artefact import Card
from errata.inference.decode import Decoder
from errata.inference.engine import load
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask


class Predictor:
    """A model as the record knows it: who answers (`model`) which question (`template`). Loaded when first asked."""

    def __init__(self, identity: str, folder: Path, models: Path) -> None:
        card = Card.read(folder)
        self._folder, self._models, self._context = folder, models, card.context
        self._template = templates.find(card.template)
        self.model = identity
        self.template = f"{self._template.name}@{self._template.version}"
        self._task: ChapterTask | None = None
        self._decoder: Decoder | None = None

    def predict(self, record: Record, transcript: int) -> Prediction:
        """The recorded answer, or a new one, which is recorded before this returns."""
        with record.read() as store:
            known = store.prediction(transcript, self.model, self.template)
            if known is not None:
                return known
            text = store.transcript(transcript)
        task, decoder = self._loaded()
        reading = task.read(text, decoder.ask)
        made = Prediction(transcript, self.model, self.template, reading.chapters, reading.problems)
        with record.write() as store:
            store.add_prediction(made)
        return made

    def predict_all(
        self, record: Record, transcripts: Iterable[int], each: Callable[[], None] = lambda: None
    ) -> dict[int, Prediction]:
        made = {}
        for transcript in transcripts:
            made[transcript] = self.predict(record, transcript)
            each()
        return made

    def _loaded(self) -> tuple[ChapterTask, Decoder]:
        if self._task is None or self._decoder is None:
            engine = load(self._folder, self._models)
            self._task = ChapterTask(self._template, engine.tokenizer, self._context)
            self._decoder = Decoder(engine, self._task)
        return self._task, self._decoder
