"""Streams over HTTP, with a stub for the model's process: heard line by line, told as they run, ended as a talk."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from benchmarks.stub_service import STUB
from errata.database.fsck import fsck
from errata.errors import Forgotten, NotFound
from errata.files import JsonObject
from errata.operations.review_queue import review_queue
from errata.operations.service_keys import revoke_key
from errata.operations.service_streaming import close_stream, find_stream, lines_so_far, transcript_of
from errata.service import stream_events
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.service.test_chapters_routes import as_, opened, stub_app

Event = tuple[str, str, JsonObject]
"""Its id, its kind and its data."""


@pytest.fixture(scope="module")
def heard(laid_out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, TestClient]]:
    """One service for all, of a program that may send."""
    folder = tmp_path_factory.mktemp("streams") / "workspace"
    copytree(laid_out, folder)
    workspace = Workspace.find(folder)
    with opened(stub_app(workspace, ServiceSettings(streams=40)), workspace) as made:
        yield workspace, made


@pytest.fixture
def service(heard: tuple[Workspace, TestClient]) -> TestClient:
    return heard[1]


@pytest.fixture
def record(heard: tuple[Workspace, TestClient]) -> Workspace:
    return heard[0]


def spoken(*texts: str, start: float = 0.0) -> list[JsonObject]:
    """Six seconds each."""
    return [{"start": start + 6.0 * at, "end": start + 6.0 * at + 5.5, "text": text} for at, text in enumerate(texts)]


def begun(service: TestClient, **known: str) -> str:
    answer = service.post("/v1/streams", json=known)
    assert answer.status_code == 201, answer.text
    name: str = answer.json()["stream"]
    return name


def sent(service: TestClient, stream: str, position: int, lines: list[JsonObject]) -> httpx.Response:
    return service.post(f"/v1/streams/{stream}/lines", json={"position": position, "lines": lines})


def told(text: str) -> list[Event]:
    events = []
    for part in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.split("\n") if line and not line.startswith(":"))
        if "event" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return events


def events_of(service: TestClient, stream: str, last: str = "", lines: bool = False) -> list[Event]:
    """Until its end."""
    headers = {"Last-Event-ID": last} if last else {}
    answer = service.get(f"/v1/streams/{stream}/events?lines={str(lines).lower()}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return told(answer.text)


def kinds(events: list[Event]) -> list[str]:
    return [kind for _, kind, _ in events]


def look(service: TestClient, stream: str, position: int, lines: list[JsonObject], events: int) -> None:
    """Sends lines, and waits until so many events were told."""
    assert sent(service, stream, position, lines).status_code == 200
    app: Any = service.app
    looks = app.state.service.looks
    for _ in range(200):
        change = looks.change(stream)
        with app.state.service.record.read() as store:
            found = store.service_streams.called(stream)
            if len(store.service_streams.events(found.number)) >= events and looks._followed[stream].looked:
                return
        service.portal.call(_moment, change)
    raise AssertionError("nothing was told")


async def _moment(change: Any) -> None:
    import asyncio

    try:
        await asyncio.wait_for(change.wait(), 0.05)
    except TimeoutError:
        return


SAID = ["# Kiln", "it is hot", "we wait", "and talk", "# Glaze", "it is blue", "and runs", "## Glazes", "the end"]


def test_a_stream_is_told_as_it_runs_and_becomes_a_talk_with_a_prediction(
    service: TestClient, record: Workspace
) -> None:
    stream = begun(service, id="kiln-live", title="Live", channel="Pottery", media="https://m.example/kiln.mp3")
    with ThreadPoolExecutor() as pool:
        listening = pool.submit(events_of, service, stream, "", True)
        lines = spoken(*SAID)
        for at, count in ((0, 0), (2, 0), (4, 1), (6, 1)):
            look(service, stream, at, lines[at : at + 2], count)
        assert sent(service, stream, 8, lines[8:]).json()["lines"] == 9
        ended = service.post(f"/v1/streams/{stream}/end")
        assert (ended.status_code, ended.json()["state"]) == (202, "ending")
        heard = listening.result(60)
    chapters = [data for _, kind, data in heard if kind == "chapter"]
    assert [(data["start"], data["title"], data["model"]) for data in chapters] == [
        (0.0, "Kiln", STUB),
        (24.0, "Glazes", STUB),
    ]
    assert chapters[0]["heard"] < 53.5, "while it ran"
    assert [line["text"] for _, kind, data in heard if kind == "lines" for line in data["lines"]] == SAID
    end = heard[-1][2]
    assert heard[-1][1] == "end" and end["state"] == "ended" and end["answer"]["model"] == STUB
    assert [chapter["title"] for chapter in end["answer"]["chapters"]] == ["Kiln", "Glazes"]
    with record.record.read() as store:
        seq = store.transcripts.find("kiln-live")
        assert store.transcripts.media_of(seq) == "https://m.example/kiln.mp3"
        assert [segment.text for segment in store.transcripts.read(seq).segments] == SAID
    assert seq in [entry.transcript for entry in review_queue(record, "ann").waiting]
    edit = {"prediction": end["answer"]["prediction"], "chapters": [{"start": 0, "title": "All of it"}]}
    assert service.post("/v1/corrections", json=edit).status_code == 201
    assert service.get(f"/v1/streams/{stream}").json() == end
    assert service.get(f"/v1/jobs/{stream}").json()["state"] == "done"


def test_who_comes_back_with_its_last_event_hears_the_rest_once(service: TestClient) -> None:
    stream = begun(service)
    look(service, stream, 0, spoken("# Kiln", "a", "b"), 0)
    look(service, stream, 3, spoken("c", "# Glaze", "d", start=18), 1)
    sent(service, stream, 6, spoken("## Glazes", "e", start=36))
    service.post(f"/v1/streams/{stream}/end")
    everything = events_of(service, stream)
    assert kinds(everything) == ["chapter", "chapter", "end"]
    for place, (number, _, _) in enumerate(everything[:-1]):
        assert events_of(service, stream, number) == everything[place + 1 :]
        assert told(service.get(f"/v1/streams/{stream}/events?after={number}").text) == everything[place + 1 :]
    with_lines = events_of(service, stream, lines=True)
    assert kinds(with_lines) == ["lines", "chapter", "chapter", "end"]
    assert events_of(service, stream, with_lines[1][0], lines=True) == with_lines[2:]
    last = {"Last-Event-ID": everything[-1][0]}
    assert service.get(f"/v1/streams/{stream}/events", headers=last).status_code == 204
    for wrong in ("x", "1-", "-1", "1-2-3", "١"):
        answer = service.get(f"/v1/streams/{stream}/events", headers={"Last-Event-ID": wrong.encode()})
        assert answer.status_code == 422 and "Last-Event-ID" in answer.json()["detail"]


def test_a_chapter_that_is_called_otherwise_is_revised(service: TestClient) -> None:
    stream = begun(service)
    look(service, stream, 0, spoken("# Kiln", "a", "b"), 0)
    look(service, stream, 3, spoken("c", "d", start=18), 1)
    look(service, stream, 5, spoken("## The kiln", "# Glaze", start=30), 1)
    look(service, stream, 7, spoken("e", "f", start=42), 3)
    service.post(f"/v1/streams/{stream}/end")
    revisions = [data for _, kind, data in events_of(service, stream) if kind == "revision"]
    assert [(data["kind"], data["start"], data["title"]) for data in revisions] == [("renamed", 0.0, "The kiln")]


def test_lines_that_come_again_change_nothing(service: TestClient, record: Workspace) -> None:
    stream, lines = begun(service), spoken("one", "two", "three", "four")
    assert sent(service, stream, 0, lines[:2]).json()["lines"] == 2
    assert sent(service, stream, 0, lines[:2]).json()["lines"] == 2
    assert sent(service, stream, 1, lines[1:3]).json()["lines"] == 3, "what is new among them is taken"
    assert sent(service, stream, 0, lines).json() == service.get(f"/v1/streams/{stream}").json()
    other = sent(service, stream, 1, spoken("two, or not", start=6))
    assert other.status_code == 409 and other.json()["detail"].startswith("lines.0: the line 1 came")
    gap = sent(service, stream, 9, spoken("nine", start=60))
    assert gap.status_code == 422 and gap.json()["detail"].startswith("position: the line 4 has not come yet")
    service.post(f"/v1/streams/{stream}/end")
    assert sent(service, stream, 2, lines[2:]).status_code == 200, "their answer was lost, and it has ended since"
    assert sent(service, stream, 4, spoken("five", start=40)).status_code == 409
    with record.record.read() as store:
        seq = store.transcripts.find(f"stream-{stream[:24]}")
        assert [segment.text for segment in store.transcripts.read(seq).segments] == ["one", "two", "three", "four"]


def test_two_who_send_the_same_at_once_double_nothing(service: TestClient) -> None:
    stream, lines = begun(service), spoken(*(f"line {at}" for at in range(12)))

    def send_all(_: int) -> set[int]:
        return {sent(service, stream, at, lines[at : at + 4]).status_code for at in (0, 4, 8)}

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(send_all, range(8))) == {200}
    service.post(f"/v1/streams/{stream}/end")
    heard = [
        line for _, kind, data in events_of(service, stream, lines=True) if kind == "lines" for line in data["lines"]
    ]
    assert [line["text"] for line in heard] == [line["text"] for line in lines]


ONE = {"start": 0.0, "end": 5.0, "text": "one"}


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([ONE, {"start": 6, "end": 9, "text": "two"}, {"start": 5, "end": 9, "text": "three"}], "lines.2.start"),
        ([ONE, {"start": 4, "end": 9, "text": "two"}], "lines.1.start"),
        ([{"start": -1, "end": 5, "text": "one"}], "lines.0.start"),
        ([{"start": 3, "end": 2, "text": "one"}], "lines.0"),
        ([{"start": 0, "end": 90_000, "text": "one"}], "lines.0.end"),
        ([{"start": "0", "end": 1, "text": "one"}], "lines.0.start"),
        ([ONE, {"start": 6, "end": 9, "text": " \t"}], "lines.1.text"),
        ([{"start": 0, "end": 1}], "lines.0.text"),
        ([], "lines"),
    ],
)
def test_lines_that_cannot_be_are_refused_by_their_field(
    service: TestClient, lines: list[JsonObject], field: str
) -> None:
    stream = begun(service)
    answer = sent(service, stream, 0, lines)
    assert answer.status_code == 422 and answer.json()["detail"].startswith(f"{field}: "), answer.text
    assert service.get(f"/v1/streams/{stream}").json()["lines"] == 0, "nothing of them is taken"


def test_two_may_speak_at_once(service: TestClient) -> None:
    both = [{**ONE, "speaker": "Ann"}, {"start": 4.0, "end": 9.0, "text": "two", "speaker": "Bo"}]
    assert sent(service, begun(service), 0, both).json()["heard"] == 9.0


def test_a_stream_is_its_owner_s_and_reviewers_may_listen(service: TestClient, record: Workspace) -> None:
    stream = begun(service)
    sent(service, stream, 0, spoken("one"))
    other = as_(record, "predictor", "another app")
    assert service.get(f"/v1/streams/{stream}", headers=other).status_code == 404
    assert service.get(f"/v1/streams/{stream}/events", headers=other).status_code == 404
    assert service.post(f"/v1/streams/{stream}/end", headers=other).status_code == 404
    reviewer = as_(record, "reviewer", "ann")
    assert service.get(f"/v1/streams/{stream}", headers=reviewer).json()["lines"] == 1
    assert service.post(f"/v1/streams/{stream}/end", headers=reviewer).status_code == 403
    admin = as_(record, "admin", "root")
    assert service.post(f"/v1/streams/{stream}/end", headers=admin).status_code == 202
    heard = service.get(f"/v1/streams/{stream}/events", headers=reviewer)
    assert kinds(told(heard.text)) == ["chapter", "end"]


def test_opening_again_under_the_same_key_opens_once(service: TestClient) -> None:
    key = {"Idempotency-Key": "one stream"}
    first, again = (service.post("/v1/streams", json={"title": "Live"}, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert service.post("/v1/streams", json={"title": "Other"}, headers=key).status_code == 409
    begun(service, id="once")
    assert service.post("/v1/streams", json={"id": "once"}).status_code == 409, "one of that id runs"
    assert service.post("/v1/streams", json={"media": "javascript:alert(1)"}).status_code == 422


def test_no_more_streams_run_than_may(workspace: Workspace) -> None:
    with opened(stub_app(workspace, ServiceSettings(streams=2, transcript_lines=3)), workspace) as service:
        first, _ = begun(service), begun(service)
        full = service.post("/v1/streams", json={})
        assert full.status_code == 429 and int(full.headers["Retry-After"]) >= 1
        assert sent(service, first, 0, spoken("1", "2", "3", "4")).status_code == 422
        assert service.get(f"/v1/streams/{first}").json()["lines"] == 0
        assert service.post(f"/v1/streams/{first}/end").json()["state"] == "ended", "nothing was said in it"
        assert kinds(events_of(service, first)) == ["end"]
        left = begun(service)
        sent(service, left, 0, spoken("and then", "nothing more"))
        looks: Any = service.app.state.service.looks  # type: ignore[attr-defined]
        service.portal.call(looks._end_idle, datetime.now(UTC) + timedelta(hours=1))
        assert kinds(events_of(service, left)) == ["chapter", "end"], "its client is gone"


def test_an_id_that_a_running_stream_has_not_come_to_is_refused(service: TestClient) -> None:
    """Who sends another stream's would hear nothing of this one, and never learn why."""
    stream = begun(service)
    sent(service, stream, 0, spoken("one"))
    for wrong in ("1", "0-2", "999999999"):
        answer = service.get(f"/v1/streams/{stream}/events", headers={"Last-Event-ID": wrong})
        assert answer.status_code == 422 and "hasn't come that far" in answer.json()["detail"]
    service.post(f"/v1/streams/{stream}/end")
    assert kinds(events_of(service, stream, "0-1", lines=True)) == ["chapter", "end"]


def test_two_services_on_one_record_tell_a_stream_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_events, "HEARTBEAT", 1.0)  # when a listener hears what the other service heard
    with opened(stub_app(workspace), workspace) as one, opened(stub_app(workspace), workspace) as other:
        stream, lines = begun(one), spoken(*SAID, *SAID)
        with ThreadPoolExecutor() as pool:
            listening = [pool.submit(events_of, service, stream) for service in (one, other)]
            for at in range(0, len(lines), 2):
                assert sent((one, other)[at // 2 % 2], stream, at, lines[at : at + 2]).status_code == 200
            ends = [pool.submit(service.post, f"/v1/streams/{stream}/end") for service in (one, other, one, other)]
            assert {end.result().status_code for end in ends} == {202}
            heard, as_well = (listener.result(60) for listener in listening)
    assert heard == as_well
    assert [number for number, _, _ in heard] == [str(at) for at in range(1, len(heard) + 1)]
    assert [data["title"] for _, kind, data in heard if kind == "chapter"] == ["Kiln", "Glazes"] * 2
    assert kinds(heard).count("end") == 1 and fsck(workspace.record).problems == ()


def test_a_service_that_was_killed_while_a_stream_ended_answers_it_once_it_is_back(workspace: Workspace) -> None:
    with opened(stub_app(workspace), workspace) as service:
        stream = begun(service, id="kiln")
        sent(service, stream, 0, spoken("# Kiln", "a"))
    with workspace.record.write() as store:  # which is all that `end` did by then
        found = find_stream(store, stream, None)
        close_stream(store, found, transcript_of(found, lines_so_far(store, found)))
    with opened(stub_app(workspace), workspace) as service:
        assert kinds(events_of(service, stream)) == ["chapter", "end"]
        assert service.post(f"/v1/streams/{stream}/end").json()["state"] == "ended"


def test_who_listens_to_a_stream_that_is_forgotten_hears_no_more(workspace: Workspace) -> None:
    with opened(stub_app(workspace), workspace) as service, ThreadPoolExecutor() as pool:
        stream = begun(service, id="private")
        listening = pool.submit(events_of, service, stream)
        look(service, stream, 0, spoken("# Secret", "a", "b"), 0)
        with workspace.record.write() as store:
            store.tombstones.record_deletion("private", "ann", "asked")
        looks: Any = service.app.state.service.looks  # type: ignore[attr-defined]
        service.portal.call(_told_that_it_changed, looks, stream)
        assert "Secret" not in str(listening.result(60))
        assert service.get(f"/v1/streams/{stream}/events").status_code == 404
        assert service.post(f"/v1/streams/{stream}/end").status_code == 404


async def _told_that_it_changed(looks: Any, stream: str) -> None:
    looks.tell_listeners(stream)


@pytest.mark.slow
def test_who_listens_hears_that_the_connection_lives_and_nothing_once_the_key_is_revoked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_events, "HEARTBEAT", 1.0)
    with opened(stub_app(workspace), workspace) as service:
        stream, reviewer = begun(service), as_(workspace, "reviewer", "ann")
        with ThreadPoolExecutor() as pool:
            listening = pool.submit(service.get, f"/v1/streams/{stream}/events?lines=true", headers=reviewer)
            sent(service, stream, 0, spoken("one"))
            time.sleep(1.5)
            revoke_key(workspace, "ann", "tests")
            time.sleep(1.1)  # a key is remembered for a second
            sent(service, stream, 1, spoken("two", start=6))
            heard = listening.result(60).text
    assert ": ping" in heard and [line["text"] for _, _, data in told(heard) for line in data["lines"]] == ["one"]


def test_a_service_that_starts_goes_on_with_the_streams_of_the_last(workspace: Workspace) -> None:
    with opened(stub_app(workspace), workspace) as service:
        stream = begun(service, id="kiln")
        look(service, stream, 0, spoken("# Kiln", "a", "b"), 0)
        look(service, stream, 3, spoken("c", "d", start=18), 1)
    with opened(stub_app(workspace), workspace) as service:
        look(service, stream, 5, spoken("# Glaze", "e", "f", start=30), 1)
        look(service, stream, 8, spoken("g", "h", start=48), 2)
        service.post(f"/v1/streams/{stream}/end")
        heard = events_of(service, stream)
        assert [(kind, data.get("title")) for _, kind, data in heard] == [
            ("chapter", "Kiln"),
            ("chapter", "Glaze"),
            ("end", None),
        ]
        assert [number for number, _, _ in heard] == ["1", "2", "3"]


def test_a_model_that_ends_by_a_stream_is_not_asked_again_and_its_words_stay(workspace: Workspace) -> None:
    with opened(stub_app(workspace), workspace) as service:
        stream = begun(service, id="crash")
        assert sent(service, stream, 0, spoken("one", "two", "three")).status_code == 200
        service.post(f"/v1/streams/{stream}/end")
        (end,) = events_of(service, stream)
        assert end[1] == "end" and end[2]["answer"] is None and "process ended" in end[2]["failure"]
    with workspace.record.read() as store:
        assert len(store.transcripts.read(store.transcripts.find("crash")).segments) == 3


def test_a_stream_whose_client_is_gone_is_found_and_one_that_is_forgotten_is_gone(
    service: TestClient, record: Workspace
) -> None:
    stream = begun(service, id="private", title="Private")
    sent(service, stream, 0, spoken("a secret"))
    with record.record.read() as store:
        assert stream not in [idle.name for idle in store.service_streams.idle(datetime.now(UTC) - timedelta(hours=1))]
        assert stream in [idle.name for idle in store.service_streams.idle(datetime.now(UTC) + timedelta(hours=1))]
    with record.record.write() as store:
        assert store.tombstones.record_deletion("private", "ann", "asked").removed["streams"] == 1
        assert store.service_streams.called(stream) is None
        with pytest.raises(Forgotten):
            store.tombstones.refuse_id("private")
        with pytest.raises(NotFound):
            store.tombstones.record_deletion("never", "ann", "asked")
    assert sent(service, stream, 1, spoken("more", start=6)).status_code == 404
    assert service.post("/v1/streams", json={"id": "private"}).status_code == 422
