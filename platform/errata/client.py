"""Errata's service, from an application's Python.

    with ErrataClient("http://127.0.0.1:8765", key) as errata:
        answer = errata.chapters(segments=[{"start": 0, "end": 6.5, "text": "Welcome back."}], id="kiln-12")
        for chapter in answer.chapters:
            print(chapter.start, chapter.title)
        errata.correct(answer.prediction, [{"start": 0, "title": "Firing the kiln"}])

        stream = errata.open_stream(id="kiln-live-3", title="Firing the kiln, live")
        stream.send([{"start": 0, "end": 6.5, "text": "Good evening."}])     # as it is said
        for event in stream.events(): ...                                    # in a thread of its own: what is told
        stream.end()

What fails on the way, or finds the service busy, is sent again: requests carry a key by which the service knows them
again, so that none is answered or recorded twice. What the service refuses is an `ErrataError` with its sentence.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, TypeVar, cast
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.inference.openai_client import asked_wait
from errata.service.messages import (
    ChapterMessage,
    ChaptersAnswer,
    ChaptersAsked,
    CorrectionAnswer,
    CorrectionAsked,
    JobMessage,
    Message,
    SegmentMessage,
)
from errata.service.stream_messages import HeardLines, LinesAsked, StreamAsked, StreamMessage, ToldChapter, ToldRevision

T = TypeVar("T", bound=Message)

TRIES = 5
"""How often a request is sent at most."""
PATIENCE = 700.0
"""Seconds to wait for an answer: longer than the service lets a model take."""
SILENCE = 60.0
"""Seconds without a sign of life, of which a service that tells of a stream gives one every 15 s: it is asked anew."""
LONGEST_PAUSE = 60.0
_PAUSE = 0.5
_BUSY = (429, 502, 503, 504)
_KINDS: dict[int, type[ErrataError]] = {404: NotFound, 409: Refused, 401: Refused, 403: Refused}

ChapterLike = ChapterMessage | Mapping[str, Any]
SegmentLike = SegmentMessage | Mapping[str, Any]


class ErrataClient:
    """Each method raises BadInput, NotFound or Refused for what the service refuses, and Unavailable where it could not
    be reached, or stayed busy, however often it was asked."""

    def __init__(self, address: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        """`address` is the service's, such as `http://127.0.0.1:8765`, and `key` one of `errata keys add`."""
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(PATIENCE, connect=10),
            transport=transport,
        )

    def __enter__(self) -> ErrataClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def chapters(self, **talk: Any) -> ChaptersAnswer:
        """Chapters of a talk, which is given as the fields of `ChaptersAsked`: `segments`, `captions` or `text`, and
        whatever else is known of it."""
        return self._post("/v1/chapters", _message(ChaptersAsked, talk), ChaptersAnswer)

    def begin(self, **talk: Any) -> JobMessage:
        """A job for a long talk: the same fields. Its answer is `wait_for`'s."""
        return self._post("/v1/chapters?wait=false", _message(ChaptersAsked, talk), JobMessage)

    def job(self, name: str) -> JobMessage:
        return self._ask("GET", f"/v1/jobs/{name}", JobMessage)

    def wait_for(self, job: JobMessage, seconds: float = 3600, pause: float = 1.0) -> ChaptersAnswer:
        """Its answer, which is asked for every `pause` seconds. Raises Unavailable where it failed, or takes longer."""
        end = time.monotonic() + seconds
        while True:
            now = self.job(job.job)
            if now.answer is not None:
                return now.answer
            if now.state == "failed":
                raise Unavailable("the job {} failed: {}", job.job, now.failure)
            if time.monotonic() >= end:
                raise Unavailable("the job {} is not done after {:g} s; ask for it later", job.job, seconds)
            time.sleep(pause)

    def prediction(self, name: str) -> ChaptersAnswer:
        """One that was given before."""
        return self._ask("GET", f"/v1/predictions/{name}", ChaptersAnswer)

    def correct(self, prediction: str, chapters: Iterable[ChapterLike], blind: bool = False) -> CorrectionAnswer:
        """What the chapters should be. Said again, nothing changes."""
        return self._say(prediction=prediction, kind="edit", chapters=list(chapters), blind=blind)

    def accept(self, prediction: str) -> CorrectionAnswer:
        return self._say(prediction=prediction, kind="accept")

    def reject(self, prediction: str) -> CorrectionAnswer:
        return self._say(prediction=prediction, kind="reject")

    def open_stream(self, **known: Any) -> ClientStream:
        """A stream, whose lines are then sent as they are said. What is known of it is given as the fields of
        `StreamAsked`: `id`, `title`, `description`, `channel`, `media`."""
        return ClientStream(self, self._post("/v1/streams", _message(StreamAsked, known), StreamMessage))

    def stream(self, name: str) -> ClientStream:
        """One that was opened before, where it stands: by another process, or by this one before it ended."""
        return ClientStream(self, self.ask_stream(name))

    def ask_stream(self, name: str) -> StreamMessage:
        """How far it is."""
        return self._ask("GET", f"/v1/streams/{name}", StreamMessage)

    def send_lines(self, name: str, position: int, lines: Iterable[SegmentLike]) -> StreamMessage:
        """Of which the first is number `position`, counted from 0. Sent again, they change nothing."""
        asked = _message(LinesAsked, {"position": position, "lines": list(lines)})
        return self._post(f"/v1/streams/{name}/lines", asked, StreamMessage)

    def end_stream(self, name: str) -> StreamMessage:
        return self._ask("POST", f"/v1/streams/{name}/end", StreamMessage)

    def stream_events(self, name: str, last: str = "", lines: bool = False) -> Iterator[StreamEvent]:
        """What is told of a stream, from its beginning on or after the event whose id is `last`, until it has ended;
        `lines`: what is said as well. A connection that is lost is made anew, and nothing is missed or told twice."""
        path, failures = f"/v1/streams/{name}/events?lines={str(lines).lower()}", 0
        while True:
            headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
            try:
                with self._http.stream("GET", path, headers=headers, timeout=SILENCE) as answer:
                    if answer.status_code == httpx.codes.NO_CONTENT:
                        return
                    if not answer.is_success:
                        answer.read()
                        if answer.status_code not in _BUSY:
                            _read(answer, StreamMessage)  # raises
                        raise httpx.RemoteProtocolError(_detail(answer))
                    for event in _events(answer.iter_lines()):
                        last, failures = event.id, 0
                        yield event
                        if event.kind == "end":
                            return
                why = "it ended in the middle"
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
            failures += 1
            if failures >= TRIES:
                raise Unavailable("the service at {} tells nothing of the stream: {}", self._http.base_url, why)
            time.sleep(min(LONGEST_PAUSE, _PAUSE * 2**failures))

    def _say(self, **said: Any) -> CorrectionAnswer:
        return self._post("/v1/corrections", _message(CorrectionAsked, said), CorrectionAnswer)

    def _post(self, path: str, asked: Message, kind: type[T]) -> T:
        return self._ask("POST", path, kind, asked.model_dump_json(exclude_none=True), uuid4().hex)

    def _ask(
        self, method: Literal["GET", "POST"], path: str, kind: type[T], body: str = "", idempotency_key: str = ""
    ) -> T:
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key} if idempotency_key else {}
        why = ""
        for attempt in range(TRIES):
            pause = min(LONGEST_PAUSE, _PAUSE * 2**attempt)
            try:
                answer = self._http.request(method, path, content=body or None, headers=headers)
            except httpx.TransportError as error:
                why = f"it can't be reached ({error or type(error).__name__})"
            else:
                if answer.status_code not in _BUSY:
                    return _read(answer, kind)
                why, pause = _detail(answer), min(LONGEST_PAUSE, asked_wait(answer.headers) or pause)
            if attempt + 1 < TRIES:
                time.sleep(pause)
        raise Unavailable("the service at {} gave no answer: {}", self._http.base_url, why)


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """`data` is a ToldChapter (`chapter`), a ToldRevision (`revision`), HeardLines (`lines`) or, at the `end`, how the
    stream ended, with its answer."""

    id: str
    """By which listening goes on after it."""
    kind: Literal["chapter", "revision", "lines", "end"]
    data: ToldChapter | ToldRevision | HeardLines | StreamMessage


class ClientStream:
    """A stream that is being sent; it knows which line comes next."""

    def __init__(self, errata: ErrataClient, at: StreamMessage) -> None:
        self._errata, self.at = errata, at
        """How far it was when the service last said so."""

    @property
    def name(self) -> str:
        return self.at.stream

    def send(self, lines: Iterable[SegmentLike]) -> StreamMessage:
        """What was said since: each with `start`, `end` (seconds), `text` and perhaps `speaker`."""
        said = list(lines)
        if said:
            self.at = self._errata.send_lines(self.name, self.at.lines, said)
        return self.at

    def end(self) -> StreamMessage:
        """Its words are a transcript then; its chapters come as the last of `events`."""
        self.at = self._errata.end_stream(self.name)
        return self.at

    def events(self, last: str = "", lines: bool = False) -> Iterator[StreamEvent]:
        """As `ErrataClient.stream_events`."""
        return self._errata.stream_events(self.name, last, lines)


_DATA: dict[str, type[BaseModel]] = {
    "chapter": ToldChapter,
    "revision": ToldRevision,
    "lines": HeardLines,
    "end": StreamMessage,
}


def _events(lines: Iterable[str]) -> Iterator[StreamEvent]:
    """Of a text/event-stream; comments, and events of other kinds, are passed over."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and name:
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and "data" in fields else value
        elif not line:
            kind = _DATA.get(fields.get("event", ""))
            if kind is not None and "data" in fields:
                data = kind.model_validate_json(fields["data"])
                yield StreamEvent(fields.get("id", ""), cast(Any, fields["event"]), cast(Any, data))
            fields = {}


def _message(kind: type[T], fields: Mapping[str, Any]) -> T:
    """Raises BadInput for what the service would refuse."""
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the talk"
        raise BadInput("{}: {}", place, first["msg"]) from error


def _read(answer: httpx.Response, kind: type[T]) -> T:
    if answer.is_success:
        return kind.model_validate_json(answer.content)
    raise _KINDS.get(answer.status_code, BadInput if answer.is_client_error else Unavailable)(_detail(answer))


def _detail(answer: httpx.Response) -> str:
    """The problem's sentence, or what a proxy said in its place."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, LookupError, TypeError):
        return f"HTTP {answer.status_code} {answer.reason_phrase}"
