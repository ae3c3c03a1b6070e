"""From where a night measured it to a guardrail of the gate, by either preset."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from errata.wording.gate_sentences import reasons
from registry.evidence import read_evidence
from registry.policy import ANNUAL, SMALL
from tests.made_up_gate import COMPARISON, gate, many, shipped


def test_annual_takes_every_guardrail_from_where_it_was_measured(measured: dict[str, Any], tmp_path: Path) -> None:
    found = gate(measured, shipped(), ANNUAL, tmp_path)
    assert found.decision.verdict == "promote", reasons(found.decision)
    assert {rail.name for rail in found.evidence.guardrails} == {
        "anchor", "best_anchor", "collapses", "day0_retention", "latency", "parity_device", "parity_server", "parsable",
        "size", "slice_long", "starts_server", "forgetting", "vintage_2026-02-01",
    }  # fmt: skip
    assert {rail.status for rail in found.decision.guardrails if rail.n is not None} == {"passed"}
    record, _ = read_evidence(found.record)
    assert (record.decision, record.gate, record.policy) == (found.decision, found.evidence, "annual")
    assert record.decision.test is not None and record.decision.test.number == 1


def test_small_judges_the_same_evaluation_without_what_it_does_not_ask_for(
    measured: dict[str, Any], tmp_path: Path
) -> None:
    found = gate(measured, shipped(), SMALL, tmp_path)
    assert found.decision.verdict == "promote"
    assert {rail.name for rail in found.evidence.guardrails} == {
        "anchor", "best_anchor", "collapses", "day0_retention", "latency", "parity_device", "parity_server", "parsable",
        "size", "forgetting", "vintage_2026-02-01",
    }  # fmt: skip


def test_a_night_that_forgets_is_rejected_and_says_which_night_was_forgotten(
    measured: dict[str, Any], tmp_path: Path
) -> None:
    lost = {**asdict(COMPARISON), "effect": -9.0, "low": -12.0, "high": -6.0, "se": 1.5, "n": 40, "clusters": 12}
    measured["more_guardrails"] |= {"forgetting": lost, "vintage_2026-02-01": lost}
    decision = gate(measured, shipped(), SMALL, tmp_path).decision
    assert (decision.verdict, "fails forgetting" in reasons(decision)[0]) == ("reject", True), reasons(decision)
    assert any(reason.startswith("vintage_2026-02-01: failed, -9.0 points") for reason in reasons(decision))


@pytest.mark.parametrize("missing", ["best_anchor", "latency", "starts_server", "anchor"])
def test_annual_blocks_without_what_it_requires(measured: dict[str, Any], missing: str, tmp_path: Path) -> None:
    measured["guardrails"].pop(missing, None)
    measured["more_guardrails"].pop(missing, None)
    parity = shipped()
    if missing == "latency":
        del parity["server"]["footprint"]
    if missing == "starts_server":
        del parity["server"]["agreement"]
    decision = gate(measured, parity, ANNUAL, tmp_path).decision
    assert (decision.verdict, decision.test) == ("blocked", None)
    assert reasons(decision)[0] == f"{missing} is required, but was not measured."


def test_starts_that_the_export_gives_otherwise_fail(measured: dict[str, Any], tmp_path: Path) -> None:
    decision = gate(
        measured, shipped(agreement={"answers": 99.0, "starts": 98.9, "titles": 99.0}), ANNUAL, tmp_path
    ).decision
    assert (decision.verdict, "fails starts_server" in reasons(decision)[0]) == ("reject", True)


def test_faults_that_the_evaluation_found_block_and_so_does_a_guardrail_that_nobody_knows(
    measured: dict[str, Any], tmp_path: Path
) -> None:
    overlap = {**measured, "faults": ["2 fresh items are of a leak group that the candidate was trained on."]}
    misspelt = {**measured, "guardrails": {**measured["guardrails"], "ancor": measured["primary"]}}
    lost = {**measured, "more_guardrails": {**measured["more_guardrails"], "slise_long": measured["primary"]}}
    faulty = ((overlap, "leak group"), (misspelt, "ancor is no guardrail"), (lost, "slise_long is no guardrail"))
    for odd, word in faulty:
        for policy in (SMALL, ANNUAL):
            decision = gate(odd, shipped(), policy, tmp_path).decision
            assert (decision.verdict, word in reasons(decision)[0]) == ("blocked", True)


def test_small_slices_raise_an_alarm_and_do_not_decide(measured: dict[str, Any], tmp_path: Path) -> None:
    measured["more_guardrails"] |= {
        "slice_talks": many(-9.0, n=140, spread=0.2),
        "slice_short": many(0.5, n=700, spread=0.2),
        "slice_songs": many(0.3, n=140, spread=0.2),
    }
    decision = gate(measured, shipped(), ANNUAL, tmp_path).decision
    assert decision.verdict == "promote"
    alarms = [reason for reason in reasons(decision) if reason.startswith("Alarm: ")]
    assert len(alarms) == 1 and alarms[0].startswith("Alarm: slice_talks seems to lose ")
    assert any(reason.startswith("slice_talks: not evaluable, 140 items where 150") for reason in reasons(decision))
