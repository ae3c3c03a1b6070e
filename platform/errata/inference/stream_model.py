"""A model that is asked again and again about a stream that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from errata.domain.transcript import Transcript
from errata.inference.model import FolderModel
from errata.inference.predictor import Predictor
from errata.tasks.template import Reading
from errata.tasks.view import View


class StreamModel(Predictor):
    """What it said of windows that a stream has left behind is remembered: only those that have grown are asked about,
    so that a look costs what a window costs, however long the stream has run. Once it has ended, the answer about the
    whole is the one that the model gives to such a transcript.
    """

    def __init__(self, model: FolderModel) -> None:
        self.key = model.key
        self._model = model.loaded
        self._said: dict[View, Reading] = {}

    def answer_so_far(self, transcript: Transcript) -> Reading:
        """About a transcript that goes on where it ends."""
        return self._answer(transcript, goes_on=True)

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        """About whole ones, in their order."""
        return [self._answer(transcript, goes_on=False) for transcript in transcripts]

    def _answer(self, transcript: Transcript, goes_on: bool) -> Reading:
        asked: dict[View, Reading] = {}
        views = self._model.task.views(transcript, goes_on)
        view = next(views)
        while True:
            # how long a stream has run is in no prompt
            question = replace(view, duration=0.0)
            reading = self._said.get(question)
            if reading is None:
                reading = self._model.ask(view)
            asked[question] = reading
            try:
                view = views.send(reading)
            except StopIteration as done:
                self._said = asked  # and nothing of earlier looks
                whole: Reading = done.value
                return whole
