"""A canary over HTTP, with stubs for the models: it answers its share, is reviewed as itself, and returns by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.stub_service import STUB, name_stub, stub_command
from errata.domain.canary import Canary
from errata.errors import BadInput, NotFound, Refused
from errata.operations.canary_trial import start_canary, stop_canary, stop_canary_as, trial
from errata.operations.drafting import draft_draw
from errata.operations.review_desk import open_item
from errata.operations.review_order import ReviewOrder
from errata.operations.review_queue import review_queue
from errata.operations.review_tasks import waiting_tasks
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.command_line import in_this_process as errata
from tests.made_up_record import talk
from tests.service.test_chapters_routes import opened

OTHER = "7" * 64
"""The canary, and the challenger."""


def name_challenger(workspace: Workspace, identity: str = OTHER) -> None:
    (workspace.models / identity[:16]).mkdir(parents=True, exist_ok=True)
    with workspace.record.write() as store:
        store.aliases.assign_alias("challenger", identity, "challenger", "gate", None, None)


def two_models(workspace: Workspace, settings: ServiceSettings | None = None) -> FastAPI:
    name_stub(workspace)
    name_challenger(workspace)
    return make_app(
        workspace, settings or ServiceSettings(), lambda folder, identity, models: stub_command(0, identity)
    )


@pytest.fixture
def service(workspace: Workspace) -> Iterator[TestClient]:
    with opened(two_models(workspace), workspace) as made:
        yield made


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def canary_speaks(service: TestClient) -> bool:
    said = service.get("/readyz").json()["canary"]
    return said is not None and said["speaks"]


def begin(workspace: Workspace, service: TestClient, share: float = 0.5) -> Canary:
    canary = start_canary(workspace, "challenger", share, "olga", "a try")
    until(lambda: canary_speaks(service), "the canary never spoke")
    return canary


def asked(service: TestClient, name: str) -> dict[str, str]:
    made = talk(name)
    segments = [{"start": each.start, "end": each.end, "text": each.text} for each in made.segments]
    answer = service.post("/v1/chapters", json={"id": name, "title": made.title, "segments": segments})
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def test_a_talk_always_gets_the_same_model_and_as_many_do_as_is_said(service: TestClient, workspace: Workspace) -> None:
    canary = begin(workspace, service)
    models = {f"t{at}": asked(service, f"t{at}")["model"] for at in range(40)}
    assert {asked(service, name)["model"] for name in ("t1",)} == {models["t1"]}
    assert 8 <= sum(model == OTHER for model in models.values()) <= 32
    with workspace.record.read() as store:
        for name, model in models.items():
            name_hash = store.transcripts.hash_of(store.transcripts.find(name))
            assert (model == OTHER) == canary.takes(name_hash)
    assert "errata_canary_share" in service.get("/metrics").text


def test_a_worse_canary_returns_by_itself_and_everybody_is_told(service: TestClient, workspace: Workspace) -> None:
    begin(workspace, service)
    reviewer = add_key(workspace, "ann", "reviewer", "tests").key
    for at in count():
        said = asked(service, f"t{at}")
        body = {"prediction": said["prediction"], "kind": "accept"}
        if said["model"] == OTHER:
            body |= {"kind": "reject"}
        service.post("/v1/corrections", json=body, headers={"Authorization": f"Bearer {reviewer}"})
        state = trial(workspace)
        assert state is not None and at < 60, "it never returned"
        if state.evidence >= state.returns_at:
            break
    until(lambda: service.get("/readyz").json()["canary"]["ended"] == "returned", "the service did not end it")
    ready = service.get("/readyz").json()
    assert (ready["ready"], ready["canary"]["share"]) == (True, 0.0) and ready["canary"]["says"].startswith("Alarm")
    assert {asked(service, f"after{at}")["model"] for at in range(12)} == {STUB}
    metrics = service.get("/metrics").text
    assert "errata_canary_returned 1.0" in metrics and f'errata_canary_share{{version="{OTHER[:16]}"}} 0.0' in metrics
    ended = trial(workspace)
    assert ended is not None and ended.canary.end is not None
    assert (ended.canary.end.how, ended.canary.end.by) == ("returned", "errata")
    assert (ended.counts.canary_kept, ended.counts.champion_corrected) == (0, 0)
    status = " ".join(errata("status", "-w", workspace.root).stdout.split())
    assert f"Alarm: the canary {OTHER[:16]} was returned at" in status
    key = add_key(workspace, "olga", "release owner", "tests").key
    page = service.get("/dashboard/releases", headers={"Authorization": f"Bearer {key}"}).text
    assert "Alarm: the canary" in page and "Stop the canary" not in page


def test_while_the_canary_is_away_the_champion_answers(service: TestClient, workspace: Workspace) -> None:
    canary = begin(workspace, service, 0.99)
    names = (name for name in map("away{}".format, count()) if canary.takes(talk(name).hash))
    app = service.app
    assert isinstance(app, FastAPI)
    assert asked(service, next(names))["model"] == OTHER
    os.kill(app.state.service.models.canary.pid, signal.SIGKILL)
    assert asked(service, next(names))["model"] in {STUB, OTHER}
    until(lambda: canary_speaks(service), "it is started again")
    assert asked(service, next(names))["model"] == OTHER


def test_a_canary_ends_where_the_champion_is_another(service: TestClient, workspace: Workspace) -> None:
    begin(workspace, service)
    (workspace.models / ("8" * 16)).mkdir()
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", "8" * 64, "promote", "gate", None, None)
    until(lambda: service.get("/readyz").json()["canary"]["ended"] == "champion moved", "it ran on")


def test_reviewers_see_the_canary_s_drafts_in_the_order_of_arrival(service: TestClient, workspace: Workspace) -> None:
    earlier = asked(service, "earlier")
    canary = begin(workspace, service)
    answers = {f"t{at}": asked(service, f"t{at}")["model"] for at in range(12)}
    assert set(answers.values()) == {STUB, OTHER} and earlier["model"] == STUB
    with workspace.record.read() as store:
        seqs = {name: store.transcripts.find(name) for name in answers}
        order = [place.transcript for place in ReviewOrder.of(workspace).waiting(store, "ann")]
        audits = ReviewOrder.of(workspace).audits
        plain = [seq for seq in order if not audits.is_audit(store.transcripts.hash_of(seq))]
        first = store.transcripts.find("earlier")
    assert sorted(order) == sorted([*seqs.values(), first])
    assert [seq for seq in plain if seq != first] == sorted(seq for seq in seqs.values() if seq in plain)
    assert first not in plain or plain[-1] == first, "talks from before the canary come after those that are compared"
    for name, model in answers.items():
        shown = open_item(workspace, seqs[name], "ann").shown
        assert shown.prediction is not None and shown.prediction.model == model
    tasks = dict(waiting_tasks(workspace, draft_draw(workspace, "champion"), ""))
    assert {seq: task.model for seq, task in tasks.items()} == {
        **{seqs[name]: model for name, model in answers.items()},
        first: STUB,
    }
    assert review_queue(workspace, "ann").waiting_in_all == 13 and canary.is_running


def test_a_release_owner_stops_it_on_the_dashboard(service: TestClient, workspace: Workspace) -> None:
    begin(workspace, service)
    key = add_key(workspace, "olga", "release owner", "tests").key
    headers = {"Authorization": f"Bearer {key}"}
    page = service.get("/dashboard/releases", headers=headers).text
    assert "answers 50 % of the talks as canary" in page and "Stop the canary" in page
    stopped = service.post("/dashboard/releases/canary/stop", data={"why": "a doubt"}, headers=headers)
    assert stopped.status_code in (200, 303), stopped.text
    state = trial(workspace)
    assert state is not None and state.canary.end is not None and state.canary.end.by == "olga"
    until(lambda: asked(service, "t")["model"] == STUB, "the champion answers")


def test_what_can_t_be_a_canary_is_refused_in_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no model 'challenger'"):
        start_canary(workspace, "challenger", 0.1, "olga", "why")
    name_stub(workspace)
    name_challenger(workspace)
    with pytest.raises(BadInput, match=r"from 0\.01 to 0\.99"):
        start_canary(workspace, "challenger", float("nan"), "olga", "why")
    with pytest.raises(Refused, match="is the champion, and answers all talks"):
        start_canary(workspace, "champion", 0.1, "olga", "why")
    with pytest.raises(NotFound, match="no canary runs"):
        stop_canary(workspace, "olga", "why")
    start_canary(workspace, "challenger", 0.1, "olga", "why")
    with pytest.raises(Refused, match="is the canary already"):
        start_canary(workspace, "challenger", 0.1, "olga", "why")
    with workspace.record.write() as store:
        store.reviewers.appoint("olga", "release owner", "olga")
    with pytest.raises(Refused, match="ann is a reviewer and may not stop a canary"):
        stop_canary_as(workspace, "ann", "why")
    stop_canary_as(workspace, "olga", "why")
    with pytest.raises(Refused, match="ann is a reviewer and may not start a canary"):
        start_canary(workspace, "challenger", 0.1, "ann", "why")


def test_by_the_command_line(workspace: Workspace) -> None:
    name_stub(workspace)
    name_challenger(workspace)
    place = ("-w", workspace.root)
    assert "there never was a canary" in errata("canary", "status", *place).stdout
    assert "answers 20 % of the talks" in errata("canary", "start", *place, "--share", "0.2").stdout
    assert "Reviewers corrected 0 of 0 of its talks" in " ".join(errata("canary", "status", *place).stdout.split())
    assert '"share": 0.2' in errata("canary", "status", *place, "--json").stdout
    again = errata("canary", "start", *place, check=False)
    assert again.returncode == 4 and "errata canary stop" in again.stderr
    assert "was stopped at" in errata("canary", "stop", *place, "--why", "enough").stdout


def test_a_service_answers_by_the_export_that_it_is_told_to(workspace: Workspace) -> None:
    name_stub(workspace)
    (workspace.models / OTHER[:16]).mkdir()
    with workspace.record.write() as store:
        store.aliases.assign_alias("server", OTHER, "promote", "gate", None, None)
    app = make_app(
        workspace, ServiceSettings(alias="server"), lambda folder, identity, models: stub_command(0, identity)
    )
    with opened(app, workspace) as service:
        assert asked(service, "t")["model"] == OTHER
