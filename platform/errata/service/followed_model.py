"""A model that the record names, by an alias or as canary: in a process of its own, and after it its successor.

A successor is loaded beside the one that speaks, and takes over once it is ready; the old one ends when it has answered
what it was asked. So a change-over drops nothing, and needs memory for two. Weights that are not what was sealed are
refused: who spoke goes on speaking, and `state` says what is wrong. Where change-overs are to be quick, a spare process
waits for the successor, with all imported that it needs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.transcript import Transcript
from errata.errors import ErrataError, NotFound, Unavailable
from errata.inference.artefact import model_folder
from errata.inference.predictor import AnswerKey
from errata.service.door_errors import TooMany
from errata.service.model_process import ModelProcess, OfStream, ProcessEnded, SpareProcess, worker_command
from errata.tasks.template import Reading

LOOK = 0.5
"""Seconds between two looks at what the record names."""
SPARE_AFTER = 20.0
"""Seconds after a change-over until a process is made ready for the next one: it takes some of the processor, which the
first requests need more."""
AGAIN = 30.0
"""Seconds after which a model that was refused is tried again: somebody may have restored it."""
TRIES = 2
"""How often a request is put to a model whose process ends meanwhile: it may be the request that ends it."""
ENGINE_ENDED = "the model's process ended each time it read this transcript; the service's log says more"
_LOG = logging.getLogger("errata.service")

Command = Callable[[Path, str, Path], list[str]]


@dataclass(frozen=True, slots=True)
class ModelState:
    speaks: str
    """The identity of the model that answers now; empty where none does."""
    wanted: str
    """The identity that the record names; empty where it names none."""
    refused: str
    """Why the model that is wanted doesn't speak, a sentence; empty where it does, or loads."""
    in_flight: int
    """Requests that wait for an answer."""
    restarts: int
    """How often a process that ended by itself was replaced."""


class OverTime(Unavailable):
    """The model took longer than a request may."""


class EngineEnded(Unavailable):
    """The model's process ended each time it read this request."""


@dataclass(frozen=True, slots=True)
class ModelNaming:
    """Where the record says which model it is."""

    name: Callable[[Store], str | None]
    missing: str
    """What is said where it names none."""
    rests: bool = False
    """Whether the model's process ends where the record names none any more; else who spoke last speaks on."""


def by_alias(alias: str, rests: bool = False) -> ModelNaming:
    missing = f"no model is the {alias} yet; `errata init` installs the first"
    return ModelNaming(lambda store: store.aliases.model_of(alias), missing, rests)


class FollowedModel:
    def __init__(
        self,
        record: Record,
        models: Path,
        naming: ModelNaming,
        queue: int,
        command: Command = worker_command,
        *,
        spare: bool = False,
    ) -> None:
        """`queue`: requests that may wait at once; `command` starts the process of a model, `spare`: whether a process
        waits for the next one."""
        self._record, self._models, self._naming, self._queue, self._command = record, models, naming, queue, command
        self._current: ModelProcess | None = None
        self._has_spare = spare
        self._spare: SpareProcess | None = None
        self._stopping = asyncio.Event()
        self._speaking = asyncio.Event()
        self._look = asyncio.Event()
        self._wanted, self._looked = "", False
        self._refusals: dict[str, tuple[float, str]] = {}
        """Why each was refused, and until when it isn't tried again."""
        self._in_flight, self._restarts = 0, 0
        self._seconds = 1.0
        """That an answer takes of late."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        self._stopping.set()
        self._keeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeper
        if self._current is not None:
            await self._current.close()
        await asyncio.gather(*self._tasks)
        if self._spare is not None:
            await self._spare.close()

    @property
    def state(self) -> ModelState:
        current = self._current
        speaks = current.key.model if current is not None and not current.ended.is_set() else ""
        refused = self._refusals.get(self._wanted, (0.0, ""))[1]
        return ModelState(speaks, self._wanted, refused, self._in_flight, self._restarts)

    @property
    def pid(self) -> int:
        """Of the process in which it speaks; 0 where none does."""
        return self._current.pid if self._current is not None else 0

    @property
    def key(self) -> AnswerKey | None:
        """Under which the answers of the model that speaks now are known."""
        return self._current.key if self._current is not None else None

    async def speaking(self) -> ModelProcess:
        """The process in which a model speaks, once one does."""
        while (current := self._current) is None or not self._speaking.is_set():
            await self._speaking.wait()
        return current

    @property
    def is_full(self) -> bool:
        """Whether as many requests wait as may."""
        return self._in_flight >= self._queue

    def admit(self) -> None:
        """Raises TooMany where it is full."""
        if self.is_full:
            raise TooMany(
                f"{self._in_flight} requests wait for the model already; come back in a while",
                retry_after=ceil(self._seconds * self._in_flight),
            )

    async def answer(
        self, transcript: Transcript, seconds: float, stream: OfStream | None = None
    ) -> tuple[AnswerKey, Reading]:
        """What the model that speaks says, and which it is. Raises OverTime after `seconds`, EngineEnded where its
        process ended twice, and BadInput for what it can't read."""
        self._in_flight += 1
        began = monotonic()
        try:
            async with asyncio.timeout(seconds):
                answered = await self._answer(transcript, stream)
            self._seconds += 0.2 * (monotonic() - began - self._seconds)
            return answered
        except TimeoutError as error:
            raise OverTime(
                f"there was no answer within {seconds:g} s; ask for a job (wait=false), or for a shorter transcript"
            ) from error
        finally:
            self._in_flight -= 1

    async def _answer(self, transcript: Transcript, stream: OfStream | None) -> tuple[AnswerKey, Reading]:
        for _ in range(TRIES):
            if not self._speaking.is_set() and (why := self._why_not()):
                raise Unavailable(why)
            current = await self.speaking()
            try:
                return current.key, await current.answer(transcript, stream)
            except ProcessEnded:
                self._ended(current)
        raise EngineEnded(ENGINE_ENDED)

    def _why_not(self) -> str:
        """Why nobody speaks, nor soon will; empty where a model loads."""
        if self._looked and not self._wanted:
            return self._naming.missing
        return self.state.refused

    def _ended(self, process: ModelProcess) -> None:
        if process is self._current:
            self._speaking.clear()
            self._look.set()

    async def _keep(self) -> None:
        while True:
            self._look.clear()
            try:
                await self._follow()
            except ErrataError as error:  # the record can't be read now: who speaks goes on
                _LOG.warning("which model is to speak can't be looked up: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), LOOK)

    async def _follow(self) -> None:
        """Has the model speak that the record names, or else the one that spoke last."""
        self._wanted = await asyncio.to_thread(self._named)
        self._looked = True
        current = self._current
        if current is not None and not self._wanted and self._naming.rests:
            self._rest(current)
            return
        ended = current is not None and current.ended.is_set()
        if ended:
            self._speaking.clear()
        if self._wanted and (current is None or ended or current.key.model != self._wanted):
            fresh = await self._open(self._wanted)
            if fresh is None and ended and current is not None and current.key.model != self._wanted:
                fresh = await self._open(current.key.model)
            if fresh is not None:
                self._restarts += ended
                self._take_over(fresh)

    def _take_over(self, fresh: ModelProcess) -> None:
        old, self._current = self._current, fresh
        self._speaking.set()
        _LOG.info("the model %s speaks", fresh.key.model[:16])
        self._begin(self._watch(fresh))
        self._begin(self._prepare(old))

    async def _prepare(self, old: ModelProcess | None) -> None:
        """A spare process, once the one before is gone: memory is for two."""
        if old is not None:
            await old.retire()
        if not self._has_spare or self._spare is not None:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), SPARE_AFTER)
        if self._spare is not None or self._stopping.is_set():
            return
        with suppress(Unavailable):  # the next model then gets a process of its own when it comes
            spare = await SpareProcess.start()
            if self._spare is None:
                self._spare = spare
            else:  # two change-overs followed each other quickly
                await spare.close()

    def _rest(self, last: ModelProcess) -> None:
        self._current = None
        self._speaking.clear()
        self._begin(last.retire())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that `stop` waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, process: ModelProcess) -> None:
        await process.ended.wait()
        self._ended(process)

    def _named(self) -> str:
        return self._record.ask(self._naming.name) or ""

    async def _open(self, identity: str) -> ModelProcess | None:
        """The model in a process of its own; None where it is refused, or was a moment ago."""
        until, _ = self._refusals.get(identity, (0.0, ""))
        if monotonic() < until:
            return None
        try:
            folder = await asyncio.to_thread(model_folder, identity, self._models)
            process = await self._started(folder, identity)
        except (NotFound, Unavailable) as error:
            _LOG.error("the model %s does not speak: %s", identity[:16], error)
            # one that can't be loaded may only lack memory for a moment
            self._refusals[identity] = (monotonic() + (AGAIN if isinstance(error, NotFound) else LOOK), str(error))
            return None
        self._refusals.pop(identity, None)
        return process

    async def _started(self, folder: Path, identity: str) -> ModelProcess:
        """The spare process with the model, or a new one. Raises as `ModelProcess.start`."""
        spare, self._spare = self._spare, None
        if spare is not None:
            with suppress(Unavailable):  # it ended while it waited, or a new one may have more luck
                return await spare.load(folder, identity, self._models)
        return await ModelProcess.start(self._command(folder, identity, self._models))
