"""Who answers which live request: the champion, or the canary while one runs and the talk is drawn for it.

Where the canary has no answer, since it loads, its process died or too many wait for it, the champion has one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from errata.database.store import Store
from errata.domain.canary import Canary
from errata.domain.transcript import Transcript
from errata.errors import Unavailable
from errata.inference.predictor import AnswerKey
from errata.service.followed_model import FollowedModel, ModelNaming, OverTime
from errata.service.model_process import OfStream
from errata.tasks.template import Reading

_LOG = logging.getLogger("errata.service")


def _running(store: Store) -> str | None:
    canary = store.canaries.running()
    return None if canary is None else canary.model


THE_CANARY = ModelNaming(_running, "no canary runs", rests=True)


class LiveModels:
    """Belongs to the event loop that `start` is called in."""

    def __init__(self, champion: FollowedModel, canary: FollowedModel) -> None:
        self.champion, self.canary = champion, canary
        self.trial: Canary | None = None
        """The canary that runs, as far as this service knows: `canary_watch` looks."""
        self._answering = 0
        self.busy, self.idle = asyncio.Event(), asyncio.Event()
        self.idle.set()

    def start(self) -> None:
        self.champion.start()
        self.canary.start()

    async def stop(self) -> None:
        await self.canary.stop()
        await self.champion.stop()

    @property
    def in_flight(self) -> int:
        return self.champion.state.in_flight + self.canary.state.in_flight

    def key_for(self, transcript: Transcript) -> AnswerKey | None:
        """Under which the answers of the model that answers this talk are known; None where none speaks."""
        return self._model_for(transcript).key

    def _model_for(self, transcript: Transcript) -> FollowedModel:
        trial = self.trial
        if trial is not None and trial.takes(transcript.hash) and self.canary.state.speaks == trial.model:
            return self.canary
        return self.champion

    async def answer(self, transcript: Transcript, seconds: float) -> tuple[AnswerKey, Reading]:
        """Raises TooMany where too many wait for the champion, and what `FollowedModel.answer` raises."""
        with self._counted():
            answered = await self._answer_of_canary(transcript, seconds)
            if answered is not None:
                return answered
            self.champion.admit()
            return await self.champion.answer(transcript, seconds)

    async def answer_job(
        self, transcript: Transcript, seconds: float, stream: OfStream | None = None
    ) -> tuple[AnswerKey, Reading]:
        """The same of what waits until a model speaks, however many others do. `stream`: that it is the whole of."""
        await self.champion.speaking()
        with self._counted():
            answered = await self._answer_of_canary(transcript, seconds)
            return answered or await self.champion.answer(transcript, seconds, stream)

    async def look(self, transcript: Transcript, seconds: float, stream: OfStream) -> tuple[AnswerKey, Reading]:
        """What the champion says of a stream so far: a canary's share is drawn by whole talks."""
        await self.champion.speaking()
        with self._counted():
            return await self.champion.answer(transcript, seconds, stream)

    async def _answer_of_canary(self, transcript: Transcript, seconds: float) -> tuple[AnswerKey, Reading] | None:
        """None where the talk isn't the canary's, or it has no answer."""
        model = self._model_for(transcript)
        if model is not self.canary or model.is_full:
            return None
        try:
            return await model.answer(transcript, seconds)
        except OverTime:
            raise
        except Unavailable as error:
            _LOG.warning("the champion answers a talk in the canary's place: %s", error)
            return None

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """So that a shadow knows when somebody waits."""
        self._answering += 1
        self._tell()
        try:
            yield
        finally:
            self._answering -= 1
            self._tell()

    def _tell(self) -> None:
        self.busy.set() if self._answering else self.busy.clear()
        self.idle.clear() if self._answering else self.idle.set()
