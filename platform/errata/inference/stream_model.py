"""A model that is asked again and again about a stream that goes on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from errata.domain.transcript import Transcript
from errata.inference.model import FolderModel
from errata.inference.predictor import Predictor
from errata.tasks.task import Task
from errata.tasks.template import Reading
from errata.tasks.view import View


class StreamMemory:
    """What a model said of a stream's windows: those that the stream has left behind are not asked about again, so that
    a look costs what a window costs, however long the stream has run. Once it has ended, the answer about the whole is
    the one that the model gives to such a transcript.
    """

    def __init__(self) -> None:
        self._said: dict[View, Reading] = {}

    def views(self, task: Task[Reading], transcript: Transcript, goes_on: bool) -> Generator[View, Reading, Reading]:
        """Those of the task's that aren't remembered. `goes_on`: the stream does, where the transcript ends."""
        asked: dict[View, Reading] = {}
        views = task.views(transcript, goes_on)
        view = next(views)
        while True:
            # how long a stream has run is in no prompt
            question = replace(view, duration=0.0)
            reading = self._said.get(question)
            if reading is None:
                reading = yield view
            asked[question] = reading
            try:
                view = views.send(reading)
            except StopIteration as done:
                self._said = asked  # and nothing of earlier looks
                whole: Reading = done.value
                return whole


class StreamModel(Predictor):
    """One that is loaded, and remembers one stream."""

    def __init__(self, model: FolderModel) -> None:
        self.key = model.key
        self._model = model.loaded
        self._memory = StreamMemory()

    def answer_so_far(self, transcript: Transcript) -> Reading:
        """About a transcript that goes on where it ends."""
        return self._answer(transcript, goes_on=True)

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        """About whole ones, in their order."""
        return [self._answer(transcript, goes_on=False) for transcript in transcripts]

    def _answer(self, transcript: Transcript, goes_on: bool) -> Reading:
        views = self._memory.views(self._model.task, transcript, goes_on)
        try:
            view = next(views)
            while True:
                view = views.send(self._model.ask(view))
        except StopIteration as done:
            whole: Reading = done.value
            return whole
