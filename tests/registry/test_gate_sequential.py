"""The preset sequential: one challenger at a time, looked at every night for a few nights."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from errata.documents.comparison import Comparison
from errata.documents.decision import Decision, OutcomeDecision, Wager
from errata.documents.document import as_json, from_json
from errata.documents.evidence import Evidence, Fault
from errata.documents.outcome import Outcome
from errata.documents.params import GateParams
from errata.wording.gate_sentences import reasons
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.paired import compare
from registry.gate import decide
from registry.history import GateHistory
from registry.policy import SEQUENTIAL, SMALL, preset
from tests.made_up_decision import recorded

CHANNELS = 24
UNCHANGED = compare([50.0] * 120, [50.0] * 120, [str(index % 12) for index in range(120)], seed=1)
NAMES = tuple(limit.name for limit in SEQUENTIAL.limits if limit.required)


def drawn(gain: float, items: int, spread: float = 18.0) -> Comparison:
    """Differences with exactly that mean, from 24 channels."""
    values = np.random.default_rng(items).normal(0, spread, items)
    differences = [float(value) for value in (values - values.mean() + gain).clip(-100, 100)]
    names = [str(index % CHANNELS) for index in range(items)]
    return with_wealth(compare(differences, [0.0] * items, names, seed=1), differences)


def evidence(primary: Comparison, nights: int = 1, place_taken: bool = False, **measured: Comparison) -> Evidence:
    guardrails = {**dict.fromkeys(NAMES, UNCHANGED), **measured}
    made = tuple(SEQUENTIAL.guardrail(name, comparison) for name, comparison in guardrails.items())
    return Evidence(primary, made, nights=nights, place_taken=place_taken)


def lost(points: float, n: int = 120) -> Comparison:
    return dataclasses.replace(UNCHANGED, n=n, effect=-points, low=-points, high=-points)


BETTER, EVEN, WORSE, FEW = drawn(6.0, 260), drawn(0.5, 260), drawn(-6.0, 260), drawn(12.0, 39)


MAYBE = dataclasses.replace(UNCHANGED, effect=-1.0, low=-3.5, high=1.5, se=1.4, jackknife_se=1.4)
"""Fails its margin, and may yet turn out to be no loss at all."""


@pytest.mark.parametrize(
    ("case", "verdict", "cause", "final"),
    [
        (evidence(BETTER), "promote", "better", True),
        (evidence(EVEN), "underpowered", "waits", False),
        (evidence(EVEN, nights=4), "underpowered", "waits", False),
        (evidence(EVEN, nights=5), "inconclusive", "let go", True),
        (evidence(WORSE), "reject", "worse", True),
        (evidence(FEW), "underpowered", "waits", False),
        (evidence(BETTER, nights=5), "promote", "better", True),
        (evidence(BETTER, place_taken=True), "inconclusive", "place taken", True),
        (evidence(BETTER, anchor=lost(3.1)), "reject", "better, but harmful", True),
        (evidence(EVEN, anchor=lost(3.1)), "reject", "harmful", True),
        # One unreadable answer of 150 is too many, and of 325 it isn't.
        (evidence(EVEN, parsable=lost(0.67, n=150)), "underpowered", "waits", False),
        (evidence(BETTER, parsable=lost(0.67, n=150)), "underpowered", "better, but harmful", False),
        (evidence(BETTER, nights=5, parsable=lost(0.67, n=150)), "inconclusive", "let go", True),
        (evidence(BETTER, anchor=MAYBE), "underpowered", "better, but harmful", False),
        (evidence(BETTER, nights=5, anchor=MAYBE), "inconclusive", "let go", True),
        (evidence(BETTER, anchor=lost(0, n=19)), "underpowered", "guardrails not evaluable", False),
        (evidence(BETTER, nights=5, anchor=lost(0, n=19)), "inconclusive", "let go", True),
        (evidence(compare([], [], [], seed=1)), "underpowered", "waits", False),
        (evidence(dataclasses.replace(BETTER, better_wealth=None)), "underpowered", "waits", False),
        (evidence(dataclasses.replace(BETTER, better_wealth=4.28)), "underpowered", "waits", False),
        (evidence(dataclasses.replace(BETTER, jackknife_se=3.0)), "underpowered", "waits", False),
        (evidence(dataclasses.replace(BETTER, better_wealth=9e9)), "promote", "better", True),
    ],
)
def test_each_verdict(case: Evidence, verdict: str, cause: str, final: bool) -> None:
    decision = decide(case, SEQUENTIAL)
    assert (decision.verdict, decision.cause, decision.final) == (verdict, cause, final)
    assert reasons(decision)[-1].startswith("Known error of the preset sequential: ")
    assert decide(recorded(case), SEQUENTIAL) == decision


def test_who_is_blocked_holds_the_place_no_longer_than_anybody_else() -> None:
    """What is missing for ever, as a judge that is gone, would else keep every newcomer from being tested."""
    blocked = dataclasses.replace(evidence(BETTER), faults=(Fault("answers missing", "judges", "down", "3"),))
    looks = [decide(dataclasses.replace(blocked, nights=night), SEQUENTIAL) for night in (1, 4, 5, 6)]
    assert [(look.verdict, look.final) for look in looks] == [
        ("blocked", False),
        ("blocked", False),
        ("blocked", True),
        ("blocked", True),
    ]


def test_the_bet_is_told_and_kept() -> None:
    decision = decide(evidence(EVEN, nights=3), SEQUENTIAL)
    assert decision.wager == Wager(
        wealth=pytest.approx(math.exp(EVEN.better_wealth)),
        worse=pytest.approx(math.exp(EVEN.worse_wealth)),
        p_value=decision.comparison.p_value,
        night=3,
        begun=0,
    )
    sentences = reasons(decision)
    assert sentences[0] == "It gathers evidence: this was night 3 of 5, with 260 items so far."
    assert any("times the stake, and 73 times is asked" in sentence for sentence in sentences)
    assert "The items come from 24 channels, which weigh as much as 24 of one size." in sentences


def test_a_least_effect_moves_the_test_and_what_can_be_detected() -> None:
    policy = preset(GateParams("sequential", min_effect=4.0))
    plain, harder = decide(evidence(BETTER), SEQUENTIAL), decide(evidence(BETTER), policy)
    assert harder.comparison.p_value > plain.comparison.p_value
    assert harder.look.mde == pytest.approx(plain.look.mde + 4.0)


def outcome(model: str, decision: Decision) -> Outcome:
    """As a night's outcome keeps it, through JSON."""
    entry = OutcomeDecision("candidate", model, decision.verdict == "promote", "e" * 64, decision)
    night = Outcome(night="n", verdict=decision.verdict, decisions=(entry,))
    return from_json(Outcome, as_json(night), "it", "mend it")


def test_a_year_holds_so_many_challengers_and_no_more() -> None:
    """Those who were not looked at don't count, nor second looks, nor who began more than a year ago."""
    first, second = decide(evidence(EVEN), SEQUENTIAL), decide(evidence(EVEN, nights=2), SEQUENTIAL)
    refused = decide(evidence(EVEN, place_taken=True), SEQUENTIAL)
    nights = [outcome("a", first), outcome("b", refused), outcome("a", second)]
    history = GateHistory.of(nights)
    assert (history.challengers_within_a_year(), history.nights("a")) == (1, 2)
    assert decide(evidence(EVEN), SEQUENTIAL, history).wager.begun == 2

    full = GateHistory.of([outcome(str(number), first) for number in range(73)])
    crowded = decide(evidence(BETTER), SEQUENTIAL, full)
    assert (crowded.verdict, crowded.cause, crowded.wager) == ("inconclusive", "year is full", None)
    assert decide(evidence(BETTER, nights=2), SEQUENTIAL, full).verdict == "promote", "who began may go on"
    later = dataclasses.replace(full, night=364)
    assert decide(evidence(BETTER), SEQUENTIAL, later).cause == "year is full"
    a_year_on = dataclasses.replace(later, night=later.night + 1)
    assert decide(evidence(BETTER), SEQUENTIAL, a_year_on).verdict == "promote"


def test_who_waited_under_another_preset_before_counts_as_well() -> None:
    """Else a year would hold any number, each begun under `small`."""
    waits = decide(evidence(EVEN), SMALL)
    second, third = (decide(evidence(EVEN, nights=night), SEQUENTIAL) for night in (2, 3))
    history = GateHistory.of([outcome("a", waits), outcome("a", second), outcome("a", third)])
    assert (history.challengers_within_a_year(), history.begun) == (1, {"a": 2})
