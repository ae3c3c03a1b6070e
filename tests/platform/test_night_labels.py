"""Which night runs: what it may be called, and when one that was skipped or cut short runs again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents import night
from errata.documents.night import check_label, label_day
from errata.documents.outcome import Outcome
from errata.domain.chapter import Chapter
from errata.errors import BadInput, Refused
from errata.loop import night as loop_night
from errata.loop.night import run_night
from errata.loop.night_plan import begin_night, skip_night
from errata.settings import FILE
from errata.wording.night_sentences import night_reason
from errata.workspace import Workspace
from tests.command_line import in_this_process
from tests.made_up_record import correction, talk


@pytest.fixture
def workspace(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A record without a model; today is the 10th of March."""
    (tmp_path / FILE).touch()
    monkeypatch.setattr(night, "today", lambda: "2026-03-10")
    monkeypatch.setattr(loop_night, "today", lambda: "2026-03-10")
    return Workspace.find(tmp_path)


def correct(workspace: Workspace, words: str) -> None:
    with workspace.record.write() as store:
        transcript = store.transcripts.add(talk(words), "train").seq
        store.corrections.add(correction(transcript, (Chapter(0.0, words),), "ann"))


def finish(workspace: Workspace, label: str, verdict: str = "reject") -> None:
    with workspace.record.write() as store:
        store.nights.finish(Outcome(night=label, verdict=verdict))


@pytest.mark.parametrize(
    "label", ["2026-02-30", "2026-13-01", "2026-3-1", "20260301", "260301", "01.03.2026", "1 3 26"]
)
def test_what_looks_like_a_day_must_be_one(label: str) -> None:
    with pytest.raises(BadInput, match=f"^{label} is no day as nights are called; write it as 2026-03-01$"):
        check_label(label)


@pytest.mark.parametrize("label", ["day-1", "quiet", "7", "1.2", "2026-03-01b", "2026-03-01 again", "Zweite Nacht"])
def test_another_name_is_no_day(label: str) -> None:
    check_label(label)
    assert label_day(label) is None


def test_a_night_may_be_tomorrow_s_where_it_is_tomorrow_already_and_no_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night, "today", lambda: "2026-02-28")
    check_label("2026-03-01")
    with pytest.raises(BadInput, match="2026-03-02 is still to come"):
        check_label("2026-03-02")
    assert label_day("2026-03-01") == date(2026, 2, 28) + timedelta(days=1)


def test_no_new_night_is_dated_before_one_that_has_been(workspace: Workspace) -> None:
    begin_night(workspace, "2026-03-05")
    finish(workspace, "2026-03-05")
    begin_night(workspace, "2026-03-09")
    skip_night(workspace, "2026-03-09")
    with pytest.raises(BadInput, match="the night 2026-03-05 has been, so that 2026-03-04 can't be a new one"):
        begin_night(workspace, "2026-03-04")
    assert begin_night(workspace, "2026-03-05").finished, "its outcome is printed again"
    assert not begin_night(workspace, "2026-03-07").finished, "a skipped night was none"


def test_names_have_no_order(workspace: Workspace) -> None:
    for label in ("zebra", "2026-03-09", "ape"):
        begin_night(workspace, label)
        finish(workspace, label)


def test_a_skipped_night_runs_once_a_correction_waits(workspace: Workspace) -> None:
    run_night(workspace, "2026-03-05")
    with workspace.record.read() as store:
        first = store.nights.find("2026-03-05")
    assert first is not None and first.verdict == "skipped"
    assert run_night(workspace, "2026-03-05").verdict == "skipped"
    correct(workspace, "one")
    row = begin_night(workspace, "2026-03-05")
    assert not row.finished and row.gate_watermark > row.training_watermark == 0


def test_a_skipped_night_that_runs_late_is_the_last_one(workspace: Workspace) -> None:
    run_night(workspace, "monday")
    correct(workspace, "one")
    tuesday = begin_night(workspace, "tuesday").gate_watermark
    finish(workspace, "tuesday")
    assert begin_night(workspace, "monday").finished, "what it could have had is Tuesday's"
    correct(workspace, "two")
    assert begin_night(workspace, "monday").training_watermark == tuesday
    finish(workspace, "monday")
    with workspace.record.read() as store:
        assert [row.label for row in store.nights.all()] == ["tuesday", "monday"]


def test_a_night_that_did_something_is_not_run_again(workspace: Workspace) -> None:
    correct(workspace, "one")
    begin_night(workspace, "2026-03-05")
    finish(workspace, "2026-03-05", "no candidate")
    correct(workspace, "two")
    assert begin_night(workspace, "2026-03-05").verdict == "no candidate"


def test_yesterday_s_night_that_was_cut_short_comes_before_tonight_s(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    correct(workspace, "one")
    begin_night(workspace, "2026-03-09")
    with pytest.raises(Refused, match="finish it: errata nightly --date 2026-03-09"):
        run_night(workspace, "2026-03-10")
    ran: list[str] = []

    def run(place: Workspace, label: str, *_: object) -> Outcome:
        begin_night(place, label)
        ran.append(label)
        finish(place, label)
        return Outcome(night=label, verdict="reject")

    monkeypatch.setattr(loop_night, "_run", run)
    assert run_night(workspace).night == "2026-03-10"
    assert ran == ["2026-03-09", "2026-03-10"]
    assert "2026-03-09 was cut short and is finished first" in capfd.readouterr().err


def test_a_night_says_why_nobody_contended(workspace: Workspace) -> None:
    done = in_this_process("nightly", "--date", "quiet", "-w", workspace.root)
    assert "skipped: no correction is new since the last night; run it again when one is" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    few = Outcome(night="n", verdict="no candidate", reason="3 training rows, and at least 20 are wanted (mix.least)")
    assert night_reason(few) == few.reason
    assert "nothing to train on" in night_reason(replace(few, verdict="bootstrap"))
