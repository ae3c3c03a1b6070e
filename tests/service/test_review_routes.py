"""The review page's addresses: what each gives, to whom, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.review_talks import drafted, long_talk, review_workspace
from errata.operations.review_queue import claim_next, review_queue
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace

ClientOf = Callable[..., TestClient]
WORK = {"line": 3, "seconds": 12.0, "plays": 1, "commands": 4, "page": "p", "goes_on_from": 1}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    talks = [(talk, drafted(right)) for talk, right in map(long_talk, ("Ironford", "Ashby"))]
    return review_workspace(tmp_path / "review", talks)


@pytest.fixture
def app(workspace: Workspace) -> FastAPI:
    return make_app(workspace, ServiceSettings())


@pytest.fixture
def ann(client_of: ClientOf) -> TestClient:
    return client_of("reviewer", "ann")


def chapters(ann: TestClient, item: int = 1) -> Any:
    return ann.get(f"/review/{item}/data").json()["begun_with"]


def sent(**changes: object) -> dict[str, object]:
    return {**WORK, "action": "edit", "why": "", "knows": None, "key": "k", "chapters": [], **changes}


def test_a_reviewer_goes_from_the_queue_to_an_item_and_hands_it_in(ann: TestClient) -> None:
    assert "The bridge at Ironford" in ann.get("/review").text
    assert ann.get("/review/next").headers["location"] == "/review/1"
    assert "The bridge at Ironford" in ann.get("/review/1").text
    data = ann.get("/review/1/data").json()
    assert len(data["lines"]) == 360 and data["draft"] == data["begun_with"] and data["own"] is None
    assert ann.post("/review/1/hold", json={"page": "p"}).json() == {"yours": True, "others": [], "another_page": False}
    draft = {**WORK, "chapters": data["draft"][:3], "page": "p", "goes_on_from": 0}
    assert ann.put("/review/1/draft", json=draft).json()["revision"] == 1
    assert ann.get("/review/1/data").json()["saved"][0]["chapters"] == data["draft"][:3]
    done = ann.post("/review/1/hand-in", json=sent(chapters=data["draft"][:3]))
    assert done.json() == {"submission": 1, "new": True, "kind": "edit", "colleagues": [], "next": 3}
    assert ann.get("/review/1/data").json()["saved"] == []
    assert "Open again: The bridge at Ironford" in ann.get("/review").text


def test_nobody_gets_anothers_draft(ann: TestClient, client_of: ClientOf) -> None:
    secret = {**WORK, "chapters": [{"start": 0, "title": "Only ann's"}], "page": "p", "goes_on_from": 0}
    ann.put("/review/1/draft", json=secret)
    for role in ("reviewer", "adjudicator", "release owner", "admin"):
        other = client_of(role, f"not ann, {role}")
        for path in ("/review", "/review/1", "/review/1/data"):
            assert "Only ann's" not in other.get(path).text
        other.post("/review/1/discard", json={"page": "p"})
        other.post("/review/1/release", json={"page": "p"})
    assert len(ann.get("/review/1/data").json()["saved"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (sent(action="shout"), 422, "action"),
        (sent(extra=1), 422, "extra"),
        (sent(chapters=[{"start": "soon", "title": "x"}]), 422, "chapters.0.start"),
        (sent(chapters=[{"start": 0, "title": ""}]), 422, "chapter 1 has no title"),
        (sent(chapters=[{"start": 1e9, "title": "x"}]), 422, "after the end of"),
        (sent(action="skip"), 422, "reason of the skip is empty"),
        (sent(chapters=[{"start": 5, "title": "a"}, {"start": 5, "title": "b"}]), 422, "has two chapters at 5"),
        (sent(chapters=[{"start": "5", "title": "a"}]), 422, "valid number"),
        (sent(seconds=-1), 422, "seconds"),
        (sent(commands=10**30), 422, "commands"),
        (sent(knows=10**30), 422, "knows"),
        (sent(chapters=[{"start": 0, "title": "\ud800"}]), 422, "half of a character"),
        (sent(chapters=[{"start": 0, "title": "a\0b"}]), 422, "NUL"),
    ],
)
def test_what_cannot_be_handed_in_is_a_problem_that_names_it(
    ann: TestClient, body: dict[str, object], status: int, said: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = ann.post("/review/1/hand-in", content=json.dumps(body), headers=headers)
    assert answer.status_code == status and said in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_item_that_is_none_is_not_found(ann: TestClient) -> None:
    for path in ("/review/99", "/review/99/data"):
        assert ann.get(path).status_code == 404
    for path in ("/review/x", f"/review/{10**30}/data", "/review/-1"):
        assert ann.get(path).status_code == 422


def test_handing_in_from_a_second_page_is_a_conflict(ann: TestClient) -> None:
    first = chapters(ann)[:2]
    assert ann.post("/review/1/hand-in", json=sent(chapters=first)).status_code == 200
    assert ann.post("/review/1/hand-in", json=sent(chapters=first)).json()["new"] is False
    assert ann.post("/review/1/hand-in", json=sent(chapters=first[:1], key="other")).status_code == 409


def test_the_pages_policy_lets_a_recording_in_the_house_play(ann: TestClient, workspace: Workspace) -> None:
    with workspace.record.write() as store:
        store.transcripts.give_media(1, "http://media.local:8000/one.mp3")
    policy = ann.get("/review/1").headers["content-security-policy"]
    assert "media-src 'self' http://media.local:8000 https: blob:" in policy and "script-src 'self';" in policy
    assert "media.local" not in ann.get("/review/3").headers["content-security-policy"]


def test_a_workspace_without_a_champion_has_an_empty_queue(laid_out: Path, tmp_path: Path) -> None:
    shutil.copytree(laid_out, tmp_path / "new")
    workspace = Workspace.find(tmp_path / "new")
    assert review_queue(workspace, "ann").next is None
    assert claim_next(workspace, "ann") is None


def client_of_ann(workspace: Workspace) -> TestClient:
    key = add_key(workspace, "ann", "reviewer", "tests").key
    app = make_app(workspace, ServiceSettings())
    return TestClient(app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {key}"})


def test_a_talk_without_a_title_is_called_by_its_id_once(tmp_path: Path) -> None:
    talk, right = long_talk("Ironford", lines=8)
    bare = replace(talk, title="", channel="")
    with client_of_ann(review_workspace(tmp_path / "bare", [(bare, right)])) as client:
        assert client.get("/review").text.count("Ironford") == 1
        assert '<p class="about"><span></span>' in client.get("/review/1").text
    with client_of_ann(review_workspace(tmp_path / "titled", [(replace(talk, channel=""), right)])) as client:
        assert '<p class="about"><span>Ironford · </span>' in client.get("/review/1").text


def test_words_that_are_markup_stay_words(ann: TestClient, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    talk, right = long_talk("Evil", lines=8, title=evil)
    workspace = review_workspace(tmp_path / "evil", [(talk, right)])
    with client_of_ann(workspace) as client:
        for path in ("/review", "/review/1"):
            assert "<img" not in client.get(path).text
