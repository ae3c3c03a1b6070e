"""From a night's scores to decisions: which contender is promoted, and which one waits."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, OutcomeDecision, Verdict
from errata.documents.document import as_json, from_json, parse, write_document
from errata.documents.evaluation import ContenderScores
from errata.documents.evidence import Evidence
from errata.documents.judging import IntervalEstimate, Judging, PanelItem, SwapConsistency
from errata.documents.night import Night
from errata.documents.outcome import Outcome
from errata.documents.parity import Parity, ParityReport
from errata.domain.hashing import sha256
from errata.wording.gate_sentences import reasons
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.online import gamma
from evaluation.statistics.paired import compare
from registry.evidence import read_evidence
from registry.gate import decide
from registry.gate_result import GateInput, GateResult, next_challenger, read_parity, run_gates, winner_of
from registry.history import GateHistory
from registry.policy import ANNUAL, SMALL, Policy
from tests.made_up_report import judges

NIGHT = Night("2026-03-01", 30, 40, "d" * 64, "c" * 64, 20, "", 0, "e" * 64)
COMPARISON = compare([80.0, 90.0, 70.0, 60.0], [60.0, 70.0, 75.0, 50.0], ["x", "y", "z", "x"], seed=7)


def gate(
    contender: dict[str, Any],
    parity: dict[str, Any],
    policy: Policy,
    folder: Path,
    history: GateHistory | None = None,
    judging: Judging | None = None,
) -> GateResult:
    [result] = run_gates(NIGHT, [gate_input(contender, parity, judging)], policy, folder, history or GateHistory())
    return result


def gate_input(contender: dict[str, Any], parity: dict[str, Any], judging: Judging | None = None) -> GateInput:
    scores = parse(ContenderScores, contender, "the contender", "mend the test")
    return GateInput(scores, from_json(ParityReport, parity, "parity.json", "mend the test").exports, judging)


def made(name: str, verdict: Verdict, effect: float | None = 1.0, low: float | None = 0.5) -> GateResult:
    evidence = Evidence(replace(COMPARISON, effect=effect, low=low), ())
    return GateResult(name, name * 4, evidence, Decision(verdict), Path("record.json"), "f" * 64, {})


def test_only_what_the_gate_promotes_is_chosen() -> None:
    for verdict in ("reject", "inconclusive", "underpowered", "blocked"):
        assert winner_of([made("candidate", verdict, 50.0, 40.0)]) is None
    assert winner_of([]) is None


def test_of_the_undecided_the_one_whose_gain_is_surest_waits() -> None:
    """Else a lucky newcomer with a night's items would push out the one that has gathered evidence."""
    small, large = (
        made("candidate", "inconclusive", 6.0, -9.0),
        made("challenger", "underpowered", 3.0, -1.0),
    )
    assert next_challenger([small, large]) is next_challenger([large, small]) is large
    unmeasured = made("candidate", "underpowered", None, None)
    assert next_challenger([unmeasured]) is unmeasured
    assert next_challenger([unmeasured, small]) is small
    assert next_challenger([]) is None


def test_what_was_rejected_does_not_wait() -> None:
    undecided = made("challenger", "inconclusive", 0.1)
    assert next_challenger([made("candidate", "reject", 9.0), undecided]) is undecided
    assert next_challenger([made("candidate", "reject", 9.0), made("challenger", "reject", 9.0)]) is None


def test_what_could_not_be_judged_waits_where_nobody_else_does() -> None:
    blocked = made("candidate", "blocked", 9.0)
    assert next_challenger([blocked, made("challenger", "reject", 9.0)]) is blocked
    assert next_challenger([blocked]) is blocked
    assert next_challenger([blocked, made("challenger", "underpowered", 0.1, -9.0)]).name == "challenger"
    over = replace(blocked, decision=replace(blocked.decision, final=True))
    assert next_challenger([over]) is None


def test_nobody_waits_when_another_is_promoted() -> None:
    better, undecided = made("candidate", "promote"), made("challenger", "inconclusive", 9.0)
    assert winner_of([better, undecided]) is better
    assert next_challenger([better, undecided]) is None


def test_who_waits_and_is_blocked_for_a_night_keeps_the_place_that_nobody_else_wants() -> None:
    held_up, newcomer = (
        made("challenger", "blocked", 3.0, 1.0),
        made("candidate", "underpowered", 1.0, -5.0),
    )
    assert next_challenger([made("candidate", "blocked"), held_up]) is held_up
    assert next_challenger([made("candidate", "reject"), held_up]) is held_up
    assert next_challenger([newcomer, held_up]) is newcomer


@pytest.fixture
def contender(tmp_path: Path) -> dict[str, Any]:
    for name in ("items.parquet", "evaluation.json", "judges.json"):
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
    parity = {"server": {"model": "5" * 64, "size": 1, "f1": asdict(COMPARISON)}}
    found = gate(contender, parity, SMALL, tmp_path)
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
    found = gate({**contender, "name": "challenger", "watermark": 11}, {}, SMALL, tmp_path)
    assert read_evidence(found.record)[0].training_watermark == 11
    assert found.exports == {}
    assert found.decision.verdict != "promote", "nothing was scored of what would ship"


def test_a_night_that_exported_nothing_has_no_parity(tmp_path: Path) -> None:
    assert read_parity(tmp_path / "parity.json") == {}
    export = Parity(model="5", size=1, f1=COMPARISON)
    write_document(tmp_path / "parity.json", ParityReport({"server": export}))
    assert read_parity(tmp_path / "parity.json") == {"server": export}


# the preset annual ---------------------------------------------------------------------------------------------------


def drawn(gain: float, n: int, spread: float) -> list[float]:
    """Differences with exactly that mean."""
    values = np.random.default_rng(n).normal(0, spread, n)
    return [float(value) for value in values - values.mean() + gain]


def many(gain: float, n: int = 700, spread: float = 15.0) -> dict[str, Any]:
    """A comparison of `n` items in 70 clusters, as `evaluation.json` has it."""
    new = drawn(gain, n, spread) if spread else [gain] * n
    comparison = compare(new, [0.0] * n, [f"c{index % 70}" for index in range(n)], seed=1)
    return asdict(with_wealth(comparison, new))


@pytest.fixture
def measured(contender: dict[str, Any]) -> dict[str, Any]:
    """A contender with all that `annual` asks of the evaluation."""
    same = many(0.0, spread=0.0)
    return {
        **contender,
        "primary": many(4.0),
        "guardrails": dict.fromkeys(("anchor", "day0_retention", "collapses", "parsable"), same),
        "more_guardrails": {"best_anchor": same, "forgetting": same, "slice_long": same, "vintage_2026-02-01": same},
    }


def shipped(**server: Any) -> dict[str, Any]:
    """`parity.json`."""
    one = replace(Comparison(**many(0.0, spread=0.0)), n=1, effect=-1.0, se=None)
    server = {"footprint": {"latency": many(0.0, n=20, spread=0.0), "size": asdict(one)}, **server}
    same, agrees = many(0.0, spread=0.0), {"answers": 99.0, "starts": 99.4, "titles": 99.0}
    return {
        "server": {"model": "5" * 64, "size": 1, "f1": same, "agreement": agrees, **server},
        "device": {"model": "d" * 64, "size": 1, "f1": same, "agreement": agrees},
    }


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


def two(measured: dict[str, Any], candidate: dict[str, Any], challenger: dict[str, Any]) -> list[GateInput]:
    """The contenders of one night, with these primaries."""
    return [
        gate_input({**measured, "primary": candidate}, shipped()),
        gate_input({**measured, "name": "challenger", "model": "a" * 64, "primary": challenger}, shipped()),
    ]


def outcome(results: list[GateResult]) -> Outcome:
    """As a night's outcome keeps them, through JSON."""
    winner = winner_of(results)
    entries = tuple(
        OutcomeDecision(result.name, result.model, result is winner, result.sha256, result.decision)
        for result in results
    )
    return from_json(Outcome, as_json(Outcome(night="2", verdict="?", decisions=entries)), "it", "mend it")


@pytest.mark.parametrize("policy", [SMALL, ANNUAL])
@pytest.mark.parametrize("names", [("candidate", "challenger"), ("challenger", "candidate")])
def test_of_two_that_pass_the_surest_gain_is_promoted_not_the_largest(
    measured: dict[str, Any], policy: Policy, names: tuple[str, str], tmp_path: Path
) -> None:
    """Whichever of them is decided on first; and the other's record moves no alias, by hand either."""
    sure, large = many(4.0), many(4.5, spread=28.0)
    assert large["low"] < sure["low"]
    primaries = {names[0]: sure, names[1]: large}
    results = run_gates(NIGHT, two(measured, **primaries), policy, tmp_path, GateHistory())
    winner, other = (next(result for result in results if result.name == name) for name in names)
    assert winner_of(results) is winner and winner.decision.verdict == "promote"
    assert (other.decision.verdict, other.decision.cause, other.decision.final) == ("reject", "another is surer", True)
    assert "so is another, whose gain is surer" in reasons(other.decision)[0]
    assert next_challenger(results) is None
    for result in results:
        assert read_evidence(result.record)[0].decision == result.decision
    assert len(list(tmp_path.glob("?" * 64 + ".json"))) == 2, "no record that says otherwise is left"


def test_one_promotion_is_one_discovery(measured: dict[str, Any], tmp_path: Path) -> None:
    """The loser's test is spent and earns nothing, and no level of the night counts on a discovery of that night."""
    level = [0.05 * gamma(1), 0.05 * gamma(2), 0.05 * gamma(3)]
    for lucky, primaries in enumerate([(many(5.0), many(4.0)), (many(4.0), many(5.0))]):
        results = run_gates(NIGHT, two(measured, *primaries), ANNUAL, tmp_path, GateHistory())
        tests = [result.decision.test for result in results]
        assert [test.number for test in tests] == [1, 2]
        assert [test.level for test in tests] == pytest.approx(level[:2])
        assert [test.discovery for test in tests] == [place == lucky for place in range(2)]
        assert all(test.p_value <= test.level for test in tests)
        assert tests[1].wealth == pytest.approx(0.05 - level[0] - level[1] + 0.05)
        assert tests[0].wealth == pytest.approx(0.05 - level[0] + (0.05 if lucky == 0 else 0))
        history = GateHistory.of([outcome(results)])
        assert history.tests == tuple(tests)
        again = gate(measured, shipped(), ANNUAL, tmp_path, history)
        assert (again.evidence.nights, again.decision.test.number) == (2, 3)
        assert again.decision.test.level == pytest.approx(level[2] + 0.05 * gamma(2 - lucky))
        assert history.looks == ("b" * 64, "a" * 64)


def test_two_discoveries_of_one_night_that_were_written_before_count_as_one(
    measured: dict[str, Any], tmp_path: Path
) -> None:
    results = run_gates(NIGHT, two(measured, many(5.0), many(4.0)), ANNUAL, tmp_path, GateHistory())
    now = outcome(results)
    first, second = now.decisions
    twice = replace(
        second.decision,
        verdict="promote",
        cause="better",
        test=replace(second.decision.test, discovery=True, wealth=0.2),
    )
    before = GateHistory.of([replace(now, decisions=(first, replace(second, decision=twice)))])
    after = GateHistory.of([now])
    assert [test.discovery for test in before.tests] == [True, False]
    assert (
        gate(measured, shipped(), ANNUAL, tmp_path, before).decision
        == gate(measured, shipped(), ANNUAL, tmp_path, after).decision
    ), "level and what is left as well"


def test_who_waits_goes_on_waiting_and_whose_test_is_spent_does_not(measured: dict[str, Any], tmp_path: Path) -> None:
    few, lucky = many(1.0, n=200), many(3.0, n=200)
    challenger = gate({**measured, "name": "challenger", "primary": few}, shipped(), ANNUAL, tmp_path)
    candidate = gate({**measured, "primary": lucky}, shipped(), ANNUAL, tmp_path)
    assert {found.decision.verdict for found in (challenger, candidate)} == {"underpowered"}
    assert next_challenger([candidate, challenger]) is next_challenger([challenger, candidate]) is challenger
    spent = gate({**measured, "name": "challenger", "primary": many(0.9)}, shipped(), ANNUAL, tmp_path)
    assert (spent.decision.verdict, spent.decision.final) == ("inconclusive", True)
    assert next_challenger([candidate, spent]) is candidate
    assert next_challenger([spent]) is None


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
