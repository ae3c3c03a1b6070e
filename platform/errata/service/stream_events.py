"""What is told of a stream, as server-sent events: from a place in it on, until it ends or nobody listens.

An event's id is how many were told by then, and of who hears the lines too, `-` and how many of these: so a listener
that comes back with it (`Last-Event-ID`) misses nothing and hears nothing twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel

from errata.database.service_streams import ServiceStream, ToldEvent
from errata.database.store import Store
from errata.domain.transcript import Segment
from errata.errors import BadInput, ErrataError
from errata.operations.service_streaming import StreamSoFar, lines_so_far
from errata.service.identity import still_known
from errata.service.messages import SegmentMessage
from errata.service.service_state import ServiceState, state
from errata.service.stream_messages import HeardLines, StreamMessage, ToldChapter, ToldRevision

HEARTBEAT = 15.0
"""Seconds without an event after which a comment shows that the connection lives."""
MOST_LINES = 500
"""In one event."""
_ID = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")

AtEnd = Callable[[ServiceStream], Awaitable[StreamMessage]]


@dataclass(frozen=True, slots=True)
class EventPlace:
    """How much of a stream somebody has heard."""

    events: int = 0
    """Its end is one too."""
    lines: int = 0

    @classmethod
    def read(cls, last_event_id: str) -> EventPlace:
        """Raises BadInput for what is no id of ours."""
        if not last_event_id:
            return cls()
        found = _ID.fullmatch(last_event_id)
        if found is None or not last_event_id.isascii():
            raise BadInput("Last-Event-ID: {!r} is none of this stream's; send one that came, or none", last_event_id)
        return cls(int(found[1]), int(found[2] or 0))

    def check(self, store: Store, running: ServiceStream) -> None:
        """Raises BadInput for one that is further than the stream is: what is told next would never be heard."""
        if self.events > len(store.service_streams.events(running.number)) or self.lines > running.lines:
            raise BadInput("Last-Event-ID: this stream hasn't come that far; send an id that came from it, or none")

    def is_end(self, store: Store, ended: ServiceStream) -> bool:
        return self.events > len(store.service_streams.events(ended.number))


async def told_events(
    request: Request, name: str, place: EventPlace, with_lines: bool, end: AtEnd
) -> AsyncIterator[bytes]:
    service = state(request)
    service.looks.listeners += 1
    try:
        yield b": this stream's events follow\n\n"  # else a proxy keeps back the head until something is said
        while not service.leaving:
            change = service.looks.change(name)
            so_far = await _so_far(request, name, place, with_lines)
            if so_far is None:
                return  # who comes again is told why
            for data in _parts(so_far, place, with_lines):
                yield data
            place = EventPlace(place.events + len(so_far.told), place.lines + len(so_far.segments))
            if so_far.stream.state == "ended":
                last = replace(place, events=place.events + 1)
                yield _event("end", await end(so_far.stream), last, with_lines)
                return
            if not await _changed(service, change):
                yield KEEPALIVE_COMMENT
    finally:
        service.looks.listeners -= 1


async def _so_far(request: Request, name: str, place: EventPlace, with_lines: bool) -> StreamSoFar | None:
    """What is new; None where the stream was forgotten, the key was revoked, or the record can't be read."""

    def read(store: Store) -> StreamSoFar | None:
        stream = store.service_streams.called(name)
        if stream is None:
            return None
        lines = lines_so_far(store, stream, place.lines) if with_lines else []
        return StreamSoFar(stream, tuple(lines), tuple(store.service_streams.events(stream.number, place.events)))

    with suppress(ErrataError):
        return await state(request).read(read) if await still_known(request) else None
    return None


async def _changed(service: ServiceState, change: asyncio.Event) -> bool:
    """Whether something changed before the next sign of life is due; the service may end meanwhile."""
    for _ in range(round(HEARTBEAT)):
        with suppress(TimeoutError):
            await asyncio.wait_for(change.wait(), 1.0)
            return True
        if service.leaving:
            return True
    return False


def _parts(so_far: StreamSoFar, place: EventPlace, with_lines: bool) -> list[bytes]:
    """Lines first, since a chapter begins with one of them."""
    parts: list[bytes] = []
    for begin in range(0, len(so_far.segments), MOST_LINES):
        lines = so_far.segments[begin : begin + MOST_LINES]
        heard = HeardLines(position=place.lines, lines=[_line(line) for line in lines])
        place = replace(place, lines=place.lines + len(lines))
        parts.append(_event("lines", heard, place, with_lines))
    for told in so_far.told:
        place = replace(place, events=told.number)
        parts.append(_told(told, place, with_lines))
    return parts


def _line(segment: Segment) -> SegmentMessage:
    return SegmentMessage(start=segment.start, end=segment.end, text=segment.text, speaker=segment.speaker)


def _told(told: ToldEvent, place: EventPlace, with_lines: bool) -> bytes:
    event = told.event
    if event.kind == "chapter":
        chapter = ToldChapter(start=event.start, title=event.title, heard=event.heard, model=told.model)
        return _event("chapter", chapter, place, with_lines)
    revision = ToldRevision(start=event.start, title=event.title, heard=event.heard, model=told.model, kind=event.kind)
    return _event("revision", revision, place, with_lines)


def _event(kind: str, data: BaseModel, place: EventPlace, with_lines: bool) -> bytes:
    number = f"{place.events}-{place.lines}" if with_lines else str(place.events)
    return format_sse_event(event=kind, data_str=data.model_dump_json(), id=number)
