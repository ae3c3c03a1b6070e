"""What the judges' say does to a decision of the gate."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.judging import IntervalEstimate, Judging, PanelItem, SwapConsistency
from errata.domain.hashing import sha256
from errata.wording.gate_sentences import reasons
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.paired import compare
from registry.evidence import read_evidence
from registry.policy import ANNUAL, SMALL
from tests.made_up_gate import drawn, gate, shipped
from tests.made_up_report import judges

DIFFERENCES = drawn(4.0, 280, 15.0)
CLUSTERS = [f"c{index % 70}" for index in range(280)]


def judged(consistency: float = 0.92, more: int = 900) -> Judging:
    """Judges that follow people closely."""
    labelled = [
        PanelItem(index, cluster, value / 40 + (0.1 if index % 2 else -0.1), {}, value)
        for index, (value, cluster) in enumerate(zip(DIFFERENCES, CLUSTERS, strict=True))
    ]
    unlabelled = [
        PanelItem(len(labelled) + index, f"c{index % 70}", value / 40, {}, None)
        for index, value in enumerate(drawn(4.0, more, 15.0))
    ]
    swap = SwapConsistency(IntervalEstimate(280, 70, consistency, None, None), 0.5)
    panel = judges()
    members = tuple(replace(judge, swap=swap) for judge in panel.judges)
    return replace(panel, judges=members, items=(*labelled, *unlabelled), n=len(labelled) + more)


@pytest.fixture
def helped(measured: dict[str, Any]) -> dict[str, Any]:
    comparison = compare(DIFFERENCES, [0.0] * 280, CLUSTERS, seed=1)
    return {**measured, "primary": asdict(with_wealth(comparison, DIFFERENCES))}


def test_a_judge_helps_annual_and_not_small(helped: dict[str, Any], tmp_path: Path) -> None:
    alone = gate(helped, shipped(), ANNUAL, tmp_path)
    assert alone.decision.verdict == "underpowered"
    found = gate(helped, shipped(), ANNUAL, tmp_path, judging=judged())
    assert found.decision.verdict == "promote", reasons(found.decision)
    assert found.decision.look.items > 600
    assert any(reason.startswith("judge_consistency: passed") for reason in reasons(found.decision))
    record, _ = read_evidence(found.record)
    assert record.scores["judges.json"] == sha256("judges.json")
    assert record.gate.powered == found.evidence.powered
    small = gate(helped, shipped(), SMALL, tmp_path, judging=judged()).decision
    assert not any("judge" in reason.lower() for reason in reasons(small))


def test_a_judge_that_did_not_see_every_item_has_no_say(helped: dict[str, Any], tmp_path: Path) -> None:
    whole = judged()
    decision = gate(helped, shipped(), ANNUAL, tmp_path, judging=replace(whole, items=whole.items[1:])).decision
    assert decision.verdict == "underpowered"
    assert "The judge has no say: it saw 279 of the 280 items, or others." in reasons(decision)


def test_an_unsteady_judge_has_no_say(helped: dict[str, Any], tmp_path: Path) -> None:
    decision = gate(helped, shipped(), ANNUAL, tmp_path, judging=judged(consistency=0.79)).decision
    assert decision.verdict == "underpowered"
    assert any(reason.startswith("judge_consistency: failed") for reason in reasons(decision))
    assert any("two orders" in reason for reason in reasons(decision))


def test_a_panel_without_a_say_is_as_if_nobody_had_been_asked(helped: dict[str, Any], tmp_path: Path) -> None:
    found = gate(helped, shipped(), ANNUAL, tmp_path, judging=replace(judged(), say=False))
    assert found.evidence == gate(helped, shipped(), ANNUAL, tmp_path).evidence
    assert "judges.json" not in read_evidence(found.record)[0].scores


def test_missing_answers_of_judges_block(helped: dict[str, Any], tmp_path: Path) -> None:
    whole = judged()
    silent = replace(whole.judges[1], missing={"bo is silent": 3})
    partial = replace(whole, judges=(whole.judges[0], silent), complete=False)
    decision = gate(helped, shipped(), ANNUAL, tmp_path, judging=partial).decision
    assert decision.verdict == "blocked"
    assert reasons(decision)[0] == "3 answers of judges are missing (bo is silent); mend that before the next night."


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_judge_s_evidence_that_is_no_number_blocks(
    helped: dict[str, Any], place: int, value: float, tmp_path: Path
) -> None:
    """Of an item that people labelled, and of one that nobody did."""
    whole = judged()
    items = list(whole.items)
    items[place] = replace(items[place], difference=value)
    decision = gate(helped, shipped(), ANNUAL, tmp_path, judging=replace(whole, items=tuple(items))).decision
    assert (decision.verdict, "the judge's evidence" in reasons(decision)[0]) == ("blocked", True)
