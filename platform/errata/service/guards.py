"""What stands before every route: pure ASGI, since Starlette's own base class for middleware costs a task a request."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errata.database.audit_log import AuditEntry
from errata.database.record import Record
from errata.domain.names import printable
from errata.errors import BadInput, ErrataError, NotFound
from errata.service.door_errors import Slow, TooLarge, WrongHost
from errata.service.problems import Problem, problem
from errata.service.service_settings import ServiceSettings

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' https: blob:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without a referrer, browsers call a form's origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000"
PROBES = frozenset({"/healthz", "/readyz"})
"""Whoever watches over the service calls it by whatever address it has."""
_DISCARD_SECONDS = 5
"""In which the rest of a body that is refused is read and thrown away."""
VALUES, VALUES_A_LINE = 10_000, 8
"""That a body of JSON may have, and more for each line of the longest transcript: a segment has four. What has more is
refused before it is parsed, since everybody waits for that."""
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LOG = logging.getLogger("errata.service")


class SecurityHeaders:
    """On every answer, of errors and files too. An exception that nobody foresaw is answered here, as a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", _HSTS)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            if begun:
                raise
            _LOG.exception("%s %r ended in a fault of ours", scope["method"], scope["path"])
            answer = Problem(500, "the service has a fault; its log says more")
            await answer(scope, receive, send_with_headers)


class HostCheck:
    """Only requests by a name of ours: a page elsewhere whose name leads to this machine may not speak for its user."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(_without_port(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in PROBES:
            named = Headers(scope=scope).getlist("host")
            if len(named) != 1 or _without_port(named[0]) not in self._hosts:
                name = printable(named[0])[:200] if named else "no name"
                error = WrongHost("this service isn't called {}; where it is: errata serve --allow-host NAME", name)
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _without_port(host: str) -> str:
    """An IPv6 address loses its brackets too, and comes without where there is no port."""
    name = host.strip().lower()
    if name.startswith("[") or name.count(":") < 2:
        name = re.sub(r":\d*\Z", "", name).strip("[]")
    return name.rstrip(".")


class RequestCheck:
    """Reads a request's body, and refuses one that is too large, too slow, or JSON that no route could read: not UTF-8,
    nested too deeply, of too many values, or with NaN, which JSON doesn't know. No address has a NUL, which no database
    takes."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        self._app = app
        self._settings = settings
        self._most_values = VALUES + VALUES_A_LINE * settings.transcript_lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            nothing = NotFound("there is nothing at {}: its address has a NUL character", scope["path"][:200])
            await problem(nothing)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        try:
            if "content-length" in headers and "transfer-encoding" in headers:
                raise BadInput("the request says two lengths, Content-Length and Transfer-Encoding; send one")
            body = await self._read(headers, receive)
            if body is None:
                return  # the client left
            if "json" in headers.get("content-type", "").lower():
                check_json(body, self._settings.json_depth, self._most_values)
        except ErrataError as error:
            if isinstance(error, TooLarge):
                await self._discard(receive)
            answer = problem(error)
            answer.headers["Connection"] = "close"  # the rest of the body is not read
            await answer(scope, receive, send)
            return
        given = False

        async def receive_again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, receive_again, send)

    async def _discard(self, receive: Receive) -> None:
        """Reads on for a while what isn't kept: to a proxy that is still sending, an answer and a closed connection are
        a broken one, and its client gets no reason."""
        size, going_on = 0, True
        with suppress(TimeoutError):
            async with asyncio.timeout(_DISCARD_SECONDS):
                while going_on and size < 2 * self._settings.body_bytes:
                    message: Any = await receive()
                    going_on = message["type"] == "http.request" and bool(message.get("more_body"))
                    size += len(message.get("body", b""))

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        most = self._settings.body_bytes
        declared = headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
            raise TooLarge("the body has {} bytes, and {:,} are the most; send less at once", declared[:20], most)
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while True:
                    message: Any = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise TooLarge("the body has more than {:,} bytes; send less at once", most)
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError as error:
            raise Slow("the body did not come within {} s; send it faster", self._settings.body_seconds) from error


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""After an even number of backslashes, or it is the text `\\u0000`."""
_NO_NUMBER = re.compile(rb"-?(?:NaN|Infinity)")
_NO_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{},"')
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")], _STEPS[list(b"]}")] = 1, -1


def check_json(body: bytes, deepest: int, most: int) -> None:
    """Raises BadInput for JSON that isn't UTF-8, is nested more deeply than `deepest`, has more than about `most`
    values, or a number or a character that is none.

    Done for every request, and so by what is done in C: much less than parsing the body takes.
    """
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise BadInput("the body is not UTF-8 at byte {}; send it so", error.start) from error
    unescaped = body.replace(b"\\\\", b"  ").replace(b'\\"', b"  ") if b"\\" in body else body
    marks = _outside_strings(unescaped.translate(None, _NO_MARKS))
    depth = int(np.cumsum(_STEPS[marks], dtype=np.int64).max(initial=0))
    if depth > deepest:
        raise BadInput("the body is nested {:,} deep, and {} is the most; send less depth", depth, deepest)
    count = int(np.count_nonzero(marks == ord(",")))
    if count > most:
        raise BadInput("the body has {:,} values, and {:,} are the most; send less at once", count, most)
    if b"NaN" in body or b"Infinity" in body:
        number = _NO_NUMBER.search(_outside_strings(unescaped).tobytes())
        if number is not None:
            raise BadInput("the body has {}, which JSON doesn't know; leave it out, or send null", number[0].decode())
    if b"\\u0000" in body and _NUL.search(body):
        raise BadInput("the body has a NUL character (\\u0000), which no database takes; leave it out")
    if b"\\u" in body and _SURROGATE.search(body) and _has_half_character(body):
        raise BadInput("the body has half of a character, as \\ud800 is one; leave it out, or send the whole character")


def _outside_strings(unescaped: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bytes of JSON that stand in no string, those of strings as 0; without escaped quotes."""
    letters = np.frombuffer(unescaped, np.uint8)
    is_inside = np.cumsum(letters == ord('"'), dtype=np.uint8) & 1  # an even number of quotes is even in 8 bits too
    return letters * (1 - is_inside)


def _has_half_character(body: bytes) -> bool:
    """Of a body whose depth was checked; one that is no JSON the route refuses itself."""
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except ValueError:
        return False
    return False


class Audit:
    """Writes down who changed what, or tried a door that is not theirs, before the answer is sent."""

    def __init__(self, app: ASGIApp, record: Record) -> None:
        self._app = app
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        unwritten = False

        async def send_audited(message: Message) -> None:
            nonlocal unwritten
            if unwritten:
                return
            if message["type"] == "http.response.start" and _is_noted(scope, message["status"]):
                try:
                    await run_in_threadpool(self._write, _entry(scope, message["status"]))
                except ErrataError as error:  # a full disk, say
                    unwritten = True
                    await problem(error)(scope, receive, send)
                    return
            await send(message)

        await self._app(scope, receive, send_audited)

    def _write(self, entry: AuditEntry) -> None:
        with self._record.write() as store:
            store.audit.add(entry)


def _is_noted(scope: Scope, status: int) -> bool:
    known = scope["state"]
    if "wrong_key" in known or (status == 403 and "identity" in known):
        return True
    return scope["method"] in _UNSAFE and "identity" in known and bool(known.get("audited", True))


_LONGEST_SUBJECT = 500


def _entry(scope: Scope, status: int) -> AuditEntry:
    identity = scope["state"].get("identity")
    route = getattr(scope.get("route"), "path", scope["path"])
    subject = " ".join(f"{name}={value}" for name, value in scope.get("path_params", {}).items())
    client = scope.get("client")
    return AuditEntry(
        name=identity.name if identity else "",
        role=identity.role if identity else "",
        act=printable(f"{scope['method']} {route}"),
        subject=printable(subject)[:_LONGEST_SUBJECT],
        status=status,
        address=client[0] if client else "",
    )
