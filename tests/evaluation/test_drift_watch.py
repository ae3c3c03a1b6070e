"""`errata drift`: what comes in is held against what the champion was trained on, and who asked is told of an alarm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.documents.document import write_document
from errata.documents.drift import DriftMeasure, DriftReport
from errata.domain.correction import Correction
from errata.domain.prediction import Prediction
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput, Unavailable
from errata.files import JsonObject
from errata.loop.drift_watch import DriftSample, measures, watch_drift
from errata.operations.alert_webhook import VARIABLE, send_alert
from errata.settings import FILE
from errata.workspace import Workspace
from tests.evaluation.comparing import known
from tests.made_up_answers import ASKED
from tests.made_up_record import chapters, correction, talk


def arrive(workspace: Workspace, names: range, channel: str = "", trade: str = "common", lines: int = 4) -> list[int]:
    """Talks of the words of one trade, drawn at random."""
    spoken = "".join(each.text + " " for each in talk(trade, lines=10).segments).split()
    with workspace.record.write() as store:
        seqs = []
        for at in names:
            random = Random(at)
            segments = tuple(
                Segment(10.0 * line, 10.0 * line + 9, " ".join(random.choices(spoken, k=8))) for line in range(lines)
            )
            made = Transcript(f"n{at}", segments, 10.0 * lines, channel=channel or f"channel {at % 3}")
            seqs.append(store.transcripts.add(made, "train").seq)
    return seqs


def reviewed(workspace: Workspace, seqs: list[int], model: str, wrong: int) -> None:
    """The first `wrong` of them are corrected."""
    with workspace.record.write() as store:
        for place, seq in enumerate(seqs):
            draft = chapters(0, 20)
            asked = store.predictions.add(Prediction(seq, model, ASKED, draft)).seq
            right, kind = (chapters(0, 40), "edit") if place < wrong else (draft, "accept")
            made: Correction = correction(seq, right, kind=kind, prediction=asked)
            store.corrections.add(replace(made, draft_by=model))


def champion(workspace: Workspace, seen: tuple[str, ...] = ()) -> str:
    identity = known(workspace, {}, seen)
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", identity, "promote", "test", None, None)
    return identity


def drift(workspace: Workspace, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["drift", "-w", str(workspace.root), *words])
    return done.exit_code, done.stdout


def test_what_is_like_before_raises_no_alarm(workspace: Workspace) -> None:
    before = arrive(workspace, range(60))
    with workspace.record.read() as store:
        seen = tuple(store.transcripts.hash_of(seq) for seq in before)
    champion(workspace, seen)
    arrive(workspace, range(60, 120))
    code, text = drift(workspace, "--talks", "60")
    assert code == 0 and "Alarm" not in text and "against 60 of what the champion was trained on" in text
    assert "too few to tell by" in text, "nobody has reviewed"


def test_other_channels_words_and_lengths_are_told_apart_with_the_exit_code(workspace: Workspace) -> None:
    arrive(workspace, range(60))
    champion(workspace)
    arrive(workspace, range(60, 110), "elsewhere", "another", lines=9)
    code, text = drift(workspace, "--talks", "50", "--json")
    found = json.loads(text)
    assert code == 12 and found["against"] == "earlier talks", "of Day-0 nobody knows what it was trained on"
    told = " ".join(found["alarms"])
    assert "the length of talks" in told and "the mix of channels" in told and "the vocabulary of talks" in told
    status = " ".join(CliRunner().invoke(app, ["status", "-w", str(workspace.root)]).stdout.split())
    assert "Alarm: the mix of channels has drifted from that of the talks before: PSI" in status
    champion_of_now = champion_again(workspace)
    assert champion_of_now not in found["champion"]
    after = CliRunner().invoke(app, ["status", "-w", str(workspace.root)]).stdout
    assert "Alarm" not in after, "it was another champion's"


def champion_again(workspace: Workspace) -> str:
    with workspace.record.write() as store:
        store.aliases.assign_alias("champion", "9" * 64, "promote", "test", None, None)
    return "9" * 64


def test_a_rise_of_the_correction_rate_is_told_and_a_fall_is_not(workspace: Workspace) -> None:
    before = arrive(workspace, range(60))
    model = champion(workspace)
    reviewed(workspace, before, model, 20)
    later = arrive(workspace, range(60, 120))
    reviewed(workspace, later, model, 55)
    report = watch_drift(workspace, 60)
    assert {measure.name for measure in report.alarms} == {"correction rate", "edit distance"}
    with workspace.record.read() as store:
        reviews = store.reviewed_drafts.newest(1000)
    then, now = ([review for review in reviews if review.transcript in seqs] for seqs in (before, later))
    assert not any(measure.alarms for measure in measures(DriftSample((), (), now, then)))


def test_too_little_is_no_alarm_and_said(workspace: Workspace) -> None:
    champion(workspace)
    code, text = drift(workspace)
    assert code == 0 and "too few to tell by" in text


@contextmanager
def listening(*statuses: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Answers with these one after another, then with the last."""
    heard: list[tuple[dict[str, str], bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(statuses[min(len(heard), len(statuses)) - 1])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hooked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("errata.operations.alert_webhook.PAUSES", (0.0, 0.0))
    monkeypatch.setenv(VARIABLE, "whsec_" + base64.b64encode(b"a secret").decode())
    return workspace


def name_webhook(workspace: Workspace, address: str) -> None:
    (workspace.root / FILE).write_text(f'[alerts]\nwebhook = "{address}"\n')


def test_an_alert_is_signed_and_sent_again_where_nobody_took_it(hooked: Workspace) -> None:
    with listening(503, 200) as (address, heard):
        name_webhook(hooked, address)
        assert send_alert(hooked, "drift", ["Alarm: words."], {"a": 1})
    assert len(heard) == 2 and heard[0][0]["webhook-id"] == heard[1][0]["webhook-id"]
    headers, body = heard[1]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"a secret", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    said: JsonObject = json.loads(body)
    assert said == {"type": "drift", "sentences": ["Alarm: words."], "data": {"a": 1}}


def test_an_address_that_says_no_is_not_asked_again(hooked: Workspace) -> None:
    with listening(410) as (address, heard):
        name_webhook(hooked, address)
        with pytest.raises(Unavailable, match=r"did not take the alert \(status 410\)"):
            send_alert(hooked, "drift", [], {})
    assert len(heard) == 1


def test_without_an_address_nobody_is_told_and_a_wrong_one_is_refused(
    hooked: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not send_alert(hooked, "drift", [], {})
    name_webhook(hooked, "ftp://example.org")
    with pytest.raises(BadInput, match="must be an address"):
        send_alert(hooked, "drift", [], {})
    name_webhook(hooked, "http://127.0.0.1:9/")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(BadInput, match=f"{VARIABLE} is not set"):
        send_alert(hooked, "drift", [], {})


def test_an_alarm_goes_to_the_webhook_and_a_webhook_that_is_away_changes_no_exit_code(hooked: Workspace) -> None:
    arrive(hooked, range(40))
    champion(hooked)
    arrive(hooked, range(40, 80), "elsewhere")
    with listening(200) as (address, heard):
        name_webhook(hooked, address)
        assert drift(hooked, "--talks", "40")[0] == 12
    assert len(heard) == 1 and "the mix of channels" in json.loads(heard[0][1])["sentences"][0]
    assert drift(hooked, "--talks", "40")[0] == 12, "nobody listens any more"


def a_report(model: str) -> DriftReport:
    measure = DriftMeasure("channels", "PSI", 100, 200, 0.9, 0.1, 0.1, 0.0005, 0.0017)
    return DriftReport(model, "2026-03-01T00:00:00+00:00", "training data", 100, 200, (measure,))


def test_a_document_of_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    from errata.documents.document import read_document

    write_document(tmp_path / "drift.json", a_report("m"))
    assert read_document(DriftReport, tmp_path / "drift.json", "") == a_report("m")
