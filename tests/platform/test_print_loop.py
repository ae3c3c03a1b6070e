"""What `make loop` prints at its end: each night's difference with its error, and how often such verdicts are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from errata.cli.print_status import print_loop
from errata.documents.decision import Decision, OutcomeDecision, ShrunkenEffect
from errata.documents.outcome import Outcome
from evaluation.statistics.paired import compare
from registry.policy import SMALL

FIRST = Outcome(night="day-1", verdict="bootstrap")
CLUSTERS = [f"c{at % 8}" for at in range(48)]
COMPARISON = compare([60.0 + at % 5 for at in range(48)], [57.0] * 48, CLUSTERS, 1)
DECISION = Decision("promote", "better", SMALL.as_preset(), COMPARISON, shrunken=ShrunkenEffect(7, 5, 2.12, 0.031))
SECOND = Outcome(
    night="day-2", verdict="promote", decisions=(OutcomeDecision("candidate", "c", True, "e" * 64, DECISION),)
)


def test_differences_come_with_their_interval_and_p_and_the_known_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    waits = replace(SECOND.decisions[0], promoted=False, decision=replace(DECISION, verdict="underpowered"))
    print_loop([FIRST, SECOND, replace(SECOND, night="day-3", decisions=(waits,))])
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if line.split()[1:2] == ["candidate"]]
    assert [row[0] for row in rows] == ["day-2", "day-3"], "the first night had nobody to compare"
    low, high = COMPARISON.low or 0.0, COMPARISON.high or 0.0
    assert rows[0][2:6] == ["48", f"{COMPARISON.effect:+.1f}", f"[{low:+.1f},", f"{high:+.1f}]"]
    assert float(rows[0][6]) == pytest.approx(COMPARISON.p_value, rel=0.06)
    assert printed.count("Known error of the preset small: ") == 1
    assert printed.count("the gain is +2.1 points; a regression has a chance of 3 %") == 1, "of the promotion"
    assert "day-2: Drawn towards this team’s 7 past candidates" in printed


def test_nights_on_which_nobody_contended_have_no_differences(capsys: pytest.CaptureFixture[str]) -> None:
    print_loop([FIRST])
    printed = capsys.readouterr().out
    assert "minus champion" not in printed and "Known error" not in printed


def test_what_an_older_version_decided_has_a_row_of_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    older = OutcomeDecision("candidate", "c", True, "", Decision("promote", notes=("It is better.",)))
    print_loop([replace(SECOND, decisions=(older,))])
    printed = capsys.readouterr().out
    assert "–" in printed and "Known error" not in printed
