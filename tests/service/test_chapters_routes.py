"""Chapters over HTTP, with a stub for the model's process: recorded before they are answered, once for each key."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.stub_service import STUB, name_stub, stub_command
from errata.database.service_tables import ChapterRequestRow
from errata.database.tables import PredictionRow, TranscriptRow
from errata.domain.access import AccessRole
from errata.files import JsonObject
from errata.operations.answering import AskedChapters, GivenAnswer
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.made_up_record import talk

SEGMENTS = [
    {"start": 0.0, "end": 6.5, "text": "Welcome back. Today we fire the kiln."},
    {"start": 6.5, "end": 12.0, "text": "Nine hours to cool, as I said last week."},
]
TALK: JsonObject = {"id": "kiln-12", "title": "Firing the kiln", "segments": SEGMENTS}
VTT = "WEBVTT\n\n00:00.000 --> 00:04.000\nWelcome to the kiln.\n\n00:04.000 --> 00:09.000\nIt cools for hours.\n"
ALL_ROLES: tuple[AccessRole, ...] = ("predictor", "reviewer", "adjudicator", "release owner", "admin")


def stub_app(workspace: Workspace, settings: ServiceSettings | None = None, seconds: float = 0.0) -> FastAPI:
    name_stub(workspace)
    return make_app(
        workspace, settings or ServiceSettings(), lambda folder, identity, models: stub_command(seconds, identity)
    )


@pytest.fixture
def service(workspace: Workspace) -> Iterator[TestClient]:
    """As the application calls it, with a predictor's key."""
    with opened(stub_app(workspace), workspace) as made:
        yield made


def opened(app: FastAPI, workspace: Workspace) -> TestClient:
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {add_key(workspace, 'app', 'predictor', 'tests').key}"
    return client


def as_(workspace: Workspace, role: AccessRole, name: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {add_key(workspace, name or role, role, 'tests').key}"}


def counts(workspace: Workspace) -> list[int]:
    """Transcripts, predictions and requests."""
    with workspace.record.look() as (session, _):
        return [
            session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (TranscriptRow, PredictionRow, ChapterRequestRow)
        ]


def until(ask: Callable[[], httpx.Response], state: str) -> JsonObject:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found: JsonObject = ask().json()
        if found["state"] == state:
            return found
        time.sleep(0.05)
    raise AssertionError(f"it never was {state}")


def test_an_answer_says_who_spoke_and_stands_in_the_record(service: TestClient, workspace: Workspace) -> None:
    answer = service.post("/v1/chapters", json=TALK)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["id"], said["unit"], said["duration"], said["model"]) == ("kiln-12", "seconds", 12.0, STUB)
    assert said["chapters"] == [{"start": 0.0, "title": "All of kiln-12", "confidence": None}]
    with workspace.record.read() as store:
        found = store.predictions.find_by_hash(said["prediction"])
        assert found is not None and found[1].chapters[0].title == "All of kiln-12"
        assert store.transcripts.read(found[1].transcript).title == "Firing the kiln"
    assert service.get(f"/v1/predictions/{said['prediction']}").json() == {**said, "request": ""}


@pytest.mark.parametrize(
    ("body", "unit", "lines"),
    [
        ({"captions": {"text": VTT, "format": "webvtt"}}, "seconds", 2),
        ({"captions": {"text": VTT}}, "seconds", 2),
        ({"text": "Welcome to the kiln. It cools for hours."}, "words", 2),
    ],
)
def test_captions_and_plain_text_are_talks_too(
    service: TestClient, workspace: Workspace, body: JsonObject, unit: str, lines: int
) -> None:
    said = service.post("/v1/chapters", json=body).json()
    assert said["unit"] == unit and said["id"].startswith("asked-")
    with workspace.record.read() as store:
        assert len(store.transcripts.read(store.transcripts.find(said["id"])).segments) == lines


def test_the_same_words_are_one_talk_and_one_prediction(service: TestClient, workspace: Workspace) -> None:
    first, again = (service.post("/v1/chapters", json=TALK).json() for _ in range(2))
    assert first["prediction"] == again["prediction"] and first["request"] != again["request"]
    assert counts(workspace) == [1, 1, 2]


def test_a_key_gives_the_same_answer_once(service: TestClient, workspace: Workspace) -> None:
    headers = {"Idempotency-Key": "one"}
    first, again = (service.post("/v1/chapters", json=TALK, headers=headers) for _ in range(2))
    assert first.json() == again.json() and counts(workspace) == [1, 1, 1]
    other = service.post("/v1/chapters", json={**TALK, "title": "Other"}, headers=headers)
    assert other.status_code == 409 and "another body" in other.json()["detail"]
    theirs = service.post("/v1/chapters", json=TALK, headers={**headers, **as_(workspace, "predictor", "other")})
    assert theirs.status_code == 200 and theirs.json()["request"] != first.json()["request"]


def test_who_asks_again_just_when_nobody_waits_any_more_is_answered(workspace: Workspace) -> None:
    """The work of who left is being given up in that moment: it can't be who comes then's."""
    app = stub_app(workspace, seconds=0.3)
    asked = AskedChapters(talk("kiln"), "app", "body", "key")

    async def run() -> GivenAnswer:
        async with app.router.lifespan_context(app):
            answers = app.state.service.answers
            first = asyncio.create_task(answers.now(asked))
            while not app.state.service.models.in_flight:
                await asyncio.sleep(0.02)
            first.cancel()
            await asyncio.sleep(0)
            given: GivenAnswer = await answers.now(asked)
            return given

    assert asyncio.run(run()).transcript.external_id == "kiln"
    assert counts(workspace) == [1, 1, 1]


def test_a_job_is_on_record_before_it_is_begun_and_is_asked_after(service: TestClient, workspace: Workspace) -> None:
    headers = {"Idempotency-Key": "one"}
    began = service.post("/v1/chapters?wait=false", json=TALK, headers=headers)
    assert began.status_code == 202 and began.json()["state"] == "waiting"
    place = began.headers["Location"]
    done = until(lambda: service.get(place), "done")
    assert done["answer"]["chapters"][0]["title"] == "All of kiln-12"
    assert service.post("/v1/chapters?wait=false", json=TALK, headers=headers).json()["job"] == began.json()["job"]
    assert service.post("/v1/chapters", json=TALK, headers=headers).json()["request"] == began.json()["job"]
    assert service.get(place, headers=as_(workspace, "predictor", "other")).status_code == 404
    assert service.get(place, headers=as_(workspace, "admin")).status_code == 200


def test_a_job_is_gone_on_with_by_whoever_starts_the_service_next(workspace: Workspace) -> None:
    with opened(stub_app(workspace, seconds=30), workspace) as service:
        job = service.post("/v1/chapters?wait=false", json=TALK).json()["job"]
        key = service.headers["Authorization"]
    with TestClient(stub_app(workspace), base_url="http://127.0.0.1", headers={"Authorization": key}) as again:
        assert until(lambda: again.get(f"/v1/jobs/{job}"), "done")["answer"]["id"] == "kiln-12"


def test_a_job_that_ends_the_model_s_process_fails_and_says_so(service: TestClient) -> None:
    job = service.post("/v1/chapters?wait=false", json={**TALK, "id": "crash"}).json()["job"]
    failed = until(lambda: service.get(f"/v1/jobs/{job}"), "failed")
    assert "ended each time it read this transcript" in failed["failure"] and failed["answer"] is None


def test_a_file_that_a_model_lacks_is_not_the_client_s_to_find(
    service: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    unseen = {**TALK, "id": "unseen"}
    answer = service.post("/v1/chapters", json=unseen)
    assert answer.status_code == 503 and "can't be read now" in answer.json()["detail"]
    assert "/srv" not in answer.text and "/srv/features/5a can't be read" in caplog.text
    assert service.post("/v1/chapters", json=unseen).status_code == 200  # somebody has restored it


def test_a_job_whose_model_lacks_a_file_is_tried_again(service: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("errata.service.chapter_answers.LATER", 0.2)
    job = service.post("/v1/chapters?wait=false", json={**TALK, "id": "unseen"}).json()["job"]
    assert until(lambda: service.get(f"/v1/jobs/{job}"), "done")["answer"]["id"] == "unseen"


def test_a_program_sees_the_predictions_that_were_given_to_it(service: TestClient, workspace: Workspace) -> None:
    name = service.post("/v1/chapters", json=TALK).json()["prediction"]
    statuses = {
        role: service.get(f"/v1/predictions/{name}", headers=as_(workspace, role, f"the {role}")).status_code
        for role in ALL_ROLES
    }
    assert statuses == {**dict.fromkeys(ALL_ROLES, 200), "predictor": 404}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"segments": []}, "segments", "at least 1"),
        ({"segments": None}, "", "exactly one of segments, captions and text; there is none of them"),
        ({"text": "Both."}, "", "exactly one of segments, captions and text; there is segments and text"),
        ({"colour": "red"}, "colour", "no such field"),
        ({"segments": [{"start": -1, "end": 2, "text": "a"}]}, "segments.0.start", "greater than or equal to 0"),
        ({"segments": [{"start": 3, "end": 2, "text": "a"}]}, "segments.0", "it ends at 2, before it starts at 3"),
        ({"segments": [{"start": "x", "end": 2, "text": "a"}]}, "segments.0.start", "valid number"),
        ({"segments": [{"start": "0", "end": 2, "text": "a"}]}, "segments.0.start", "valid number"),
        ({"segments": [{"start": True, "end": 2, "text": "a"}]}, "segments.0.start", "valid number"),
        ({"segments": [{"end": 2, "text": "a"}]}, "segments.0.start", "missing"),
        (
            {"segments": [*SEGMENTS, {"start": 1, "end": 2, "text": "a"}]},
            "segments.2.start",
            "segments.2.start: it is 1, before",
        ),
        ({"segments": [{"start": 0, "end": 90_000, "text": "a"}]}, "segments", "a day or more"),
        ({"segments": [{"start": 0, "end": 2, "text": " "}]}, "segments", "is empty"),
        ({"segments": [{"start": 0, "end": 2, "text": "a\0b"}]}, None, "NUL"),
        ({"id": "x" * 501}, "id", "at most 500"),
        ({"title": "x" * 1001}, "title", "at most 1000"),
        (
            {"duration": 5.0, "segments": [{"start": 400, "end": 401, "text": "a"}]},
            "segments",
            "the stated duration is 5",
        ),
        ({"segments": None, "captions": {"text": VTT, "format": "betamax"}}, "captions", "'betamax' is no format"),
        ({"segments": None, "captions": {"text": "0:00 A\n9:00 B\n20:00 C\n"}}, "captions", "chapters"),
        ({"segments": None, "text": ""}, "text", "at least 1"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field_and_leaves_nothing(
    service: TestClient, workspace: Workspace, change: JsonObject, field: str | None, sentence: str
) -> None:
    answer = service.post("/v1/chapters", json={**TALK, **change})
    said = answer.json()
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert sentence in said["detail"]
    if field is not None:
        assert field in {error["field"] for error in said["errors"]} or said["errors"][0]["field"] == "body"
    assert counts(workspace) == [0, 0, 0]


def test_a_talk_that_is_too_long_is_refused(workspace: Workspace) -> None:
    with opened(stub_app(workspace, ServiceSettings(transcript_lines=1, transcript_seconds=5)), workspace) as service:
        assert (
            "segments: the talk has 2 lines, and 1 are taken"
            in service.post("/v1/chapters", json=TALK).json()["detail"]
        )
        one = {"segments": [{"start": 0, "end": 9, "text": "a"}]}
        assert "lasts 9 s, and 5 are taken" in service.post("/v1/chapters", json=one).json()["detail"]
        word = {"text": "a" * 2000}  # a sentence, of which models read ten lines
        assert "has 10 lines, and 1 are taken" in service.post("/v1/chapters", json=word).json()["detail"]


def test_who_waits_too_long_or_in_too_long_a_line_is_told(workspace: Workspace) -> None:
    with opened(stub_app(workspace, ServiceSettings(answer_seconds=1), seconds=60), workspace) as service:
        late = service.post("/v1/chapters", json=TALK)
        assert late.status_code == 503 and "no answer within 1 s" in late.json()["detail"]
        assert service.get("/healthz").json() == {"status": "ok"}
    assert counts(workspace) == [0, 0, 0]


def test_when_too_many_wait_the_next_is_told_when_to_come_back(workspace: Workspace) -> None:
    app = stub_app(workspace, ServiceSettings(queue=1), seconds=3)
    with opened(app, workspace) as service, ThreadPoolExecutor() as pool:
        first = pool.submit(service.post, "/v1/chapters", json=TALK)
        while not service.get("/readyz").json()["in_flight"]:
            time.sleep(0.02)
        busy = service.post("/v1/chapters", json={**TALK, "id": "other"})
        assert busy.status_code == 429 and int(busy.headers["Retry-After"]) >= 1
        assert busy.headers["content-type"] == "application/problem+json"
        assert first.result().status_code == 200
    assert counts(workspace) == [1, 1, 1]


def test_a_reviewer_s_correction_is_theirs_by_their_key(service: TestClient, workspace: Workspace) -> None:
    given = service.post("/v1/chapters", json=TALK).json()
    ann = as_(workspace, "reviewer", "ann")
    edit = {"prediction": given["prediction"], "chapters": [{"start": 6.5, "title": "Cooling"}]}
    first, again = (service.post("/v1/corrections", json=edit, headers=ann) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"correction": first.json()["correction"], "new": True, "kind": "edit", "id": "kiln-12"}
    with workspace.record.read() as store:
        kept = store.corrections.read(first.json()["correction"])
    assert (kept.reviewer, kept.origin, kept.draft_by) == ("ann", "api", STUB)


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ({"prediction": "f" * 64, "kind": "accept"}, 404, "there is no prediction"),
        ({"kind": "edit"}, 422, "an edit needs"),
        ({"chapters": [{"start": 700, "title": "Late"}]}, 422, "after the end"),
        ({"chapters": [{"start": 0, "title": "x" * 501}]}, 422, "500"),
        ({"chapters": [{"start": 0, "title": " "}]}, 422, "the title of number 0 is empty"),
        (
            {"chapters": [{"start": 5, "title": "a"}, {"start": 5, "title": "b"}]},
            422,
            "two of them start at 5",
        ),
        ({"chapters": [{"start": 0, "title": "x"}], "reviewer": "bo"}, 422, "no such field"),
        ({"chapters": [{"start": 0, "title": "x"}], "reviewed_on": "soon"}, 422, "reviewed_on"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    service: TestClient, workspace: Workspace, said: JsonObject, status: int, sentence: str
) -> None:
    given = service.post("/v1/chapters", json=TALK).json()
    answer = service.post("/v1/corrections", json={"prediction": given["prediction"], **said})
    assert answer.status_code == status and sentence in answer.json()["detail"]
    with workspace.record.read() as store:
        assert store.labels.newest() == 0


def test_readiness_says_who_speaks_and_what_is_promised(service: TestClient, workspace: Workspace) -> None:
    service.post("/v1/chapters", json=TALK)
    ready = service.get("/readyz", headers={"Authorization": ""})
    said: dict[str, Any] = ready.json()
    assert ready.status_code == 200 and said["ready"] and said["why"] == ""
    assert (said["model"], said["champion"], said["durability"]) == (STUB, STUB, "full")


def test_it_is_not_ready_where_no_answer_could_be_recorded(
    service: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.post("/v1/chapters", json=TALK)
    monkeypatch.setattr("errata.database.record.LITTLE_SPACE", 10**18)
    ready = service.get("/readyz")
    assert ready.status_code == 503 and "no space is left" in ready.json()["why"]


def test_without_a_champion_it_lives_and_is_not_ready(workspace: Workspace) -> None:
    with opened(make_app(workspace, ServiceSettings()), workspace) as service:
        assert service.get("/healthz").status_code == 200
        ready = service.get("/readyz")
        assert ready.status_code == 503 and "no model is the champion yet" in ready.json()["why"]


def test_metrics_count_by_route_and_hold_no_word_of_a_talk(service: TestClient) -> None:
    service.post("/v1/chapters", json=TALK)
    service.get("/no/such/path")
    text = service.get("/metrics").text
    assert 'errata_requests_total{route="/v1/chapters",status="200"} 1.0' in text
    assert 'route="elsewhere",status="404"' in text and "kiln" not in text
    assert f'errata_model{{version="{STUB[:16]}"}} 1.0' in text


def test_the_api_describes_itself_with_examples(service: TestClient) -> None:
    described = service.get("/openapi.json").json()
    asked = described["components"]["schemas"]["ChaptersAsked"]
    assert asked["examples"] and sys.getsizeof(described)
    for path in ("/v1/chapters", "/v1/corrections", "/process_transcript"):
        assert "application/json" in described["paths"][path]["post"]["requestBody"]["content"]


def test_a_record_that_nobody_gives_back_is_said_within_the_request_s_time_limit(workspace: Workspace) -> None:
    with opened(stub_app(workspace, ServiceSettings(answer_seconds=2)), workspace) as service:
        assert service.post("/v1/chapters", json={**TALK, "id": "before"}).status_code == 200  # the model is there
        with workspace.record.write():
            held = service.post("/v1/chapters", json=TALK, headers={"Idempotency-Key": "kiln"})
        assert held.status_code == 503
        assert held.headers["content-type"] == "application/problem+json"
        assert "another process holds the record" in held.json()["detail"]
        again = service.post("/v1/chapters", json=TALK, headers={"Idempotency-Key": "kiln"})
        assert again.status_code == 200
