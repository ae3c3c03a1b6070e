"""Every route of the service, with every role and without a key: the table says who may, and misses no route."""

from __future__ import annotations

from typing import get_args

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from errata.domain.access import ACCESS_ROLES, AccessRole, holds
from tests.service.conftest import ClientOf
from tests.service_routes import routes_of

ANYBODY: tuple[AccessRole, ...] = ()
PROGRAMS: tuple[AccessRole, ...] = ("predictor",)
PEOPLE: tuple[AccessRole, ...] = ("reviewer",)
BOTH: tuple[AccessRole, ...] = ("predictor", "reviewer")

WHO_MAY: dict[str, tuple[AccessRole, ...]] = {
    "GET /openapi.json": ANYBODY,
    "GET /static": ANYBODY,
    "GET /sign-in": ANYBODY,
    "POST /sign-in": ANYBODY,
    "POST /sign-out": BOTH,
    "GET /": PEOPLE,
    "POST /v1/chapters": PROGRAMS,
    "POST /process_transcript": PROGRAMS,
    "POST /v1/corrections": BOTH,
    "GET /v1/predictions/{prediction}": BOTH,
    "GET /v1/jobs/{job}": PROGRAMS,
    "POST /v1/streams": PROGRAMS,
    "GET /v1/streams/{stream}": BOTH,
    "POST /v1/streams/{stream}/lines": PROGRAMS,
    "POST /v1/streams/{stream}/end": PROGRAMS,
    "GET /v1/streams/{stream}/events": BOTH,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": BOTH,
    "GET /review": PEOPLE,
    "GET /review/next": PEOPLE,
    "GET /review/streams/{stream}": PEOPLE,
    "POST /review/streams/{stream}/data": PEOPLE,
    "PUT /review/streams/{stream}/draft": PEOPLE,
    "POST /review/streams/{stream}/hold": PEOPLE,
    "GET /review/{transcript}": PEOPLE,
    "GET /review/{transcript}/data": PEOPLE,
    "PUT /review/{transcript}/draft": PEOPLE,
    "POST /review/{transcript}/hold": PEOPLE,
    "POST /review/{transcript}/release": PEOPLE,
    "POST /review/{transcript}/discard": PEOPLE,
    "POST /review/{transcript}/hand-in": PEOPLE,
    "GET /dashboard": PEOPLE,
    "GET /dashboard/models": PEOPLE,
    "GET /dashboard/reviewers": PEOPLE,
    "GET /dashboard/nights/{night}/report": PEOPLE,
    "GET /dashboard/conflicts": ("adjudicator",),
    "GET /dashboard/conflicts/{transcript}": ("adjudicator",),
    "POST /dashboard/conflicts/{transcript}": ("adjudicator",),
    "GET /dashboard/releases": PEOPLE,
    "POST /dashboard/releases/rollback": ("release owner",),
    "POST /dashboard/releases/promotion": ("release owner",),
    "POST /dashboard/releases/canary/stop": ("release owner",),
    "POST /dashboard/releases/rejection": ("release owner",),
}
"""One of these roles, or one that may do all of theirs; an admin always. Who may what within a route (another's draft,
say) is the route's own test."""

MAY: dict[AccessRole, set[AccessRole]] = {
    "predictor": {"predictor"},
    "reviewer": {"reviewer"},
    "adjudicator": {"reviewer", "adjudicator"},
    "release owner": {"reviewer", "adjudicator", "release owner"},
    "admin": {"predictor", "reviewer", "adjudicator", "release owner", "admin"},
}


def test_a_role_may_what_the_table_of_the_docs_says() -> None:
    assert set(MAY) == set(ACCESS_ROLES) == set(get_args(AccessRole))
    for role, theirs in MAY.items():
        assert {needed for needed in ACCESS_ROLES if holds(role, needed)} == theirs


def test_the_table_has_every_route_and_no_other(app: FastAPI) -> None:
    assert {f"{method} {path}" for method, path in routes_of(app.routes)} == set(WHO_MAY)


def answer(client: TestClient, method: str, path: str) -> int:
    for name in ("{", "}"):
        path = path.replace(name, "")
    return client.request(method, path).status_code


def test_every_route_opens_to_its_roles_alone(app: FastAPI, client: TestClient, client_of: ClientOf) -> None:
    clients = {role: client_of(role) for role in ACCESS_ROLES}
    wrong = []
    for method, path in routes_of(app.routes):
        needed = WHO_MAY[f"{method} {path}"]
        without = answer(client, method, path)
        if needed and without != 401:
            wrong.append((method, path, "nobody", without))
        for role, holder in clients.items():
            status = answer(holder, method, path)
            may = not needed or bool(MAY[role] & set(needed))
            if may == (status in (401, 403)) or (status >= 500 and status != 503):
                wrong.append((method, path, role, status))
    assert not wrong


@pytest.mark.parametrize("key", ["", "x", "errata_" + "A" * 43, "\x00", "é", "Bearer", "a b"])
def test_a_wrong_key_opens_nothing(client: TestClient, key: str) -> None:
    answer = client.get("/", headers={"Authorization": f"Bearer {key}".encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not key.strip() or key == "Bearer" or key not in answer.json()["detail"].split()


@pytest.mark.parametrize("header", ["Basic YTpi", "bearer", "Bearer", "Token x", ""])
def test_another_scheme_opens_nothing(client: TestClient, header: str) -> None:
    assert client.get("/", headers={"Authorization": header}).status_code == 401
