"""Every route that takes something, with each value in it replaced by what no client should send, on both databases.

Each is answered by what a client can act on, never by a fault of ours, and the record is whole afterwards.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from benchmarks.stub_service import STUB, name_stub, stub_command
from errata.database.fsck import fsck
from errata.database.service_streams import NewStream
from errata.domain.prediction import Prediction
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.problems import MEDIA_TYPE
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.made_up_record import chapters, correction, talk
from tests.service_routes import routes_of

SCALARS: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, -(10**30), 1e308, -0.5),
    *("", " ", "\x00", "a\x00b", "\ud800", "\u202e", "x" * 5000, "NaN", "../..", "' OR 1=1 --", "{{7*7}}", "%s%n"),
    *([], {}, [[]], [None], {"a": 1}),
)
RAW = (
    *(b"", b"null", b"0", b'"text"', b"[]", b"{}", b"{", b"}", b'{"a": 1,}', b"{'a': 1}"),
    *(b"9" * 5000, b'{"segments": ' + b"9" * 5000 + b"}", b'{"a": 1} {"a": 2}', b"\xef\xbb\xbf{}", b"\x00"),
)
PATHS = (
    *("0", "-1", "1e3", "9" * 18, "9" * 19, "9" * 30, "%00", "a%00b", "%ed%a0%80", "..%2f..", "'%20OR%201=1"),
    "x" * 3000,
)


@dataclass(frozen=True)
class Doors:
    workspace: Workspace
    every: int
    """Which of the requests are sent: in `make test` some, drawn by their place."""
    client: TestClient
    """Of an admin, who may everything."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def doors(request: pytest.FixtureRequest, laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("nasty") / "workspace"
    shutil.copytree(laid_out, folder)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            patch.setenv("ERRATA_DATABASE_URL", request.getfixturevalue("postgresql").record(folder / "blobs").url)
        workspace = Workspace.find(folder)
        fill(workspace)
        app = make_app(
            workspace,
            ServiceSettings(key_rate=100_000),
            lambda folder, identity, models: stub_command(0, identity),
        )
        key = add_key(workspace, "ann", "admin", "tests").key
        with TestClient(
            app, base_url="http://127.0.0.1", follow_redirects=False, raise_server_exceptions=False
        ) as client:
            client.headers["Authorization"] = f"Bearer {key}"
            yield Doors(workspace, 1 if request.param == "postgresql" else 5, client)
        workspace.record.close()


STREAM = "5c" * 16


def fill(workspace: Workspace) -> None:
    """One talk waits for a review, two reviewers differ on another, and a stream runs."""
    name_stub(workspace)
    with workspace.record.write() as store:
        for name in ("waits", "disputed"):
            seq = store.transcripts.add(talk(name), "train").seq
            store.predictions.add(Prediction(seq, STUB, "inline@1", chapters(0, 50)))
        store.service_streams.open(NewStream(STREAM, "ann", "b" * 64, None, "live"))
        for reviewer, start in (("bob", 20), ("eve", 70)):
            store.corrections.add(correction(seq, chapters(0, start), reviewer))


CHAPTERS = [{"start": 0.0, "title": "One"}, {"start": 20.0, "title": "Two"}]
SEGMENTS = [{"start": 0.0, "end": 5.0, "text": "One.", "speaker": "Ann"}, {"start": 5.0, "end": 9.0, "text": "Two."}]
WORK = {"chapters": CHAPTERS, "line": 1, "seconds": 1.0, "plays": 0, "commands": 2}
BODIES: dict[str, tuple[dict[str, Any], ...]] = {
    "POST /v1/chapters": (
        {"id": "a", "title": "A", "segments": SEGMENTS},
        {"captions": {"text": "WEBVTT\n\n00:00.000 --> 00:04.000\nHello.\n", "format": "webvtt"}},
        {"text": "A talk without times. It has two sentences."},
    ),
    "POST /process_transcript": ({"text": "A talk without times. It has two sentences."},),
    "POST /v1/corrections": ({"prediction": "p", "kind": "edit", "chapters": CHAPTERS},),
    "POST /v1/streams": ({"id": "a", "title": "A", "channel": "c", "media": "https://media.example/a.mp3"},),
    f"POST /v1/streams/{STREAM}/lines": ({"position": 0, "lines": SEGMENTS},),
    f"PUT /review/streams/{STREAM}/draft": ({**WORK, "page": "p", "goes_on_from": 0, "told": CHAPTERS},),
    f"POST /review/streams/{STREAM}/data": ({"page": "p"},),
    f"POST /review/streams/{STREAM}/hold": ({"page": "p"},),
    "PUT /review/1/draft": ({**WORK, "page": "p", "goes_on_from": 0},),
    "POST /review/1/hold": ({"page": "p", "take_over": False},),
    "POST /review/1/release": ({"page": "p"},),
    "POST /review/1/discard": ({"page": "p"},),
    "POST /review/1/hand-in": (
        {**WORK, "page": "p", "goes_on_from": 0, "action": "edit", "why": "", "knows": None, "key": "k"},
    ),
}


def changed(value: Any) -> Iterator[Any]:
    """`value` with each thing in it replaced by each of SCALARS, left out, or joined by an unknown one."""
    yield from SCALARS
    if isinstance(value, dict):
        yield {**value, "unknown": 1}
        for name, inner in value.items():
            yield {other: value[other] for other in value if other != name}
            yield from ({**value, name: other} for other in changed(inner))
    if isinstance(value, list):
        yield [*value, *value]
        for place, inner in enumerate(value[:1]):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in changed(inner))


def wrong(answer: Any, *, page: bool = False) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if answer.status_code >= 500:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and not page:
        if answer.headers["content-type"] != MEDIA_TYPE:
            return f"{answer.status_code} as {answer.headers['content-type']}"
        said = answer.json()
        if said["status"] != answer.status_code or not said["detail"] or len(said["detail"]) > 5000:
            return f"a problem that says {said}"
    return ""


def whole(doors: Doors) -> None:
    findings = fsck(doors.workspace.record)
    assert not findings.problems, findings.problems


@pytest.mark.parametrize("route", BODIES)
def test_a_body_with_something_else_in_it(doors: Doors, route: str) -> None:
    method, path = route.split()
    if "corrections" in route:
        given = doors.client.post("/v1/chapters", json={"id": "given", "segments": SEGMENTS}).json()["prediction"]
        bodies: tuple[dict[str, Any], ...] = ({**BODIES[route][0], "prediction": given},)
    else:
        bodies = BODIES[route]
    faults = {}
    for valid in bodies:
        for body in [valid, *islice(changed(valid), 0, None, doors.every)]:
            sent = json.dumps(body).encode()
            answer = doors.client.request(method, path, content=sent, headers={"Content-Type": "application/json"})
            if fault := wrong(answer):
                faults[sent[:300]] = fault
    assert not faults
    whole(doors)


@pytest.mark.parametrize("route", BODIES)
def test_a_body_that_is_none(doors: Doors, route: str) -> None:
    method, path = route.split()
    faults = {}
    nothing = (b"{}", b"\xef\xbb\xbf{}") if route == "POST /v1/streams" else ()  # of which nothing need be known
    kinds = ("application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded")
    for raw in RAW:
        for kind in kinds[: 4 if doors.every == 1 else 1]:
            answer = doors.client.request(method, path, content=raw, headers={"Content-Type": kind})
            if (fault := wrong(answer)) or (answer.status_code < 400 and raw not in nothing):
                faults[raw[:100], kind] = fault or str(answer.status_code)
    assert not faults


def test_an_address_with_something_else_in_it(doors: Doors) -> None:
    faults = {}
    for method, path in routes_of(doors.client.app.routes):
        if "{" not in path:
            continue
        begin, _, rest = path.partition("{")
        for other in PATHS:
            address = begin + other + rest.partition("}")[2]
            if fault := wrong(doors.client.request(method, address)):
                faults[method, address[:100]] = fault
    assert not faults


def test_a_query_and_a_header_with_something_else_in_them(doors: Doors) -> None:
    faults = {}
    for value in ("", "%00", "%ff", "x" * 5000, "9" * 40, "-1", "[]", quote("\u202e")):
        for name in ("wait", "next", "decided"):
            for path in ("/v1/chapters", "/sign-in", "/dashboard/conflicts"):
                method = "POST" if path.startswith("/v1") else "GET"
                body = {"json": {"text": "One sentence."}} if method == "POST" else {}
                if fault := wrong(doors.client.request(method, f"{path}?{name}={value}", **body)):
                    faults[path, name, value[:20]] = fault
    for key in ("x" * 201, "\xff", "' OR 1=1", "\t", ""):
        answer = doors.client.post(
            "/v1/chapters", json={"text": "One."}, headers={"Idempotency-Key": key.encode("latin-1")}
        )
        if fault := wrong(answer):
            faults["key", key] = fault
    assert not faults
    whole(doors)


FORMS = {
    "/sign-in": {"key": "k", "next": "/"},
    "/dashboard/releases/rollback": {"why": "because", "champion": "c"},
    "/dashboard/releases/promotion": {"evidence": "e", "why": "because"},
    "/dashboard/conflicts/3": {"choice": "third", "third": "0:00 One"},
}
WITH_PAGES = ("/sign-in", "/dashboard/conflicts/3")
"""Which show the form again, with what is wrong."""


def test_a_form_with_something_else_in_it(doors: Doors) -> None:
    faults = {}
    for path, fields in FORMS.items():
        for name in (*fields, "unknown"):
            for value in ("", "\x00", "x" * 5000, "-1", "9" * 40, "\u202e", "' OR 1=1 --", "<script>"):
                answer = doors.client.post(path, data={**fields, name: value})
                if fault := wrong(answer, page=path in WITH_PAGES):
                    faults[path, name, value[:20]] = fault
        for raw in (b"%ff=%fe", b"=&=&", b"a" * 5000, b"&".join(b"a=1" for _ in range(500)), b"%", b"\xff\xfe"):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = doors.client.post(path, content=raw, headers=headers)
            if fault := wrong(answer, page=path in WITH_PAGES):
                faults[path, raw[:20]] = fault
    assert not faults
    whole(doors)
