"""A model in a folder, opened to answer transcripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Generic

from errata.domain.prediction import SENSES
from errata.domain.transcript import Transcript
from errata.features.feature_store import FeatureStore
from errata.inference.artefact import Card, verify_parts
from errata.inference.chapter_task import chapter_task
from errata.inference.decode import Decoder
from errata.inference.engine import Draw, Engine, watched
from errata.inference.load import has_llama_cpp, load
from errata.inference.predictor import AnswerKey, Predictor
from errata.inference.sensed_frames import features_beside
from errata.tasks import templates
from errata.tasks.prompt import Slot
from errata.tasks.task import Answer, Task, answer_together
from errata.tasks.template import Reading, version_of
from errata.tasks.view import View


class LoadedModel(Generic[Answer]):
    """A model in memory, and what it is asked."""

    def __init__(self, engine: Engine, task: Task[Answer]) -> None:
        self.task = task
        self.engine, self._decoder = engine, Decoder(engine.tokenizer, engine.vocabulary, task)
        self.forkable = engine.forkable

    def answer(self, transcripts: Sequence[Transcript]) -> list[Answer]:
        """In their order, one after another: a view that follows another mostly shows the same lines, which an engine
        still has in memory then."""
        return [
            answer for transcript in transcripts for answer in answer_together(self.task, [transcript], self._ask_all)
        ]

    def _ask_all(self, views: Sequence[View]) -> list[Answer]:
        return [self.ask(view) for view in views]

    def ask(self, view: View, watch: Callable[[], None] | None = None, draw: Draw | None = None) -> Answer:
        """What it says of one view. `watch` is called before each token, and may raise to end it; with `draw` the words
        are drawn, and aren't the likeliest."""
        if self.task.weighs(view):
            (odds,) = self.engine.weigh([self._decoder.weighing(view)])
            return self.task.read_odds(view, odds)
        if not any(isinstance(span, Slot) for span in self.task.render(view)):
            return self.task.parse(view, ())
        ask = self._decoder.ask(view, draw=draw)
        (answer,) = self.engine.run([ask if watch is None else watched(ask, watch)])
        return answer


def open_model(folder: Path, models: Path, features: FeatureStore | None = None) -> LoadedModel[Reading]:
    """Loads the model in `folder`, to be asked as its card says; `models` and `features` as in `load`."""
    features = features or features_beside(models)
    card, engine = Card.read(folder), load(folder, models, features)
    return LoadedModel(engine, chapter_task(card, engine.tokenizer, features))


def answer_key(identity: str, folder: Path) -> AnswerKey:
    """Under which the answers of the model in `folder` are known: those of llama.cpp's kernels are its own."""
    card = Card.read(folder)
    template = templates.find(card.template)
    version = f"{version_of(template)} limits@{template.limits}"
    if card.form == "gguf" and has_llama_cpp():
        version = f"{version} llama.cpp"
    return AnswerKey(identity, f"{version}{SENSES}" if card.senses else version)


class FolderModel(Predictor):
    """A model of ours, loaded when it is first asked: what is on record already needs no weights.

    Then NotFound is raised where its files, or its base's, are not those that were sealed.
    """

    def __init__(self, identity: str, folder: Path, models: Path) -> None:
        self.key = answer_key(identity, folder)
        self.folder, self.models = folder, models

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading]:
        return self.loaded.answer(transcripts)

    @property
    def forkable(self) -> bool:
        """See `Engine`; loads the model."""
        return self.loaded.forkable

    @cached_property
    def loaded(self) -> LoadedModel[Reading]:
        verify_parts(self.key.model, self.folder, self.models)
        return open_model(self.folder, self.models)
