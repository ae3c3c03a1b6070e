"""Errors as programs read them: RFC 9457's problem+json, which names the field; a page for who asked with a browser."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from errata.domain.names import printable
from errata.errors import ErrataError, RecordUnavailable
from errata.service.departure import Departed
from errata.service.door_errors import BadField, TooMany, Unknown
from errata.service.pages import page

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("errata.service")
_NO_RECORD = (
    "the service can't use its record now; send the same request again later, and tell whoever runs the service: "
    "its log says why"
)
_LEFT = 499
"""The status, in the log, of an answer that nobody waited for."""


class Problem(Response):
    """An error's answer. `errors` are those of single fields: `{"field": "segments.3.start", "detail": "…"}`."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        content: dict[str, Any] = {"type": "about:blank", "title": title(status), "status": status, "detail": detail}
        if errors:
            content["errors"] = list(errors)
        super().__init__(json.dumps(content, ensure_ascii=True).encode(), status, headers)


def title(status: int) -> str:
    return HTTPStatus(status).phrase


def problem(error: ErrataError) -> Problem:
    """What a client is told of an error; of one of the record, whose sentence is the operator's, the log has that."""
    headers = {}
    if isinstance(error, RecordUnavailable):
        _LOG.warning("%s", error)
        return Problem(error.http_status, _NO_RECORD)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(max(1, ceil(error.retry_after)))
    if isinstance(error, Unknown):
        headers["WWW-Authenticate"] = 'Bearer realm="errata"'
    if isinstance(error, BadField):
        return _of_field(error.field, shortened(str(error)))
    return Problem(error.http_status, shortened(str(error)), headers=headers)


def _of_field(field: str, sentence: str) -> Problem:
    errors = [{"field": field, "detail": sentence}]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {sentence}", errors)


def shortened(sentence: str) -> str:
    """A client's own words may be in it, and be a book."""
    words = printable(sentence)
    return words if len(words) <= _LONGEST_DETAIL else f"{words[:_LONGEST_DETAIL]}…"


def add_problems(app: FastAPI) -> None:
    """Has the application answer errors so."""
    app.exception_handler(ErrataError)(_of_errata)
    app.exception_handler(RequestValidationError)(_of_fields)
    app.exception_handler(HTTPException)(_of_http)
    app.exception_handler(Departed)(_of_nobody)


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer."""
    return "text/html" in request.headers.get("accept", "") and "authorization" not in request.headers


def _answer(request: Request, made: Problem) -> Response:
    if not wants_page(request):
        return made
    content = json.loads(bytes(made.body))
    values = {"status": made.status_code, "title": content["title"], "detail": content["detail"]}
    headers = {name: made.headers[name] for name in ("Retry-After", "Allow") if name in made.headers}
    return page(request, "problem.html", values, made.status_code, headers)


async def _of_errata(request: Request, error: ErrataError) -> Response:
    if isinstance(error, Unknown) and wants_page(request) and request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", 303)
    return _answer(request, problem(error))


async def _of_fields(request: Request, error: RequestValidationError) -> Response:
    errors = [{"field": _field(_place(one)), "detail": _sentence(one)} for one in error.errors()[:_MOST_ERRORS]]
    if not _is_json(request) and any(_is_whole_body(one) for one in error.errors()):
        errors = [{"field": "body", "detail": _NOT_SAID_TO_BE_JSON}]
    detail = f"{errors[0]['field']}: {errors[0]['detail']}" if errors else "the request is not as it should be"
    return _answer(request, Problem(HTTPStatus.UNPROCESSABLE_ENTITY, shortened(detail), errors))


def _is_json(request: Request) -> bool:
    """As FastAPI sees it: a body of another kind is a text, and no object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _is_whole_body(error: Mapping[str, Any]) -> bool:
    return tuple(error["loc"]) == ("body",) and error["type"] != "missing"


_NOT_SAID_TO_BE_JSON = "it isn't said to be JSON; send the header Content-Type: application/json"
_LONGEST_DETAIL = 2000
_MOST_ERRORS = 50
"""A transcript of ten thousand lines can be wrong in each of them."""
_LONGEST_FIELD = 200


def _place(error: Mapping[str, Any]) -> Sequence[int | str]:
    """Of JSON that is none, the body: no field of it is known."""
    location: Sequence[int | str] = error["loc"]
    return location[:1] if error["type"] == "json_invalid" else location


def _field(location: Sequence[int | str]) -> str:
    """`segments.3.start`, or where it isn't in the body, `path id` or `query night`. A client may have named it."""
    place, *names = [printable(str(part)) for part in location] or ["body"]
    name = ".".join(names)[:_LONGEST_FIELD]
    return (name or place) if place == "body" else f"{place} {name}".strip()


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"it is no JSON at character {error['loc'][-1]}: {error.get('ctx', {}).get('error', error['msg'])}"
    if error["type"] == "extra_forbidden":
        return "there is no such field; leave it out"
    if error["type"] == "missing":
        return "it is missing; give it"
    message = str(error["ctx"]["error"] if error["type"] == "value_error" else error["msg"])  # a check's own words
    return printable(message[:1].lower() + message[1:])


async def _of_http(request: Request, error: HTTPException) -> Response:
    detail = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {printable(request.url.path)}",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{printable(request.url.path)} takes no {printable(request.method)}",
        HTTPStatus.BAD_REQUEST: "the body can't be read: it is no JSON, too deeply nested, or has a number too long",
    }.get(HTTPStatus(error.status_code), str(error.detail))
    return _answer(request, Problem(error.status_code, detail, headers=error.headers))


async def _of_nobody(_: Request, __: Departed) -> Response:
    return Response(status_code=_LEFT)
