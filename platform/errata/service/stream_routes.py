"""Streams over HTTP: opened, heard line by line, ended; and what is told of them, as server-sent events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse

from errata.database.service_streams import NewStream, ServiceStream
from errata.database.store import Store
from errata.domain.hashing import sha256
from errata.domain.transcript import LONGEST_SECONDS
from errata.operations.answering import given_prediction, new_name
from errata.operations.service_streaming import StreamLimits, add_lines, find_stream, line_of, open_stream
from errata.service.chapter_answers import failure_sentence
from errata.service.chapters_routes import PROBLEMS, Caller, IdempotencyKey, answer_message
from errata.service.door_errors import TooMany
from errata.service.identity import Identity, KeyHolder
from errata.service.messages import ProblemMessage
from errata.service.service_state import ServiceState, state
from errata.service.stream_events import EventPlace, told_events
from errata.service.stream_messages import LinesAsked, StreamAsked, StreamMessage

MOST_LISTENERS = 500
FULL_SECONDS = 60.0
"""After which it is worth while to ask again for one more stream, or one more listener."""
_RESPONSES: dict[int | str, dict[str, Any]] = {
    **PROBLEMS,
    404: {"model": ProblemMessage, "description": "There is no such stream of yours"},
}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {}},
        "description": "Events `chapter`, `revision`, `lines` if they were asked for, and at last `end`",
    },
    204: {"description": "The stream has ended, and `Last-Event-ID` is its last event"},
}
router = APIRouter(prefix="/v1/streams", tags=["streams"], responses=_RESPONSES)


@router.post("", response_model=StreamMessage, status_code=201)
async def open_new(
    request: Request, asked: StreamAsked, caller: Caller, idempotency_key: IdempotencyKey = None
) -> Response:
    """Opens a stream, whose lines are then sent as they are said."""
    service = state(request)
    name = new_name()
    new = NewStream(
        name=name,
        by=caller.name,
        body=sha256(asked.model_dump_json()),
        idempotency_key=None if idempotency_key is None else sha256(idempotency_key),
        external_id=asked.id.strip() or f"stream-{name[:24]}",
        title=asked.title,
        description=asked.description,
        channel=asked.channel,
        media=asked.media,
    )
    stream = await service.writer.write(lambda store: _opened(store, new, service.settings.streams))
    return await _json(service, stream, 201, {"Location": f"/v1/streams/{stream.name}"})


def _opened(store: Store, new: NewStream, most: int) -> ServiceStream:
    """Raises TooMany where so many run."""
    stream = open_stream(store, new)
    if stream.name == new.name and len(store.service_streams.running()) > most:
        raise TooMany(f"{most} streams run already; end one, or come back in a while", retry_after=FULL_SECONDS)
    return stream


@router.get("/{stream}", response_model=StreamMessage)
async def ask_stream(request: Request, stream: str, caller: KeyHolder) -> Response:
    """How far it is, and the answer about the whole of it once it has ended."""
    service = state(request)
    return await _json(service, await service.read(lambda store: find_stream(store, stream, _whose(caller))))


@router.post("/{stream}/lines", response_model=StreamMessage)
async def send_lines(request: Request, stream: str, asked: LinesAsked, caller: Caller) -> Response:
    """Takes what was said. It stands in the record before it is answered; sent again, it changes nothing."""
    service = state(request)
    segments = [line_of(line.start, line.end, line.text, line.speaker) for line in asked.lines]
    settings = service.settings
    limits = StreamLimits(settings.transcript_lines, min(settings.transcript_seconds, LONGEST_SECONDS))
    heard = await service.writer.write(
        lambda store: add_lines(store, stream, _own(caller), asked.position, segments, limits)
    )
    if heard.state == "open":
        service.looks.grew(heard)
    return await _json(service, heard)


@router.post("/{stream}/end", response_model=StreamMessage, status_code=202)
async def end_stream(request: Request, stream: str, caller: Caller) -> Response:
    """Ends it: what was said is a transcript by the time that this is answered, and its chapters come as the event
    `end`."""
    service = state(request)
    found = await service.read(lambda store: find_stream(store, stream, _own(caller)))
    return await _json(service, await service.looks.end(found), 202)


@router.get("/{stream}/events", response_class=Response, responses=_EVENTS)
async def hear_events(
    request: Request,
    stream: str,
    listener: KeyHolder,
    lines: Annotated[bool, Query(description="Whether to be sent the lines as well")] = False,
    after: Annotated[str, Query(max_length=40, description="The same as Last-Event-ID, of a browser's first")] = "",
    last_event_id: Annotated[str, Header(max_length=40, description="The last that was heard: what came since")] = "",
) -> Response:
    """What is told of it, from its beginning on or since `Last-Event-ID`."""
    service = state(request)
    place = EventPlace.read(last_event_id or after)
    found = await service.read(lambda store: find_stream(store, stream, _whose(listener)))
    if found.state != "ended":
        await service.read(lambda store: place.check(store, found))
    elif await service.read(lambda store: place.is_end(store, found)):
        return Response(status_code=204)
    if service.looks.listeners >= MOST_LISTENERS:
        raise TooMany(f"{MOST_LISTENERS} listen already; come back in a while", retry_after=FULL_SECONDS)

    async def said_at_end(ended: ServiceStream) -> StreamMessage:
        return await _message(service, ended)

    events = told_events(request, found.name, place, with_lines=lines, end=said_at_end)
    return EventSourceResponse(events, headers={"X-Accel-Buffering": "no"})


def _own(caller: Identity) -> str | None:
    """Whose streams a caller may send to; None for everybody's."""
    return None if caller.role == "admin" else caller.name


def _whose(listener: Identity) -> str | None:
    """Whose streams may be listened to: a program's own, and everybody's by those who review."""
    return listener.name if listener.role == "predictor" else None


async def _json(
    service: ServiceState, stream: ServiceStream, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    message = await _message(service, stream)
    return Response(message.model_dump_json(), status, headers, "application/json")


async def _message(service: ServiceState, stream: ServiceStream) -> StreamMessage:
    prediction = stream.prediction
    given = None if prediction is None else await service.read(lambda store: given_prediction(store, prediction))
    return StreamMessage(
        stream=stream.name,
        id=stream.known.external_id,
        state=stream.state,
        lines=stream.lines,
        heard=stream.heard,
        answer=None if given is None else await answer_message(service, given),
        failure="" if stream.failure is None else failure_sentence(stream.failure),
    )
