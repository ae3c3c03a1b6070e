"""Worse than equal chapters: an alarm wherever somebody looks at where the loop stands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.cli.print_status import print_nights
from errata.database.record import Record
from errata.documents.decision import Decision, OutcomeDecision
from errata.documents.equal_split import EqualSplitAlarm
from errata.documents.metric_values import ModelMean
from errata.documents.outcome import Outcome
from errata.settings import FILE

CANDIDATE = OutcomeDecision("candidate", "b", True, "e" * 64, Decision("promote", "better"))
LOW = Outcome(
    night="two",
    verdict="promote",
    equal_split_f1=19.4,
    means={name: ModelMean(n=41, f1=f1) for name, f1 in (("day0", 15.0), ("champion", 15.6), ("candidate", 21.0))},
    champion="a",
    decisions=(CANDIDATE,),
)


def test_it_is_raised_by_who_is_in_force() -> None:
    assert LOW.equal_split_alarm("a") == EqualSplitAlarm("champion", 41, 15.6, 19.4)
    assert LOW.equal_split_alarm("b") is None, "the promoted one is above the floor"
    assert LOW.equal_split_alarm("c") is None, "the night did not score it"
    lower = replace(LOW, means={**LOW.means, "candidate": ModelMean(n=41, f1=19.3)})
    assert lower.equal_split_alarm("b") == EqualSplitAlarm("candidate", 41, 19.3, 19.4)
    assert replace(LOW, equal_split_f1=None).equal_split_alarm("a") is None
    assert replace(LOW, equal_split_f1=15.6).equal_split_alarm("a") is None, "as good as the floor is not below it"
    assert replace(LOW, means={"champion": ModelMean()}).equal_split_alarm("a") is None


def test_status_says_it_first_and_a_quiet_night_does_not_silence_it(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / FILE).touch()
    (tmp_path / "errata.db").write_bytes(empty.read_bytes())
    record = Record(f"sqlite:///{tmp_path / 'errata.db'}", tmp_path)
    with record.write() as store:
        store.aliases.assign_alias("champion", "a", "day0", "test", None, None)
        for outcome in (LOW, Outcome(night="three", verdict="skipped")):
            store.nights.begin(outcome.night, 1, 2)
            store.nights.finish(outcome)

    def status(*more: str) -> str:
        return CliRunner().invoke(app, ["status", "-w", str(tmp_path), *more], catch_exceptions=False).stdout

    assert " ".join(status().split()).startswith(
        "Alarm: the champion is worse than equal chapters. On 41 fresh items it scores 15.6 points"
    )
    assert json.loads(status("--json"))["equal_split_alarm"]["equal_split_f1"] == 19.4
    with record.write() as store:
        store.aliases.assign_alias("champion", "b", "promote", "test", None, None)
    assert status().startswith("workspace") and json.loads(status("--json"))["equal_split_alarm"] is None
    record.close()


def test_the_loop_s_table_says_of_which_night(capsys: pytest.CaptureFixture[str]) -> None:
    print_nights([LOW, replace(LOW, night="three", promoted="b")])
    printed = capsys.readouterr().out
    assert printed.count("Alarm: ") == 1
    assert "two: Alarm: the champion is worse than equal chapters." in printed
