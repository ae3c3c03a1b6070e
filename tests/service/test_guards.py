"""What stands before every route: hosts, bodies, headers. Each attack is answered by a problem, and nothing falls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from errata.errors import BadInput
from errata.service.application import make_app
from errata.service.guards import HEADERS, RequestCheck, SecurityHeaders, check_json
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.service.conftest import ClientOf

JSON = {"Content-Type": "application/json"}
ECHO = "/sign-out"
"""A route that takes a body from whoever has a key."""


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/nothing", "/static/errata.css", "/static/nothing", "/openapi.json"]
)
def test_every_answer_has_the_headers(client: TestClient, path: str) -> None:
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "access-control-allow-origin" not in answer.headers and "server" not in answer.headers
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_no_other_site_s_script_is_let_in(client: TestClient) -> None:
    answer = client.options("/", headers={"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_fault_of_ours_is_a_problem_too(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the secret is 42")

    answer = TestClient(SecurityHeaders(broken), base_url="http://127.0.0.1").get("/")
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert "42" not in answer.text and "42" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8765", "127.0.0.1:1", "[::1]:8765", "LOCALHOST", "chapters.test"]
)
def test_it_is_called_by_its_names(workspace: Workspace, host: str) -> None:
    app = make_app(workspace, ServiceSettings(allow_hosts=("chapters.test",)))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.get("/sign-in", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.test", "127.0.0.1.evil.test", "evil.test#@127.0.0.1", "", "localhost/", "localhost:1:2", "a" * 5000]
)
def test_by_no_other(client: TestClient, host: str) -> None:
    answer = client.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 421 and len(answer.text) < 1000
    assert client.get("/sign-in", headers={"X-Forwarded-Host": "evil.test"}).status_code == 200


def test_forwarded_addresses_count_from_a_proxy_alone(workspace: Workspace) -> None:
    sent = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    for proxies, is_https in ((("testclient",), True), (("10.0.0.1",), False), ((), False)):
        with TestClient(make_app(workspace, ServiceSettings(proxies=proxies)), base_url="http://127.0.0.1") as client:
            answer = client.get("/sign-in", headers=sent)
            assert ("strict-transport-security" in answer.headers) is is_https


PATHS = [
    "/static/../service_settings.py",
    "/static/..%2fservice_settings.py",
    "/static/%2e%2e/%2e%2e/errors.py",
    "/static//etc/passwd",
    "/static/%00",
    "/static/..\\pages.py",
    "/%ff%fe",
    "/" + "a/" * 3000,
    "/%0d%0aSet-Cookie:x=y",
    "//evil.test",
    "/.git/config",
    "/errata.db",
]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_path_leads_nowhere_else(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 401, 404) and "set-cookie" not in answer.headers
    assert "import" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "errata_session=" + "a" * 5000},
        {"Cookie": "errata_session=é; errata_session=x".encode("latin-1")},
        {"Cookie": ";;;=;"},
        {"Authorization": "Bearer " + "a" * 5000},
        {"Accept": "text/html,<script>"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Length": "-1"},
    ],
    ids=str,
)
def test_hostile_headers(client: TestClient, headers: dict[str, Any]) -> None:
    answer = client.get("/", headers=headers)
    assert answer.status_code in (303, 400, 401)
    assert "<script>" not in answer.text


BODIES = {
    "bomb": (b"[" * 100_000, "nested 100,000 deep"),
    "objects": (b'{"a":' * 100 + b"1" + b"}" * 100, "nested 100 deep"),
    "NaN": (b'{"start": NaN}', "NaN, which JSON doesn't know"),
    "Infinity": (b'{"start": -Infinity}', "-Infinity, which"),
    "not UTF-8": (b'{"title": "caf\xe9"}', "not UTF-8 at byte 14"),
    "NUL": (b'{"title": "a\\u0000b"}', "a NUL character"),
    "NUL after a backslash": (b'{"title": "\\\\\\u0000b"}', "a NUL character"),
    "half a character": (b'{"title": "\\ud83d", "b": "\\ud83d\\ude00"}', "half of a character"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not UTF-8 at byte 0"),
}


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/problem+json; charset=utf-8"])
def test_json_is_looked_at_by_whatever_name_of_its_kind(client_of: ClientOf, kind: str) -> None:
    body = '{"text": "One sentence."}'.encode("utf-16")
    answer = client_of("predictor").post("/v1/chapters", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422 and "not UTF-8 at byte 0" in answer.json()["detail"]


@pytest.mark.parametrize(
    "kind", [{}, {"Content-Type": "application/x-www-form-urlencoded"}], ids=["none", "curl's own"]
)
def test_json_that_is_not_said_to_be_json_is_told_so(client_of: ClientOf, kind: dict[str, str]) -> None:
    answer = client_of("predictor").post("/v1/chapters", content=b'{"text": "One sentence."}', headers=kind)
    assert answer.status_code == 422 and "send the header Content-Type: application/json" in answer.json()["detail"]


def test_json_of_more_values_than_anybody_has(workspace: Workspace) -> None:
    """Parsing it would keep everybody waiting: half a million segments took the service seconds."""
    app = make_app(workspace, ServiceSettings(transcript_lines=5))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        body = json.dumps({"segments": [{}] * 10_042, "text": "a, b, c"}).encode()
        answer = client.post("/v1/chapters", content=body, headers=JSON)
        assert answer.status_code == 422 and answer.json()["detail"].startswith("the body has 10,042 values")


@pytest.mark.parametrize("name", BODIES)
def test_json_that_no_route_could_read(client_of: ClientOf, name: str) -> None:
    body, complaint = BODIES[name]
    answer = client_of("reviewer").post(ECHO, content=body, headers=JSON)
    assert answer.status_code == 422 and complaint in answer.json()["detail"]


def test_brackets_in_texts_are_no_depth() -> None:
    check_json(json.dumps({"title": "[{" * 1000 + '"\\' + "NaN Infinity"}).encode(), 2, 10)
    check_json(b'{"a": "\\"[[[[[[[[[[[[[[[["}', 1, 10)
    check_json(b'{"a": "\\\\u0000 is how JSON writes a NUL"}', 1, 10)
    with pytest.raises(BadInput, match="nested 3 deep"):
        check_json(b'{"a": [[]]}', 2, 10)


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def depth(value: Any) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0)
    return 0


@settings(max_examples=25)
@given(nested, st.booleans())
def test_the_depth_of_any_json_is_seen(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode(errors="replace")
    check_json(body, depth(value), 100)
    if depth(value):
        with pytest.raises(BadInput):
            check_json(body, depth(value) - 1, 100)


@given(st.binary())
def test_no_bytes_make_it_fall(body: bytes) -> None:
    try:
        check_json(body, 8, 100)
    except BadInput as refused:
        assert str(refused)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(workspace: Workspace) -> None:
    app = make_app(workspace, ServiceSettings(body_bytes=1000))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        declared = client.post("/sign-in", content=b"a" * 1001)
        assert declared.status_code == 413 and "1,000 are the most" in declared.json()["detail"]
        assert declared.headers["connection"] == "close"

        read = 0

        def endless() -> Iterator[bytes]:
            nonlocal read
            for _ in range(100):
                read += 1
                yield b"a" * 100

        chunked = client.post("/sign-in", content=endless())
        assert chunked.status_code == 413 and "more than 1,000 bytes" in chunked.json()["detail"]
        assert client.post("/sign-in", content=b"a" * 1000).status_code == 422


def body_check(messages: list[Message | None], **settings: Any) -> list[Message]:
    """What `RequestCheck` sends where a client sends these; None is a client that waits."""
    sent: list[Message] = []

    async def run() -> None:
        waiting = iter(messages)

        async def receive() -> Message:
            message = next(waiting)
            if message is None:
                await asyncio.sleep(60)
            return message or {}

        async def send(message: Message) -> None:
            sent.append(message)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            raise AssertionError("the body is not whole")

        scope = {
            "type": "http",
            "headers": [(b"transfer-encoding", b"chunked")],
            "path": "/",
            "method": "POST",
            "query_string": b"",
        }
        await RequestCheck(app, ServiceSettings(**settings))(scope, receive, send)

    asyncio.run(run())
    return sent


def test_a_body_that_never_ends_is_given_up() -> None:
    some: Message = {"type": "http.request", "body": b"a", "more_body": True}
    sent = body_check([some, some, None], body_seconds=0.05)
    assert sent[0]["status"] == 408


def test_a_client_that_leaves_within_its_body_is_answered_nothing() -> None:
    some: Message = {"type": "http.request", "body": b"a", "more_body": True}
    assert body_check([some, {"type": "http.disconnect"}]) == []


def test_what_cannot_be_written_down_is_not_answered_as_if_it_were(
    workspace: Workspace, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk is no fault of ours: it is said, and not that the key is wrong. A client reads what it can do, and
    the operator, in the log, what is wrong with which file."""
    with workspace.record.look() as (session, _):
        session.execute(sa.text("DROP TABLE audit_log"))
    answer = client.get("/metrics", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 503 and "send the same request again later" in answer.text
    assert str(workspace.root) not in answer.text
    assert any("errata.db can't be used: no such table" in entry.message for entry in caplog.records)


def test_json_that_is_none_says_where(client_of: ClientOf) -> None:
    answer = client_of("predictor").post("/v1/chapters", content=b'{"text": }', headers=JSON)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "body"
    assert answer.json()["detail"].startswith("body: it is no JSON at character 9")
