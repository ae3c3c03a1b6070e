"""The dashboard over HTTP: who may see and do what, what the pages show, and what they change."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.document import write_document
from errata.documents.drift import DriftMeasure, DriftReport
from errata.documents.file_names import LAST_DRIFT, PARAMS
from errata.documents.metric_values import ModelMean
from errata.documents.outcome import Outcome
from errata.domain.access import AccessRole
from errata.domain.canary import ReviewCounts
from errata.domain.correction import Label
from errata.domain.prediction import Prediction
from errata.operations.release_desk import release_desk
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from evaluation.statistics.paired import compare
from registry.promotion import install_day0, promote
from tests.made_up_record import chapters, correction, talk
from tests.registry.test_promotion import DAY0, evidence, identity
from tests.service.conftest import ADDRESS

MODEL = identity("first")
PAYLOAD = "<img src=x onerror=alert(1)>'\"</script>"
TEAM = ("/dashboard", "/dashboard/models", "/dashboard/reviewers", "/dashboard/releases", "/dashboard/nights/n1/report")


@pytest.fixture
def place(workspace: Workspace) -> Workspace:
    """With a conflict on the first talk, a night that promoted a model, and its report."""
    with workspace.record.write() as store:
        disputed = store.transcripts.add(replace(talk("disputed"), title=PAYLOAD), "train").seq
        draft = store.predictions.add(Prediction(disputed, MODEL, "inline@1", chapters(0, 40))).seq
        for name, right in (("ann", chapters(0, 30, by="A")), (PAYLOAD, chapters(0, 50, by="B"))):
            store.corrections.add(replace(correction(disputed, right, name, prediction=draft), draft_by=MODEL))
        store.nights.begin("n1", 0, 1)
        folder = workspace.nights / "n1"
        folder.mkdir(parents=True)
        (folder / "report.html").write_text("<script>alert(1)</script>a report")
        install_day0(store, DAY0, "init")
        record = evidence(folder, "first")
        promote(store, MODEL, "n1", record, "gate")
        decided = OutcomeDecision("candidate", MODEL, True, record.stem, Decision("promote", "better"))
        means = {
            name: ModelMean(f1=at, n=9, low=at - 3, high=at + 3) for name, at in (("day0", 41.5), ("candidate", 62))
        }
        store.nights.finish(
            Outcome(
                night="n1",
                verdict="promote",
                champion=DAY0,
                candidate=MODEL,
                promoted=MODEL,
                means=means,
                fresh_items=9,
                decisions=(decided,),
            )
        )
    return workspace


def visitor(place: Workspace, role: AccessRole = "release owner", name: str = "olga") -> TestClient:
    """Of a service that has not been started: no page of the dashboard asks a model."""
    headers = {"Authorization": f"Bearer {add_key(place, name, role, 'tests').key}"}
    app = make_app(place, ServiceSettings())
    return TestClient(app, base_url=ADDRESS, headers=headers, follow_redirects=False)


def attributes(html: str) -> set[str]:
    """The names of all that the page's elements have."""
    names: set[str] = set()
    reader = HTMLParser()
    reader.handle_starttag = lambda _, found: names.update(name for name, _ in found)
    reader.feed(html)
    return names


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_pages_show_what_the_record_says_and_escape_it(place: Workspace) -> None:
    owner = visitor(place)
    for path in (*TEAM[:-1], "/dashboard/conflicts", "/dashboard/conflicts/1"):
        answer = owner.get(path)
        assert answer.status_code == 200 and "<img" not in answer.text, path
        assert not {name for name in attributes(answer.text) if name == "style" or name.startswith("on")}, path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    shown = text_of(owner.get("/dashboard").text)
    assert "n1, Candidate: F1 62.0, 90 % interval 59.0 to 65.0" in shown and "n1 41.5" in shown
    params = place.root / PARAMS
    params.write_text(params.read_text().replace("audit_share: 0.05", "audit_share: 1.0"))
    reviewers = text_of(owner.get("/dashboard/reviewers").text)
    assert PAYLOAD in reviewers and reviewers.count(") on 1 ") == 2, "both were audited on one talk"
    models = text_of(owner.get("/dashboard/models").text)
    assert f"{MODEL[:12]} champion 2 100.0 % 100.0 %" in models, "both renamed a border and moved one: nothing is kept"


def test_what_is_alarming_stands_on_top(place: Workspace) -> None:
    owner = visitor(place)
    assert 'class="complaint"' not in owner.get("/dashboard").text + owner.get("/dashboard/releases").text
    measure = DriftMeasure("channels", "PSI", 100, 200, 0.9, 0.1, 0.1, 0.0005, 0.0017)
    at = "2026-03-01T00:00:00+00:00"
    (place.root / LAST_DRIFT).parent.mkdir(exist_ok=True)
    write_document(place.root / LAST_DRIFT, DriftReport(MODEL, at, "training data", 100, 200, (measure,)))
    with place.record.write() as store:
        canary = store.canaries.begin(DAY0, MODEL, 0.1, "lena", "to see")
        store.canaries.finish(canary.number, "returned", "errata", "", ReviewCounts(9, 1, 2, 8), 31.0)
    drift, returned = re.findall(r'<p class="complaint" role="alert">([^<]*)</p>', owner.get("/dashboard").text)
    assert "the mix of channels has drifted" in drift
    assert f"the canary {DAY0[:16]} was returned" in returned and "corrected 9 of 10 of its talks" in returned
    assert 'class="complaint">Alarm: the canary' in owner.get("/dashboard/releases").text


def test_a_report_can_reach_nothing(place: Workspace) -> None:
    answer = visitor(place, "reviewer").get("/dashboard/nights/n1/report")
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200 and answer.text.endswith("a report")
    assert policy.startswith("sandbox;") and "allow-" not in policy and "script-src" not in policy
    reviewer = visitor(place, "reviewer", "ann")
    for path in ("..%2Fn1", "n2", "%2e%2e", "n1%2F..%2Fn1", "n1%00"):
        assert reviewer.get(f"/dashboard/nights/{path}/report").status_code == 404


def test_a_conflict_is_decided_for_one_side(place: Workspace) -> None:
    olga = visitor(place, "adjudicator")
    page = olga.get("/dashboard/conflicts/1").text
    choices = re.findall(r'name="choice" value="(\d+)"', page)
    assert len(choices) == 2 and "no border" in text_of(page) and "3 of 4 borders differ" in text_of(page)
    answer = olga.post("/dashboard/conflicts/1", data={"choice": choices[1]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/conflicts?decided=1")
    with place.record.read() as store:
        label = store.labels.of(1, store.watermark())
    assert isinstance(label, Label) and (label.kind, label.reviewer) == ("adjudicate", "olga")
    assert [chapter.title for chapter in label.chapters] == ["B 1", "B 2"]
    assert "Nobody differs" in olga.get("/dashboard/conflicts").text
    again = olga.post("/dashboard/conflicts/1", data={"choice": choices[0]})
    assert again.status_code == 404, "somebody else decided meanwhile"


def test_a_third_version_may_be_written(place: Workspace) -> None:
    olga = visitor(place, "adjudicator")
    answer = olga.post("/dashboard/conflicts/1", data={"choice": "third", "third": "0:00 One\n00:00:50 - Two\n"})
    assert answer.status_code == 303
    with place.record.read() as store:
        label = store.labels.of(1, store.watermark())
    assert isinstance(label, Label)
    assert [(chapter.start, chapter.title) for chapter in label.chapters] == [(0, "One"), (50, "Two")]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"choice": ""}, "no version is chosen"),
        ({"choice": "third", "third": "no time"}, "begins with no time"),
        ({"choice": "third", "third": " "}, "is empty"),
        ({"choice": "third", "third": "[]"}, "has no chapters"),
        ({"choice": "third", "third": "9:59:59 Late"}, "after the end"),
        ({"choice": "1"}, "no standing correction"),
        ({"choice": "9" * 40}, "no version is chosen"),
        ({"choice": "-1"}, "no version is chosen"),
    ],
)
def test_what_can_t_be_decided_so_is_said_beside_what_was_written(
    place: Workspace, fields: dict[str, str], complaint: str
) -> None:
    answer = visitor(place, "adjudicator").post("/dashboard/conflicts/1", data=fields)
    assert answer.status_code == 422 and complaint in text_of(answer.text)
    assert fields.get("third", "").strip() in unescape(answer.text)
    with place.record.read() as store:
        assert store.conflicts.transcripts() == [1]


def test_an_admin_decides_though_somebody_else_was_appointed(place: Workspace) -> None:
    visitor(place, "adjudicator", "carol")
    admin = visitor(place, "admin", "root")
    assert admin.post("/dashboard/conflicts/1", data={"choice": "third", "third": "0:00 x"}).status_code == 303
    with place.record.read() as store:
        label, roles = store.labels.of(1, store.watermark()), store.reviewers.roles()
    assert isinstance(label, Label) and (label.reviewer, roles) == ("root", {"carol": "adjudicator"})


def test_a_side_does_not_decide(place: Workspace) -> None:
    answer = visitor(place, "adjudicator", "ann").post(
        "/dashboard/conflicts/1", data={"choice": "third", "third": "0:00 x"}
    )
    assert answer.status_code == 409 and "is a side in this dispute" in text_of(answer.text)


def test_a_rollback_is_asked_for_and_stands_in_the_list(place: Workspace) -> None:
    olga = visitor(place)
    assert "Takes back" in olga.get("/dashboard/releases").text
    answer = olga.post("/dashboard/releases/rollback", data={"champion": MODEL, "why": PAYLOAD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/releases")
    (request,) = release_desk(place).requests
    assert (request.by, request.why, request.state, request.wish.model) == ("olga", PAYLOAD, "waiting", DAY0)
    shown = olga.get("/dashboard/releases").text
    assert PAYLOAD in text_of(shown) and "waiting" in shown and "<img" not in shown
    assert "It is asked for, and waits." in shown and "Takes back" not in shown
    with place.record.read() as store:
        assert store.aliases.model_of("champion") == MODEL, "the service moves nothing"


def test_two_people_approve_of_what_waits_and_each_sees_what_the_other_said(place: Workspace) -> None:
    sha256 = evidence(place.nights / "n1", "second", MODEL, night="n1").stem
    better = Decision("promote", "better", comparison=compare([1.0], [0.0], ["a"], seed=1))
    decided = OutcomeDecision("candidate", identity("second"), False, sha256, better)
    outcome = Outcome(night="n2", verdict="promote", champion=MODEL, approvals_needed=2, decisions=(decided,))
    with place.record.write() as store:
        store.pending_promotions.open("n1", identity("second"), MODEL, sha256, 2)
        store.nights.begin("n2", 1, 2)
        store.nights.finish(outcome)
    olga, ann = visitor(place), visitor(place, "admin", "ann")
    fields = {"evidence": sha256, "why": PAYLOAD}
    assert "Waits for approval" in text_of(olga.get("/dashboard").text)
    assert "Two different people must approve" in text_of(olga.get("/dashboard/releases").text)
    assert olga.post("/dashboard/releases/promotion", data=fields).status_code == 303
    page = olga.get("/dashboard/releases").text
    assert "You approved; another person’s approval is asked." in page and "<img" not in page
    shown = ann.get("/dashboard/releases").text
    assert "olga approved; it waits for the registry’s side" in text_of(shown) and 'name="evidence"' in shown
    assert ann.post("/dashboard/releases/promotion", data=fields).status_code == 303
    assert "It is approved, and waits." in ann.get("/dashboard/releases").text
    assert ann.post("/dashboard/releases/rejection", data=fields).status_code == 303
    assert "Its rejection is asked for, and waits." in ann.get("/dashboard/releases").text
    assert [request.wish.kind for request in release_desk(place).requests] == ["rejection", "promotion", "promotion"]


def test_a_decision_that_says_nothing_of_why_can_be_approved_too(place: Workspace) -> None:
    sha256 = evidence(place.nights / "n1", "second", MODEL, night="n1").stem
    decided = OutcomeDecision("candidate", identity("second"), False, sha256, Decision("promote", "better"))
    with place.record.write() as store:
        store.nights.begin("n2", 1, 2)
        store.nights.finish(Outcome(night="n2", verdict="promote", champion=MODEL, decisions=(decided,)))
    shown = visitor(place).get("/dashboard/releases")
    assert shown.status_code == 200 and 'name="evidence"' in shown.text
    assert "Its record says 'promote', and not why." in text_of(shown.text)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("rejection", {"evidence": "e" * 64, "why": "x"}, 409),
        ("rejection", {}, 422),
        ("rollback", {"champion": MODEL}, 422),
        ("rollback", {"champion": DAY0, "why": "of yesterday's page"}, 409),
        ("rollback", {"champion": MODEL, "why": "x" * 2000}, 409),
        ("promotion", {"evidence": "e" * 64, "why": "x"}, 409),
        ("promotion", {}, 422),
    ],
)
def test_what_can_t_be_asked_for_is_one_sentence(
    place: Workspace, path: str, fields: dict[str, str], status: int
) -> None:
    answer = visitor(place).post(f"/dashboard/releases/{path}", data=fields)
    assert answer.status_code == status and answer.json()["detail"] and release_desk(place).requests == []


def test_a_session_asks_with_its_token_alone(place: Workspace) -> None:
    client = TestClient(make_app(place, ServiceSettings()), base_url=ADDRESS, follow_redirects=False)
    key = add_key(place, "olga", "release owner", "tests").key
    client.post("/sign-in", data={"key": key})
    page = client.get("/dashboard/releases").text
    fields = {"champion": MODEL, "why": "titles too long"}
    assert client.post("/dashboard/releases/rollback", data=fields).status_code == 403
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/dashboard/releases/rollback", data={**fields, "csrf_token": token[1]})
    assert answer.status_code == 303 and len(release_desk(place).requests) == 1


@pytest.mark.parametrize(
    ("uri", "page", "link"),
    [
        ("", "", ""),
        ("http://u:secret@mlflow:5000", "", "http://mlflow:5000/#/models/errata-chapters"),
        ("http://mlflow:5000", "https://ml.example/base/", "https://ml.example/base/#/models/errata-chapters"),
        ("http://mlflow:5000", "javascript:alert(1)", ""),
    ],
)
def test_mlflow_is_linked_where_a_browser_can_reach_it(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, uri: str, page: str, link: str
) -> None:
    from errata.operations.service_keys import add_key

    if uri:
        monkeypatch.setenv("ERRATA_MLFLOW_URI", uri)
    app = make_app(Workspace(place.root), ServiceSettings(mlflow_page=page))
    headers = {"Authorization": f"Bearer {add_key(place, 'r', 'reviewer', 'tests').key}"}
    shown = TestClient(app, base_url=ADDRESS, headers=headers).get("/dashboard/releases").text
    assert (f'href="{link}"' in shown) if link else ("MLflow has no address here" in shown)
    assert "secret" not in shown and "alert" not in shown


def test_an_empty_workspace_has_pages_too(workspace: Workspace) -> None:
    owner = visitor(workspace)
    for path in (*TEAM[:-1], "/dashboard/conflicts"):
        assert owner.get(path).status_code == 200, path
    assert owner.get("/dashboard/conflicts/1").status_code == 404
    for number in (10**30, "x"):
        assert owner.get(f"/dashboard/conflicts/{number}").status_code == 422


def test_a_report_that_leads_elsewhere_is_none(place: Workspace, tmp_path: Path) -> None:
    page = place.nights / "n1" / "report.html"
    page.unlink()
    (tmp_path / "secret").write_text("secret")
    page.symlink_to(tmp_path / "secret")
    assert visitor(place, "reviewer").get("/dashboard/nights/n1/report").status_code == 404
