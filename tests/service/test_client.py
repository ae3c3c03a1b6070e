"""`errata.client`: the API's types, sent again under the same key, and refusals as Errata's own errors."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from errata import client
from errata.client import TRIES, ErrataClient
from errata.errors import BadInput, ErrataError, NotFound, Refused, Unavailable
from errata.operations.service_keys import add_key
from errata.service.stream_messages import ToldChapter
from errata.workspace import Workspace
from tests.service.test_chapters_routes import SEGMENTS, stub_app


class Through(httpx.BaseTransport):
    """To the application in this process; `broken` of the first answers are lost on the way, or are these instead."""

    def __init__(self, application: TestClient, *broken: httpx.Response | None) -> None:
        self._application, self._broken = application, list(broken)
        self.sent: list[httpx.Request] = []

    def instead(self, *broken: httpx.Response | None) -> None:
        self._broken += broken

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        content = request.read()
        path = request.url.raw_path.decode()
        answer = self._application.request(request.method, path, content=content, headers=dict(request.headers))
        if self._broken:
            instead = self._broken.pop(0)
            if instead is None:
                raise httpx.ReadError("the connection was closed")
            return instead
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def application(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(stub_app(workspace), base_url="http://127.0.0.1") as made:
        yield made


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(client.time, "sleep", pauses.append)
    return pauses


def errata(workspace: Workspace, transport: httpx.BaseTransport) -> ErrataClient:
    return ErrataClient("http://127.0.0.1", add_key(workspace, "app", "predictor", "tests").key, transport)


def test_a_talk_is_chaptered_and_corrected(application: TestClient, workspace: Workspace) -> None:
    with errata(workspace, Through(application)) as service:
        answer = service.chapters(id="kiln", segments=SEGMENTS)
        assert answer.chapters[0].title == "All of kiln"
        assert service.prediction(answer.prediction).chapters == answer.chapters
        edit = service.correct(answer.prediction, [{"start": 6.5, "title": "Cooling"}])
        assert (edit.kind, edit.new) == ("edit", True)
        assert service.accept(answer.prediction).kind == "accept"
        assert service.reject(answer.prediction).kind == "reject"


def test_what_was_lost_on_the_way_is_asked_again_and_recorded_once(
    application: TestClient, workspace: Workspace
) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"}, json={"detail": "busy"})
    through = Through(application, None, busy)
    with errata(workspace, through) as service:
        answer = service.chapters(segments=SEGMENTS)
    assert len({request.headers["Idempotency-Key"] for request in through.sent}) == 1 and len(through.sent) == 3
    with workspace.record.read() as store:
        assert store.counts()["predictions"] == 1
        assert store.chapter_requests.called(answer.request) is not None


def test_the_service_says_when_to_come_back(
    application: TestClient, workspace: Workspace, no_pauses: list[float]
) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "7"}, json={"detail": "busy"})
    with errata(workspace, Through(application, busy)) as service:
        service.chapters(segments=SEGMENTS)
    assert no_pauses == [7.0]


def test_a_job_is_waited_for(application: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with errata(workspace, Through(application)) as service:
        assert service.wait_for(service.begin(text="One. Two."), pause=0.05).unit == "words"
        with pytest.raises(Unavailable, match=r"the job \w+ failed"):
            service.wait_for(service.begin(id="crash", text="One. Two."), pause=0.05)


def test_a_stream_is_sent_and_heard_though_answers_are_lost(application: TestClient, workspace: Workspace) -> None:
    through = Through(application, None, None, httpx.Response(503, json={"detail": "starting"}))
    with errata(workspace, through) as service:
        stream = service.open_stream(id="live")
        stream.send([{**SEGMENTS[0], "text": "# Kiln"}])
        assert stream.send(SEGMENTS[1:]).lines == 2
        assert service.stream(stream.name).at.lines == 2, "where it stands, whoever asks"
        assert stream.end().state == "ending"
        cut = httpx.Response(200, content=b"event: chap")
        through.instead(None, cut)
        events = list(stream.events(lines=True))
        assert [event.kind for event in events] == ["lines", "chapter", "end"]
        assert isinstance(events[1].data, ToldChapter) and events[1].data.title == "Kiln"
        assert list(stream.events(events[1].id, lines=True)) == events[2:]
        assert list(stream.events(events[2].id, lines=True)) == []
        with pytest.raises(NotFound):
            next(service.stream_events("f" * 32))
        with pytest.raises(BadInput, match=r"lines\.0\.start"):
            stream.send([{"start": -1, "end": 2, "text": "before it began"}])
        through.instead(*[None] * TRIES)
        with pytest.raises(Unavailable, match="tells nothing of the stream"):
            next(stream.events())


@pytest.mark.parametrize(
    ("talk", "error", "sentence"),
    [
        ({"segments": SEGMENTS, "text": "Both."}, BadInput, "exactly one of"),
        ({"segments": [{"start": "x", "end": 1, "text": "a"}]}, BadInput, "segments.0.start"),
        ({"captions": {"text": "a", "format": "betamax"}}, BadInput, "'betamax' is no format"),
    ],
)
def test_what_is_refused_is_one_of_errata_s_errors(
    application: TestClient, workspace: Workspace, talk: dict[str, object], error: type[ErrataError], sentence: str
) -> None:
    with errata(workspace, Through(application)) as service, pytest.raises(error, match=sentence):
        service.chapters(**talk)


@pytest.mark.parametrize("chapter", [{"start": -1, "title": "a"}, {"start": 0, "title": "a", "end": 9}])
def test_chapters_that_cannot_be_right_are_refused_before_they_are_sent(
    application: TestClient, workspace: Workspace, chapter: dict[str, object]
) -> None:
    through = Through(application)
    with errata(workspace, through) as service, pytest.raises(BadInput, match=r"chapters\.0\."):
        service.correct("f" * 64, [chapter])
    assert not through.sent


def test_wrong_keys_names_and_services_that_are_gone(application: TestClient, workspace: Workspace) -> None:
    with ErrataClient("http://127.0.0.1", "errata_no", Through(application)) as stranger, pytest.raises(Refused):
        stranger.chapters(segments=SEGMENTS)
    with errata(workspace, Through(application)) as service, pytest.raises(NotFound):
        service.prediction("f" * 64)
    through = Through(application, *[None] * TRIES)
    with errata(workspace, through) as service, pytest.raises(Unavailable, match="can't be reached"):
        service.chapters(segments=SEGMENTS)
    assert len(through.sent) == TRIES
