"""What no HTTP library would send, over a socket to a real service: each is refused, and the service lives on."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn

from errata.service import timely_protocol
from errata.service.timely_protocol import TimelyProtocol
from tests.running_service import RunningService, running

pytestmark = pytest.mark.slow

HOST = b"Host: 127.0.0.1\r\n"
REFUSED = {
    "no HTTP": b"hello\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "no host": b"GET /sign-in HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /sign-in HTTP/1.1\r\n" + HOST + b"Host: evil.test\r\n\r\n",
    "a host in the target": b"GET http://evil.test/sign-in HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    "two lengths": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 5\r\n\r\na",
    "a negative length": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\n",
    "a length that is none": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: 0x5\r\n\r\naaaaa",
    "an endless length": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n",
    "another coding": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    "a coding in disguise": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a chunk's length": b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
    "a NUL": b"GET /sign-in HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    "a header without end": b"GET /sign-in HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 200_000,
    "a path without end": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of its own": b"BREW /sign-in HTTP/1.1\r\n" + HOST + b"\r\n",
    "TRACE": b"TRACE /sign-in HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT evil.test:443 HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.fixture(scope="module")
def service(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("raw") / "workspace"
    shutil.copytree(laid_out, folder)
    with running(folder) as started:
        yield started


def said_to(service: RunningService, request: bytes) -> bytes:
    parts = urlsplit(service.address)
    received = b""
    with socket.create_connection((parts.hostname or "", parts.port or 0), 30) as connection:
        with suppress(OSError):  # it may close before all is sent
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while data := connection.recv(65_536):
                received += data
    return received


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_and_the_service_lives(service: RunningService, name: str) -> None:
    answer = said_to(service, REFUSED[name])
    assert not answer or int(answer.split()[1]) in (400, 404, 405, 411, 413, 421, 422, 501), answer[:200]
    assert b"Traceback" not in answer
    with service.client() as client:
        assert client.get("/healthz").status_code == 200


def test_a_request_that_two_servers_would_cut_otherwise_is_one_or_none(service: RunningService) -> None:
    """Where both a length and chunks are given, a proxy that goes by the other one would see a second request."""
    hidden = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"
    head = b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"0\r\n\r\n" + hidden
    answer = said_to(service, head % len(body) + body)
    assert b'"openapi"' not in answer


def test_a_log_line_is_nobody_else_s(service: RunningService) -> None:
    said_to(service, b"GET /%0aFORGED HTTP/1.1\r\n" + HOST + b"Authorization: Bearer x\r\n\r\n")
    assert not [line for line in service.out if line.startswith("FORGED")]


def test_who_never_ends_a_head_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timely_protocol, "HEAD_SECONDS", 0.3)

    async def app(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def talk() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=TimelyProtocol, ws="none", lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        task = asyncio.ensure_future(server.serve([listener]))
        address = listener.getsockname()[:2]
        slow, slow_out = await asyncio.open_connection(*address)
        begun, begun_out = await asyncio.open_connection(*address)
        begun_out.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\nGET / HT")
        slow_out.write(b"GET / HTTP/1.1\r\nX")
        for _ in range(2):
            await asyncio.sleep(0.1)
            slow_out.write(b"a")
            begun_out.write(b"a")
        assert await asyncio.wait_for(slow.read(), 5) == b""
        assert (await asyncio.wait_for(begun.read(), 5)).startswith(b"HTTP/1.1 204")
        server.should_exit = True
        await task

    asyncio.run(asyncio.wait_for(talk(), 60))
