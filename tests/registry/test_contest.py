"""From a night's scores to decisions: which contender is promoted, and which one waits."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from errata.domain.hashing import sha256
from errata.night import Night
from evaluation.statistics import Comparison, compare
from registry.contest import Contest, chosen, judge, read_parity, waiting
from registry.evidence import read_evidence
from registry.gate import SMALL, Decision, Evidence, Verdict, decide

NIGHT = Night("2026-03-01", 30, 40, "d" * 64, "c" * 64, 20, "", 0, "e" * 64)
COMPARISON = compare([80.0, 90.0, 70.0, 60.0], [60.0, 70.0, 75.0, 50.0], ["x", "y", "z", "x"], seed=7)


def contest(name: str, verdict: Verdict, effect: float | None = 1.0, low: float | None = 0.5) -> Contest:
    evidence = Evidence(replace(COMPARISON, effect=effect, low=low), ())
    return Contest(name, name * 4, evidence, Decision(verdict, ("why",), None), Path("record.json"), "f" * 64, {})


def test_the_surest_gain_is_chosen_not_the_largest() -> None:
    sure, large = contest("candidate", "promote", 4.0, 2.0), contest("challenger", "promote", 6.0, 1.0)
    assert chosen([sure, large]) is chosen([large, sure]) is sure
    assert waiting([sure, large]) is None


def test_only_what_the_gate_promotes_is_chosen() -> None:
    for verdict in ("reject", "inconclusive", "underpowered", "blocked"):
        assert chosen([contest("candidate", verdict, 50.0, 40.0)]) is None  # type: ignore[arg-type]
    assert chosen([]) is None


def test_of_the_undecided_the_one_whose_gain_is_surest_waits() -> None:
    """Else a lucky newcomer with a night's items would push out the one that has gathered evidence."""
    small, large = contest("candidate", "inconclusive", 6.0, -9.0), contest("challenger", "underpowered", 3.0, -1.0)
    assert waiting([small, large]) is waiting([large, small]) is large
    unmeasured = contest("candidate", "underpowered", None, None)
    assert waiting([unmeasured]) is unmeasured
    assert waiting([unmeasured, small]) is small
    assert waiting([]) is None


def test_what_was_rejected_or_blocked_does_not_wait() -> None:
    undecided = contest("challenger", "inconclusive", 0.1)
    assert waiting([contest("candidate", "reject", 9.0), undecided]) is undecided
    assert waiting([contest("candidate", "blocked", 9.0), contest("challenger", "reject", 9.0)]) is None


def test_nobody_waits_when_another_is_promoted() -> None:
    better, undecided = contest("candidate", "promote"), contest("challenger", "inconclusive", 9.0)
    assert chosen([better, undecided]) is better
    assert waiting([better, undecided]) is None


@pytest.fixture
def contender(tmp_path: Path) -> dict[str, Any]:
    for name in ("items.parquet", "evaluation.json"):
        (tmp_path / name).write_text(name)
    return {
        "name": "candidate",
        "model": "b" * 64,
        "watermark": 30,
        "primary": asdict(COMPARISON),
        "against_day0": asdict(COMPARISON),
        "guardrails": {name: asdict(COMPARISON) for name in ("anchor", "day0_retention", "parsable")},
    }


def test_a_decision_is_written_down_with_all_that_it_stands_on(contender: dict[str, Any], tmp_path: Path) -> None:
    parity = {"server": {"model": "5" * 64, "f1": asdict(COMPARISON)}}
    found = judge(NIGHT, contender, parity, SMALL, tmp_path)
    assert (found.name, found.model, found.exports) == ("candidate", "b" * 64, {"server": "5" * 64})
    assert found.decision == decide(found.evidence, SMALL)
    assert {guardrail.name for guardrail in found.evidence.guardrails} == {
        "anchor", "day0_retention", "parsable", "parity_server",
    }  # fmt: skip
    record, digest = read_evidence(found.record)
    assert digest == found.sha256 == sha256(found.record.read_bytes())
    assert (record.candidate, record.champion, record.day0) == ("b" * 64, NIGHT.champion, NIGHT.day0)
    assert (record.training_watermark, record.gate_watermark) == (30, 40)
    assert (record.decision, record.gate) == (found.decision, found.evidence)
    assert record.scores == {name: sha256(name) for name in ("items.parquet", "evaluation.json")}
    assert record.exports == found.exports
    assert isinstance(found.evidence.primary, Comparison)


def test_a_challenger_keeps_the_watermark_that_it_was_trained_to(contender: dict[str, Any], tmp_path: Path) -> None:
    found = judge(NIGHT, {**contender, "name": "challenger", "watermark": 11}, {}, SMALL, tmp_path)
    assert read_evidence(found.record)[0].training_watermark == 11
    assert found.exports == {}
    assert found.decision.verdict != "promote", "nothing was scored of what would ship"


def test_a_night_that_exported_nothing_has_no_parity(tmp_path: Path) -> None:
    assert read_parity(tmp_path / "parity.json") == {}
    (tmp_path / "parity.json").write_text('{"server": {"model": "5"}}')
    assert read_parity(tmp_path / "parity.json") == {"server": {"model": "5"}}
