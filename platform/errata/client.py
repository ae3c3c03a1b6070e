"""Errata's service, from an application's Python.

    with ErrataClient("http://127.0.0.1:8765", key) as errata:
        answer = errata.chapters(segments=[{"start": 0, "end": 6.5, "text": "Welcome back."}], id="kiln-12")
        for chapter in answer.chapters:
            print(chapter.start, chapter.title)
        errata.correct(answer.prediction, [{"start": 0, "title": "Firing the kiln"}])

What fails on the way, or finds the service busy, is sent again: requests carry a key by which the service knows them
again, so that none is answered or recorded twice. What the service refuses is an `ErrataError` with its sentence.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, TypeVar
from uuid import uuid4

import httpx
from pydantic import ValidationError

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
)

T = TypeVar("T", bound=Message)

TRIES = 5
"""How often a request is sent at most."""
PATIENCE = 700.0
"""Seconds to wait for an answer: longer than the service lets a model take."""
LONGEST_PAUSE = 60.0
_PAUSE = 0.5
_BUSY = (429, 502, 503, 504)
_KINDS: dict[int, type[ErrataError]] = {404: NotFound, 409: Refused, 401: Refused, 403: Refused}

ChapterLike = ChapterMessage | Mapping[str, Any]


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
