"""Answers to applications: each recorded before it is given, once for each idempotency key, now or as a job.

A job stands in the record before its caller is told of it, and whoever starts the service next goes on with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import monotonic

import sqlalchemy as sa

from errata.database.chapter_requests import ChapterRequest, Failure
from errata.database.record import BUSY_SECONDS, Record
from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.operations.answering import (
    AskedChapters,
    EarlierAnswer,
    GivenAnswer,
    answer_of,
    check_body,
    fail_job,
    finish_job,
    look_up,
    record_answer,
    record_given,
    record_job,
)
from errata.service.door_errors import TooMany
from errata.service.followed_model import ENGINE_ENDED, EngineEnded, OverTime
from errata.service.live_models import LiveModels
from errata.service.model_process import OfStream
from errata.service.record_writer import RecordWriter
from errata.service.shadow import Shadow

MOST_JOBS = 1000
"""That may wait at once."""
JOB_SECONDS = 4 * 3600.0
"""That one may take."""
SHORTEST_TURN = 1.0
"""Seconds that the record has, however long the model took."""
LATER = 10.0
"""Seconds until a job is tried again that had no answer for now."""
_LOG = logging.getLogger("errata.service")
_FAILURES: dict[Failure, str] = {
    "too long": f"the model took more than {JOB_SECONDS / 3600:g} hours; send a shorter transcript",
    "engine": ENGINE_ENDED,
    "forgotten": "the transcript was forgotten on request",
    "refused": "this transcript can't be read; the service's log says why",
}


def failure_sentence(failure: Failure) -> str:
    return _FAILURES[failure]


class ChapterAnswers:
    """Belongs to the event loop that `start` is called in."""

    def __init__(
        self, record: Record, writer: RecordWriter, models: LiveModels, shadow: Shadow, seconds: float
    ) -> None:
        """`seconds`: how long a caller waits for an answer at most."""
        self._record, self._writer, self._models, self._shadow = record, writer, models, shadow
        self._seconds = seconds
        self._jobs: asyncio.Queue[ChapterRequest] = asyncio.Queue()
        self._put_off = 0
        """Jobs that are tried again later."""
        self._running: dict[tuple[str, str], _Shared] = {}
        self.finished: Callable[[str], None] = lambda name: None
        """Is told the name of each job that is done."""

    def start(self) -> None:
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker

    @property
    def waiting_jobs(self) -> int:
        return self._jobs.qsize() + self._put_off

    async def now(self, asked: AskedChapters) -> GivenAnswer:
        """Raises TooMany where too many wait, Refused where the key is another request's, and what the model's process
        raises."""
        if asked.idempotency_key is None:
            return await self._answer(asked)
        name = (asked.by, asked.idempotency_key)
        shared = self._running.get(name)
        if shared is None or shared.given_up:
            shared = self._running[name] = _Shared(asked.body, asyncio.create_task(self._answer(asked)))
            shared.task.add_done_callback(partial(self._forget, name, shared))
        return await shared.result(asked)

    def _forget(self, name: tuple[str, str], ended: _Shared, _: asyncio.Task[GivenAnswer]) -> None:
        if self._running.get(name) is ended:  # else it was given up, and somebody asked again at once
            del self._running[name]

    async def later(self, asked: AskedChapters) -> ChapterRequest:
        """The request, which stands in the record by then."""
        found = await self._look_up(asked)
        if found.request is not None:
            return found.request
        if self.waiting_jobs >= MOST_JOBS:
            raise TooMany(f"{MOST_JOBS} jobs wait already; come back in a while", retry_after=60)
        asked = replace(asked, transcript=found.transcript)
        request = await self._write_once(asked)
        if request.is_open:
            self._jobs.put_nowait(request)
        return request

    async def _write_once(self, asked: AskedChapters) -> ChapterRequest:
        try:
            return await self._writer.write(lambda store: record_job(store, asked), self._turn())
        except sa.exc.IntegrityError:  # the same key came twice at once
            found = await self._look_up(asked)
            if found.request is None:
                raise
            return found.request

    async def _answer(self, asked: AskedChapters) -> GivenAnswer:
        found = await self._look_up(asked)
        if found.request is not None:
            return await self._given_before(found.request)
        asked = replace(asked, transcript=found.transcript)
        known = found.prediction
        if known is not None:
            given = await self._writer.write(lambda store: record_given(store, asked, known), self._turn())
            self._shadow.offer(given.prediction.transcript, asked.transcript)
            return given
        asked_at = monotonic()
        key, reading = await self._models.answer(asked.transcript, self._seconds)
        turn = self._turn(monotonic() - asked_at)
        try:
            given = await self._writer.write(lambda store: record_answer(store, asked, key, reading), turn)
            self._shadow.offer(given.prediction.transcript, asked.transcript)
            return given
        except sa.exc.IntegrityError:  # the same key came as a job meanwhile
            found = await self._look_up(asked)
            if found.request is None:
                raise
            return await self._given_before(found.request)

    def _turn(self, spent: float = 0.0) -> float:
        """How long a request may wait until it is recorded, in seconds."""
        return min(max(self._seconds - spent, SHORTEST_TURN), BUSY_SECONDS)

    async def _look_up(self, asked: AskedChapters) -> EarlierAnswer:
        key_for = self._models.key_for
        return await asyncio.to_thread(self._record.ask, lambda store: look_up(store, asked, key_for))

    async def _given_before(self, request: ChapterRequest) -> GivenAnswer:
        given = await asyncio.to_thread(self._record.ask, lambda store: answer_of(store, request))
        if given is not None:
            return given
        if request.failure is not None:
            raise Unavailable(failure_sentence(request.failure))
        raise Refused(f"this request is a job that isn't done yet; ask for it at /v1/jobs/{request.name}")

    async def _work(self) -> None:
        """One job after another: who waits for an answer has the model beside it."""
        for request in await self._open_jobs():
            self._jobs.put_nowait(request)
        while True:
            request = await self._jobs.get()
            try:
                await self._do(request)
            except ErrataError as error:
                _LOG.warning("the job %s is tried again later: %s", request.name, error)
                self._put_off += 1  # others needn't wait for it
                asyncio.get_running_loop().call_later(LATER, self._try_again, request)

    def _try_again(self, request: ChapterRequest) -> None:
        self._put_off -= 1
        self._jobs.put_nowait(request)

    async def _open_jobs(self) -> Sequence[ChapterRequest]:
        """That an earlier service left."""
        while True:
            try:
                return await asyncio.to_thread(self._record.ask, lambda store: store.chapter_requests.open())
            except ErrataError as error:
                _LOG.warning("the open jobs are looked up again later: %s", error)
                await asyncio.sleep(LATER)

    async def finish(self, request: ChapterRequest) -> None:
        """Does a job beside those that wait, until it is done: the end of a stream, which somebody listens to."""
        while True:
            try:
                await self._do(request)
                return
            except ErrataError as error:
                _LOG.warning("the job %s is tried again later: %s", request.name, error)
                await asyncio.sleep(LATER)

    async def _do(self, request: ChapterRequest) -> None:
        """Raises what may pass: a model that isn't there, a record that can't be written."""
        try:
            transcript = await asyncio.to_thread(
                self._record.ask, lambda store: store.transcripts.read(request.transcript)
            )
            key, reading = await self._models.answer_job(transcript, JOB_SECONDS, OfStream(request.name, goes_on=False))
            await self._writer.write(lambda store: finish_job(store, request, key, reading), None)
            self._shadow.offer(request.transcript, transcript)
        except (OverTime, EngineEnded, NotFound, BadInput) as error:
            _LOG.error("the job %s has no answer: %s", request.name, error)
            failure = _failure(error, await self._is_there(request.transcript))
            await self._writer.write(lambda store: fail_job(store, request, failure), None)
        self.finished(request.name)

    async def _is_there(self, transcript: int) -> bool:
        return await asyncio.to_thread(self._record.ask, lambda store: store.transcripts.has(transcript))


def _failure(error: ErrataError, is_there: bool) -> Failure:
    if isinstance(error, OverTime):
        return "too long"
    if isinstance(error, EngineEnded):
        return "engine"
    return "refused" if is_there else "forgotten"


class _Shared:
    """An answer that several may wait for; it is given up when the last of them leaves."""

    def __init__(self, body: str, task: asyncio.Task[GivenAnswer]) -> None:
        self._body, self.task = body, task
        self._waiting = 0
        self.given_up = False
        """It is being cancelled: who asks now needs another."""

    async def result(self, asked: AskedChapters) -> GivenAnswer:
        check_body(self._body, asked)
        self._waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.given_up = True
                self.task.cancel()
