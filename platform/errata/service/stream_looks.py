"""Streams while they run: the champion looks at each as it grows, and what is likely to stay is told.

Looks take turns, so that many streams leave the model time for whoever waits for an answer; a stream whose turn comes
late is looked at with all that came meanwhile. What is told stands in the record before anybody hears of it, and who
starts the service next goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar
from weakref import WeakValueDictionary

from errata.database.chapter_requests import ChapterRequest
from errata.database.record import Record
from errata.database.service_streams import ServiceStream
from errata.database.store import Store
from errata.domain.live_chapters import LiveChapters
from errata.domain.transcript import Segment, Transcript
from errata.errors import ErrataError
from errata.inference.predictor import AnswerKey
from errata.operations.live import EVERY
from errata.operations.service_streaming import StreamSoFar, close_stream, find_stream, stream_so_far, transcript_of
from errata.service.chapter_answers import ChapterAnswers
from errata.service.followed_model import EngineEnded
from errata.service.live_models import LiveModels
from errata.service.model_process import OfStream
from errata.service.record_writer import RecordWriter
from errata.tasks.template import Reading

AT_ONCE = 2
"""Looks."""
LATER = 10.0
"""Seconds until a record that couldn't be read or written is tried again."""
TIDY_SECONDS = 30.0
"""Between two searches for streams whose client is gone."""
_LOG = logging.getLogger("errata.service")

T = TypeVar("T")


@dataclass
class _Followed:
    """A stream that runs, as it is known here."""

    stream: ServiceStream
    grew: asyncio.Event = field(default_factory=asyncio.Event)
    segments: list[Segment] = field(default_factory=list)
    told: LiveChapters = field(default_factory=LiveChapters)
    events: int = 0
    """That stand in the record."""
    looked: float = 0.0
    """How much had been heard at the last look, in seconds."""
    unreadable: bool = False
    """The model's process ended each time it read it: it isn't looked at again."""

    @property
    def heard(self) -> float:
        return max((segment.end for segment in self.segments), default=0.0)


class StreamLooks:
    """Belongs to the event loop that `start` is called in."""

    def __init__(
        self,
        record: Record,
        writer: RecordWriter,
        models: LiveModels,
        answers: ChapterAnswers,
        idle: timedelta,
        seconds: float,
    ) -> None:
        """`idle`: after how long a silence of its client a stream is ended; `seconds`: that a look may take."""
        self._record, self._writer, self._models, self._answers = record, writer, models, answers
        self._idle, self._seconds = idle, seconds
        self._followed: dict[str, _Followed] = {}
        self._changes: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        """Each there for as long as somebody waits for it."""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.listeners = 0
        """Who hears what is told."""

    def start(self) -> None:
        self._answers.finished = self.tell_listeners
        self._begin(self._take_up())

    async def stop(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def running(self) -> int:
        """Streams that are looked at."""
        return len(self._followed)

    # who listens ------------------------------------------------------------------------------------------------------

    def change(self, name: str) -> asyncio.Event:
        """Set once anything about that stream stands in the record that didn't before."""
        event = self._changes.get(name) or asyncio.Event()
        self._changes[name] = event
        return event

    def tell_listeners(self, name: str) -> None:
        event = self._changes.pop(name, None)
        if event is not None:
            event.set()

    # what happens to a stream -----------------------------------------------------------------------------------------

    def grew(self, stream: ServiceStream) -> None:
        """Lines of it stand in the record now."""
        followed = self._followed.get(stream.name)
        if followed is None:
            followed = self._followed[stream.name] = _Followed(stream)
            self._begin(self._follow(followed))
        followed.grew.set()
        self.tell_listeners(stream.name)

    async def end(self, stream: ServiceStream) -> ServiceStream:
        """Ends a stream that runs: its transcript stands in the record by then, and its chapters come."""
        while not await self._is_closed(stream.name):
            pass  # more came meanwhile
        self.tell_listeners(stream.name)
        if (followed := self._followed.get(stream.name)) is not None:
            followed.grew.set()
        return await self._read(lambda store: find_stream(store, stream.name, None))

    async def _is_closed(self, name: str) -> bool:
        so_far = await self._read(lambda store: stream_so_far(store, find_stream(store, name, None)))
        if so_far.stream.state != "open":
            return True
        whole = await asyncio.to_thread(_whole, so_far)
        request = await self._writer.write(lambda store: _close(store, so_far, whole))
        if isinstance(request, ChapterRequest):
            self._begin(self._answers.finish(request))
        return request is not False

    async def _take_up(self) -> None:
        """What an earlier service left, and from then on what its client left."""
        for stream in await self._until_read(lambda store: store.service_streams.running()):
            self.grew(stream)
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            for followed in self._followed.values():
                followed.grew.set()  # it may have been ended, or forgotten, elsewhere
            await self._end_idle(datetime.now(UTC) - self._idle)

    async def _end_idle(self, since: datetime) -> None:
        for stream in await self._until_read(lambda store: store.service_streams.idle(since)):
            _LOG.warning("the stream %s is ended: nothing was heard of it for %s", stream.name, self._idle)
            with suppress(ErrataError):  # the next turn tries again
                await self.end(stream)

    async def _follow(self, followed: _Followed) -> None:
        name = followed.stream.name
        try:
            while True:
                await followed.grew.wait()
                followed.grew.clear()
                if not await self._is_read(followed):
                    return
                if followed.heard - followed.looked >= EVERY and not followed.unreadable:
                    async with self._turns:
                        if not await self._is_read(followed):  # more may have come before its turn
                            return
                        await self._look(followed)
        finally:
            self._followed.pop(name, None)

    async def _is_read(self, followed: _Followed) -> bool:
        """Whether it runs on; then what came meanwhile is known here."""
        name, lines, events = followed.stream.name, len(followed.segments), followed.events

        def read(store: Store) -> StreamSoFar | None:
            stream = store.service_streams.called(name)
            runs = stream is not None and stream.state == "open"
            return stream_so_far(store, stream, lines, events) if stream is not None and runs else None

        so_far = await self._until_read(read)
        if so_far is None:
            return False
        followed.segments += so_far.segments
        if so_far.told:  # by an earlier service, or by another on the same record
            before = [*followed.told.events, *(told.event for told in so_far.told)]
            followed.told, followed.events = LiveChapters.resumed(before), so_far.told[-1].number
            followed.looked = max(followed.looked, before[-1].heard)
        return True

    async def _look(self, followed: _Followed) -> None:
        stream, heard = followed.stream, followed.heard
        try:
            transcript = await asyncio.to_thread(_spelt, stream, followed.segments)
            key, reading = await self._models.look(transcript, self._seconds, OfStream(stream.name, goes_on=True))
            followed.looked = heard
            await self._tell(followed, key, reading)
        except EngineEnded as error:
            followed.unreadable = True
            _LOG.error("the stream %s is not looked at any more before it ends: %s", stream.name, error)
        except ErrataError as error:  # with the next lines it is tried again
            _LOG.warning("the stream %s could not be looked at: %s", stream.name, error)

    async def _tell(self, followed: _Followed, key: AnswerKey, reading: Reading) -> None:
        stream, after = followed.stream, followed.events
        before = list(followed.told.events)
        events = followed.told.look(reading.chapters, followed.looked)
        if not events:
            return
        told = False
        try:
            told = await self._writer.write(
                lambda store: store.service_streams.tell(stream.name, after, events, key.model), None
            )
        finally:
            if not told:  # the record can't be written, or another service told something
                followed.told = LiveChapters.resumed(before)
        if told:
            followed.events += len(events)
            self.tell_listeners(stream.name)

    # the record -------------------------------------------------------------------------------------------------------

    async def _read(self, work: Callable[[Store], T]) -> T:
        return await asyncio.to_thread(self._record.ask, work)

    async def _until_read(self, work: Callable[[Store], T]) -> T:
        while True:
            try:
                return await self._read(work)
            except ErrataError as error:
                _LOG.warning("streams are looked up again later: %s", error)
                await asyncio.sleep(LATER)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that `stop` ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _spelt(stream: ServiceStream, segments: list[Segment]) -> Transcript:
    transcript = transcript_of(stream, segments)
    _ = transcript.canonical  # which the model's process is sent
    return transcript


def _whole(so_far: StreamSoFar) -> Transcript | None:
    if not so_far.segments:
        return None
    transcript = transcript_of(so_far.stream, so_far.segments)
    transcript.prepare()  # now, and not while others wait for who writes it
    return transcript


def _close(store: Store, so_far: StreamSoFar, whole: Transcript | None) -> ChapterRequest | Literal[False] | None:
    """False where more came, or it was ended, meanwhile."""
    stream = find_stream(store, so_far.stream.name, None)
    if stream.lines != so_far.stream.lines or stream.state != "open":
        return False
    return close_stream(store, stream, whole)
