"""What a version in MLflow shows of the gate's decision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from errata.documents.decision import Decision
from errata.documents.evidence import Evidence
from errata.loop.registering import evidence_tags, version_description
from evaluation.statistics.paired import compare
from registry.gate_result import GateResult
from tests.made_up_decision import RESULT

GAIN = compare([52.0, 61.0, 57.0, 66.0], [50.0, 55.0, 56.0, 60.0], ["a", "b", "c", "d"], seed=1)
NOTHING = compare([], [], [], seed=1)


def result(comparison: object) -> GateResult:
    assert isinstance(comparison, type(GAIN))
    decision = Decision("promote", cause="better", comparison=comparison, guardrails=(RESULT,))
    return GateResult("candidate", "c" * 64, Evidence(comparison, ()), decision, Path("r.json"), "f" * 64, {})


def test_a_version_shows_reason_interval_and_guardrails() -> None:
    tags = evidence_tags(result(GAIN))
    assert tags["errata.verdict"] == "promote" and tags["errata.evidence"] == "f" * 64
    assert tags["errata.reason"] == "It is better on fresh items."
    assert tags["errata.interval"] == f"{GAIN.low:+.1f} to {GAIN.high:+.1f} (90 %)"
    assert tags["errata.guardrails"] == "anchor passed"
    page = version_description(result(GAIN)).splitlines()
    assert page[0] == "promote: It is better on fresh items."
    assert any(line.startswith("- anchor: passed, +0.3 points of F1 and at worst -0.6") for line in page)


def test_what_is_not_known_is_left_empty() -> None:
    tags = evidence_tags(result(NOTHING))
    assert [tags[f"errata.{name}"] for name in ("effect", "interval", "p_value")] == ["", "", ""]


def test_a_guardrail_that_is_only_shown_stands_on_the_page_alone() -> None:
    shown = replace(RESULT, name="vintage_day-1", decides=False)
    decided = result(GAIN)
    decided = replace(decided, decision=replace(decided.decision, guardrails=(RESULT, shown)))
    assert evidence_tags(decided)["errata.guardrails"] == "anchor passed"
    assert "vintage_day-1" in version_description(decided)
