"""From a night's scores to decisions: which contender is promoted, and which one waits."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, OutcomeDecision, Verdict
from errata.documents.document import as_json, from_json, write_document
from errata.documents.evidence import Evidence
from errata.documents.outcome import Outcome
from errata.documents.parity import Parity, ParityReport
from errata.domain.hashing import sha256
from errata.wording.gate_sentences import reasons
from evaluation.statistics.online import gamma
from registry.evidence import read_evidence
from registry.gate import decide
from registry.gate_result import GateInput, GateResult, next_challenger, run_gates, winner_of
from registry.history import GateHistory
from registry.policy import ANNUAL, SMALL, Policy
from tests.made_up_gate import COMPARISON, NIGHT, gate, gate_input, many, shipped


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
    assert ParityReport.read(tmp_path / "parity.json") == ParityReport()
    export = Parity(model="5", size=1, f1=COMPARISON)
    write_document(tmp_path / "parity.json", ParityReport({"server": export}))
    assert ParityReport.read(tmp_path / "parity.json").exports == {"server": export}


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
