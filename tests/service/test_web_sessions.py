"""People sign in with their key: what the cookie is, when a session ends, and who else could use it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from errata.database.record import make_engine
from errata.database.service_tables import WebSessionRow
from errata.operations.service_keys import add_key, audit_entries, revoke_key
from errata.service import known_keys
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.service.conftest import ADDRESS

COOKIE = "errata_session"


@pytest.fixture
def key(workspace: Workspace) -> str:
    return add_key(workspace, "ann", "reviewer", "tests").key


def sign_in(client: TestClient, key: str, target: str = "/", **options: Any) -> Any:
    return client.post("/sign-in", data={"key": key, "next": target}, **options)


def token(client: TestClient) -> str:
    found = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', client.get("/").text)
    assert found is not None
    return found[1]


def test_signing_in_and_out(client: TestClient, key: str) -> None:
    assert client.get("/", headers={"Accept": "text/html"}).headers["location"] == "/sign-in?next=%2F"
    assert 'type="password"' in client.get("/sign-in").text
    answer = sign_in(client, key, "/review?night=3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?night=3")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie and "Secure" not in cookie
    assert key not in cookie
    page = client.get("/").text
    assert "ann" in page and key not in page
    assert client.post("/sign-out", data={"csrf_token": token(client)}).status_code == 303
    assert client.get("/").status_code == 401
    client.cookies.set(COOKIE, cookie.partition("=")[2].partition(";")[0])
    assert client.get("/").status_code == 401, "the session has ended, and not only its cookie"


def test_behind_tls_the_cookie_is_this_host_s_alone(workspace: Workspace, key: str) -> None:
    with TestClient(make_app(workspace, ServiceSettings()), base_url="https://127.0.0.1") as client:
        answer = sign_in(client, key, follow_redirects=False)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-errata=") and "; Secure" in cookie and "Domain" not in cookie
        assert answer.headers["strict-transport-security"]
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "https://evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "/a\r\nX: y",
        "",
        "/ü ",
    ],
)
def test_one_is_sent_to_no_other_site(client: TestClient, key: str, target: str) -> None:
    assert sign_in(client, key, target).headers["location"] == "/"
    page = client.get("/sign-in", params={"next": target}).text
    assert 'name="next" value="/"' in page


def test_a_wrong_key_says_so_and_shows_no_key(client: TestClient) -> None:
    answer = sign_in(client, "errata_<script>wrong")
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text and "wrong" not in answer.text


def test_a_program_s_key_opens_no_session(client: TestClient, workspace: Workspace) -> None:
    answer = sign_in(client, add_key(workspace, "app", "predictor", "tests").key)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers and "a program" in answer.text


def test_each_sign_in_is_a_new_session_and_the_one_before_ends(client: TestClient, key: str) -> None:
    before = "prepared-by-somebody"
    for _ in range(2):
        client.cookies.clear()
        client.cookies.set(COOKIE, before)
        opened = re.search(rf"{COOKIE}=([^;]+)", sign_in(client, key).headers["set-cookie"])
        assert opened is not None and opened[1] != before
        client.cookies.clear()
        client.cookies.set(COOKIE, before)
        assert client.get("/").status_code == 401
        before = opened[1]


def test_neither_a_key_nor_a_session_opens_the_other_s_door(client: TestClient, app: FastAPI, key: str) -> None:
    cookie = sign_in(client, key).headers["set-cookie"].partition(";")[0]
    assert client.get("/").status_code == 200
    other = TestClient(app, base_url=ADDRESS, follow_redirects=False)
    assert other.get("/", headers={"Authorization": f"Bearer {cookie.partition('=')[2]}"}).status_code == 401
    assert other.get("/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert other.get("/", headers={"Cookie": f"{COOKIE}={key}"}).status_code == 401


def test_a_session_ends_with_its_key(client: TestClient, workspace: Workspace, key: str) -> None:
    sign_in(client, key)
    assert client.get("/").status_code == 200
    revoke_key(workspace, "ann", "tests")
    time.sleep(known_keys.REMEMBERED_SECONDS + 0.1)
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(("column", "minutes"), [("seen", 121), ("made", 12 * 60 + 1)])
def test_a_session_ends_by_time(
    app: FastAPI, client: TestClient, workspace: Workspace, key: str, column: str, minutes: int
) -> None:
    sign_in(client, key)
    then = datetime.now(UTC) - timedelta(minutes=minutes)
    engine = make_engine(workspace.record.url)
    with engine.begin() as connection:
        connection.execute(sa.update(WebSessionRow).values({column: then}))
    engine.dispose()
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": "é".encode("latin-1")},
        {"X-CSRF-Token": "TOKEN", "Origin": "https://evil.test"},
        {"X-CSRF-Token": "TOKEN", "Origin": "null"},
        {"X-CSRF-Token": "TOKEN", "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": "TOKEN", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_s_page_can_t_use_a_session(client: TestClient, key: str, headers: dict[str, Any]) -> None:
    sign_in(client, key)
    mine = token(client)
    sent = {name: mine if value == "TOKEN" else value for name, value in headers.items()}
    answer = client.post("/sign-out", headers=sent, data={"x": "y"})
    assert answer.status_code == 403
    assert client.get("/").status_code == 200
    assert client.post("/sign-out", headers={"X-CSRF-Token": mine, "Origin": ADDRESS}).status_code == 303


def test_another_session_s_token_is_none(client: TestClient, app: FastAPI, workspace: Workspace, key: str) -> None:
    sign_in(client, key)
    other = TestClient(app, base_url=ADDRESS, follow_redirects=False)
    sign_in(other, add_key(workspace, "bob", "reviewer", "tests").key)
    assert client.post("/sign-out", headers={"X-CSRF-Token": token(other)}).status_code == 403


def test_nobody_is_signed_in_by_another_site(client: TestClient, key: str) -> None:
    answer = sign_in(client, key, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_signing_in_is_written_down(client: TestClient, workspace: Workspace, key: str) -> None:
    sign_in(client, "wrong")
    sign_in(client, key)
    entries = [(entry.name, entry.act, entry.status) for entry in audit_entries(workspace, 2, None)]
    assert entries == [("ann", "POST /sign-in", 303), ("", "POST /sign-in", 401)]
