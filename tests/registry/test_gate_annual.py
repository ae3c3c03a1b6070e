"""The preset annual: one challenger, one test each, and an account over the year."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.documents.comparison import Comparison, Powered
from errata.documents.decision import Decision, OutcomeDecision, SpentTest
from errata.documents.document import as_json, from_json
from errata.documents.evidence import Evidence
from errata.documents.guardrail import Guardrail
from errata.documents.outcome import Outcome
from errata.documents.params import GateParams
from errata.wording.gate_sentences import reasons
from evaluation.statistics.betting import with_wealth
from evaluation.statistics.online import gamma
from evaluation.statistics.paired import compare, t_test
from registry.gate import decide
from registry.history import GateHistory
from registry.policy import ANNUAL, preset
from tests.made_up_decision import OLDER_PROMOTES, OLDER_WAITS, older_outcome, recorded

LEVEL = 0.05 * gamma(1)
"""Of the first test."""


def comparison(effect: float, items: float = 640, sd: float = 20.0, n: int = 700, clusters: int = 120) -> Comparison:
    """A comparison whose `n` items say as much as `items` independent ones."""
    se = sd / math.sqrt(items)
    return Comparison(
        n=n, clusters=clusters, mean_new=50 + effect, mean_old=50, effect=effect, low=effect - 1.66 * se,
        high=effect + 1.66 * se, p_value=t_test(effect, se, clusters), se=se, sd=sd, mde=2.5 * se, needed=None,
        effective_clusters=float(clusters), jackknife_se=se,
        better_wealth=items * max(effect, 0) ** 2 / (2 * sd**2),
        worse_wealth=items * max(-effect, 0) ** 2 / (2 * sd**2),
    )  # fmt: skip


UNCHANGED = comparison(0.0, items=2000, sd=0.0001, n=2000)
NAMES = tuple(limit.name for limit in ANNUAL.limits if limit.required and not limit.alarm)
BETTER, EVEN, WORSE = comparison(5.0), comparison(0.8), comparison(-5.0)
WAITS = comparison(2.0, items=300, n=350)


def evidence(primary: Comparison = BETTER, nights: int = 1, without: str = "", **measured: Comparison) -> Evidence:
    """Guardrails that all pass, but for the one in `without` and those measured as `name=comparison`."""
    found = {**dict.fromkeys(NAMES, UNCHANGED), **measured}
    guardrails = tuple(ANNUAL.guardrail(name, value) for name, value in found.items() if name != without)
    return Evidence(primary, guardrails, nights=nights)


def lost(points: float, n: int = 2000) -> Comparison:
    return dataclasses.replace(UNCHANGED, n=n, effect=-points, low=-points, high=-points)


def spent(*found: bool) -> GateHistory:
    history = GateHistory()
    for discovery in found:
        test = history.spend(0.0 if discovery else 1.0, True, 0.10, 0.05)
        history = history.after("m", Decision("reject", test=test))
    return history


# one look ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "verdict", "words"),
    [
        (evidence(), "promote", "better on fresh items"),
        (evidence(EVEN), "inconclusive", "too small to tell"),
        (evidence(WORSE), "reject", "is worse on fresh items"),
        (evidence(comparison(0.8, sd=30)), "underpowered", "the target is 4.0"),
        (evidence(comparison(-2.0, items=690)), "reject", "A gain of 0.5 points is ruled out"),
        (evidence(anchor=lost(1.1)), "reject", "better on fresh items, but fails anchor"),
        (evidence(EVEN, best_anchor=lost(1.6)), "inconclusive", "It also fails best_anchor"),
        (evidence(slice_long=lost(3.1)), "reject", "fails slice_long"),
        (evidence(slice_long=lost(3.1, n=149)), "promote", "better"),
        (evidence(latency=lost(10.1)), "reject", "fails latency"),
        (evidence(size=lost(5.1)), "reject", "fails size"),
        (evidence(parsable=lost(0.6)), "reject", "fails parsable"),
        (evidence(starts_server=lost(1.1)), "reject", "fails starts_server"),
        (evidence(without="latency"), "blocked", "latency is required, but was not measured"),
        (evidence(anchor=lost(0.0, n=599)), "underpowered", "The test waits for anchor, which isn't evaluable yet."),
        (evidence(parity_server=lost(0.0, n=299)), "underpowered", "waits for parity_server"),
        (evidence(collapses=lost(3.1)), "reject", "fails collapses"),
        (evidence(WAITS), "underpowered", "There are 350 fresh items, from 120 clusters; the test is spent at 600"),
        (evidence(WAITS, anchor=lost(2)), "underpowered", "It also fails anchor."),
        (evidence(comparison(5.0, clusters=19)), "underpowered", "from 19 clusters; the test is spent at 600, from 20"),
        (evidence(comparison(-9.0, items=300, n=350)), "reject", "is worse"),
        (evidence(comparison(5.0, items=270, n=600, clusters=24)), "promote", "better"),
        (evidence(compare([], [], [], seed=1)), "underpowered", "There are 0 fresh items"),
    ],
)  # fmt: skip
def test_each_verdict(case: Evidence, verdict: str, words: str) -> None:
    decision = decide(case, ANNUAL)
    assert (decision.verdict, words in reasons(decision)[0]) == (verdict, True), decision
    assert any(reason.startswith("Detectable: ") for reason in reasons(decision))
    assert reasons(decision)[-1].startswith("Known error of the preset annual: ")
    json.dumps(dataclasses.asdict(decision), allow_nan=False)


def test_a_preset_is_found_by_name() -> None:
    assert preset(GateParams("annual")) == ANNUAL


def test_the_interval_is_not_believed_with_few_items() -> None:
    """An interval that holds at every look is asymptotic: two alike items are not the end of a candidate."""
    alike = compare([50.0] * 40, [60.0] * 40, [str(index) for index in range(40)], seed=1)
    decision = decide(evidence(alike), ANNUAL)
    assert (decision.verdict, decision.final) == ("underpowered", False)


def test_day0_against_itself_is_even_and_never_promotes() -> None:
    scores = [float(index % 13) for index in range(700)]
    same = compare(scores, scores, [str(index % 90) for index in range(700)], seed=1)
    decision = decide(evidence(same), ANNUAL)
    assert (same.effect, decision.verdict) == (0.0, "reject")


@pytest.mark.parametrize("name", ["effect", "se", "sd", "effective_clusters", "jackknife_se"])
def test_what_is_no_number_blocks_and_spends_nothing(name: str) -> None:
    case = evidence(dataclasses.replace(BETTER, **{name: math.nan}))
    decision = decide(case, ANNUAL)
    assert (decision.verdict, decision.test) == ("blocked", None)
    assert decide(recorded(case), ANNUAL) == decision


def test_a_large_slice_that_is_not_evaluable_makes_the_test_wait() -> None:
    blunt = dataclasses.replace(comparison(-0.5, items=30, n=200), low=-6.5, high=5.5)
    decision = decide(evidence(slice_long=blunt), ANNUAL)
    assert (decision.verdict, decision.test, decision.final) == ("underpowered", None, False)
    assert "waits for slice_long" in reasons(decision)[0]


def test_uneven_clusters_are_taken_into_account() -> None:
    """A fifth of the items in one channel: the error is larger, and fewer clusters count."""
    usual = dataclasses.replace(comparison(2.3), better_wealth=9.0)
    uneven = dataclasses.replace(usual, effective_clusters=15.0)
    assert decide(evidence(usual), ANNUAL).verdict == "promote"
    decision = decide(evidence(uneven), ANNUAL)
    assert not decision.test.discovery
    assert decision.test.p_value == pytest.approx(t_test(2.3, usual.se, 15.0))
    wider = decide(evidence(dataclasses.replace(usual, jackknife_se=1.2 * usual.se)), ANNUAL)
    assert wider.look.items == pytest.approx(640 / 1.44)
    rail = ANNUAL.guardrail("anchor", dataclasses.replace(usual, low=2.0, jackknife_se=2 * usual.se))
    assert rail.bound == pytest.approx(2.3 - 1.6578 * 2 * usual.se, abs=1e-3)


# waiting -------------------------------------------------------------------------------------------------------------


def test_a_look_before_there_are_enough_items_costs_nothing() -> None:
    """Even where it would pass any test."""
    decision = decide(evidence(comparison(12.0, items=560, n=590)), ANNUAL)
    assert (decision.test, decision.final, decision.needs) == (None, False, 10)


def test_items_are_counted_not_what_they_say() -> None:
    """24 channels whose items correlate by 0.05 never say as much as 600 strangers: they could never be tested."""
    decision = decide(evidence(comparison(5.0, items=270, n=600, clusters=24)), ANNUAL)
    assert decision.test is not None and decision.look.items == pytest.approx(270)


def test_a_gain_that_rare_losses_would_take_away_is_not_found() -> None:
    """Whatever the clustered test says: the wealth knows how little the items' mean is worth."""
    random = np.random.default_rng(5)
    differences = [1.2 + value for value in random.normal(0, 3, 640)]
    names = [str(index % 64) for index in range(640)]
    lucky = with_wealth(compare(differences, [0.0] * 640, names, seed=1), differences)
    assert lucky.p_value < 1e-6
    test = decide(evidence(lucky), ANNUAL).test
    assert not test.discovery and test.p_value == pytest.approx(math.exp(-lucky.better_wealth))


def test_it_waits_one_and_twenty_nights_and_is_let_go_untested() -> None:
    last, over = (decide(evidence(WAITS, nights=nights), ANNUAL) for nights in (20, 21))
    assert (last.verdict, last.final, last.needs) == ("underpowered", False, 250)
    assert (over.verdict, over.final, over.needs, over.test) == ("underpowered", True, None, None)
    assert "let go, untested" in reasons(over)[0]


def test_what_is_blocked_tells_what_the_test_could_have_found() -> None:
    """Not what a test at 5 % could: the year's tests are stricter."""
    blocked, tested = (decide(evidence(without=name), ANNUAL, spent(False)) for name in ("latency", ""))
    assert (blocked.verdict, blocked.test) == ("blocked", None)
    assert blocked.look == tested.look
    assert blocked.look.level == pytest.approx(0.05 * gamma(2))


def test_the_look_is_recorded() -> None:
    look = decide(evidence(WAITS), ANNUAL).look
    assert look.items == pytest.approx(300)
    assert look.design_effect == pytest.approx(350 / 300)
    assert look.level == pytest.approx(LEVEL)
    assert look.low < 2.0 - 1.96 * WAITS.se and look.high > 2.0 + 1.96 * WAITS.se, "looking every night has its price"


# the account ---------------------------------------------------------------------------------------------------------


def test_the_test_is_spent_at_the_level_that_the_past_allows() -> None:
    p_value = t_test(BETTER.effect, BETTER.se, 120)
    test = decide(evidence(), ANNUAL).test
    assert (test.number, test.discovery, test.level) == (1, True, pytest.approx(LEVEL))
    assert test.p_value == pytest.approx(max(p_value, math.exp(-BETTER.better_wealth)))
    assert test.wealth == pytest.approx(0.05 - LEVEL + 0.05)
    barely = dataclasses.replace(comparison(2.4), better_wealth=9.0)
    p_value = t_test(barely.effect, barely.se, 120)
    assert 0.05 * gamma(2) < p_value < LEVEL
    assert decide(evidence(barely), ANNUAL).verdict == "promote"
    later = decide(evidence(barely), ANNUAL, spent(False))
    assert (later.test.number, later.test.discovery) == (2, False)
    assert decide(evidence(barely), ANNUAL, spent(True)).verdict == "promote", "a find earns budget"


def test_a_spent_test_is_the_contender_s_last_look() -> None:
    for primary in (EVEN, WORSE, BETTER):
        decision = decide(evidence(primary), ANNUAL)
        assert decision.final and decision.test is not None and decision.needs is None
        assert any(reason.startswith("This was test 1 of the budget: p = ") for reason in reasons(decision))


def test_what_a_guardrail_held_back_earns_nothing() -> None:
    held = decide(evidence(anchor=lost(2)), ANNUAL)
    assert (held.verdict, held.test.discovery) == ("reject", False)
    assert held.test.wealth == pytest.approx(0.05 - LEVEL)


def outcome(*decisions: Decision, model: str = "m") -> Outcome:
    """As a night's outcome keeps them, through JSON."""
    entries = tuple(
        OutcomeDecision("candidate", model, decision.verdict == "promote", "e" * 64, decision) for decision in decisions
    )
    text = json.dumps(as_json(Outcome(night="n", verdict="reject", decisions=entries)))
    return from_json(Outcome, json.loads(text), "it", "mend it")


def older(value: dict[str, Any]) -> Outcome:
    """As it is read where an older Errata wrote it."""
    return from_json(Outcome, value, "it", "mend it")


def test_the_history_is_read_from_the_outcomes_of_nights() -> None:
    first = decide(evidence(), ANNUAL)
    history = GateHistory.of([outcome(first)])
    second = decide(evidence(EVEN), ANNUAL, history)
    looked = decide(evidence(WAITS), ANNUAL, history)
    nights = [
        older({"night": "a", "verdict": "skipped"}),
        outcome(first),
        outcome(second),
        outcome(looked, looked, model="c"),
        older({"night": "b", "decisions": [{"model": "old", "verdict": "reject"}]}),
    ]
    found = GateHistory.of(nights)
    assert found.tests == (first.test, second.test)
    assert found.looks == ("m", "m", "c", "c", "old")
    assert (found.nights("c"), found.nights("x")) == (2, 0)
    same = GateHistory()
    nothing = Decision("reject")
    for model, decision in (("m", first), ("m", second), ("c", looked), ("c", looked), ("old", nothing)):
        same = same.after(model, decision)
    assert (found.night, dataclasses.replace(found, night=0)) == (5, same)
    cut_short = GateHistory.of([outcome(first), older({})])
    assert decide(evidence(EVEN), ANNUAL, cut_short) == second, "a night that is run again spends the same test"
    assert second.test.number == 2 and second.test.wealth == pytest.approx(first.test.wealth - second.test.level)


def test_each_model_s_effect_is_known_once_and_as_it_was_last_seen() -> None:
    history = GateHistory.of([outcome(decide(evidence(), ANNUAL), decide(evidence(EVEN), ANNUAL)),
                              outcome(decide(evidence(WAITS), ANNUAL), model="c")])  # fmt: skip
    assert [(past.model, past.effect) for past in history.effects] == [("m", EVEN.effect), ("c", WAITS.effect)]
    assert [past.model for past in history.beside("m").effects] == ["c"]
    assert history.beside("m").tests == history.tests


def test_a_promotion_says_how_much_of_it_is_luck() -> None:
    """By this team's past candidates, and only where there are enough of them."""
    past = GateHistory()
    for number, effect in enumerate((0.5, -1.0, 0.8, -0.2, 0.4)):
        few = decide(evidence(), ANNUAL, past)
        assert (few.shrunken.candidates, few.shrunken.effect) == (number, None)
        assert any(f"can’t be told yet from {number} past candidates, and 5" in reason for reason in reasons(few))
        past = past.after(f"m{number}", Decision("reject", comparison=comparison(effect)))
    decision = decide(evidence(), ANNUAL, past)
    assert decision.verdict == "promote" and decision.shrunken.candidates == 5
    assert 0 < decision.shrunken.effect < BETTER.effect, "the others gained next to nothing"
    assert 0 < decision.shrunken.regression < 0.5
    assert any("this team’s 5 past candidates" in reason for reason in reasons(decision))
    assert decide(evidence(EVEN), ANNUAL, past).shrunken.regression > decision.shrunken.regression
    assert not any("winners are lucky" in reason for reason in reasons(decide(evidence(WORSE), ANNUAL, past)))


def test_tests_that_an_older_version_spent_count_on() -> None:
    """Its outcomes hold the decision's parts beside the names, and sentences."""
    first = SpentTest(1, 0.0001, 0.0027, True, 0.0973)
    history = GateHistory.of([older(older_outcome("a", OLDER_PROMOTES)), older(older_outcome("b", OLDER_WAITS))])
    assert (history.tests, history.looks) == ((first,), ("a", "b"))
    test = decide(evidence(), ANNUAL, history).test
    assert (test.number, test.level) == (2, pytest.approx(history.level(0.10, 0.05)))
    mixed = GateHistory.of([older(older_outcome("a", OLDER_PROMOTES)), outcome(decide(evidence(), ANNUAL, history))])
    assert mixed.tests == (first, test)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 0.02), max_size=40), st.booleans())
def test_the_budget_never_promises_more_than_it_has(p_values: list[float], passed: bool) -> None:
    history = GateHistory()
    for p_value in p_values:
        history = history.after("m", Decision("reject", test=history.spend(p_value, passed, 0.10, 0.05)))
    finds = sum(test.discovery for test in history.tests)
    assert sum(test.level for test in history.tests) <= 0.10 * max(1, finds)
    assert all(test.wealth > 0 for test in history.tests)
    assert [test.number for test in history.tests] == list(range(1, len(p_values) + 1))
    assert passed or not finds


# symmetry ------------------------------------------------------------------------------------------------------------

rows = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 100), st.integers(0, 30)), min_size=120, max_size=200
)  # fmt: skip
pasts = st.lists(st.booleans(), max_size=5)


@settings(max_examples=25)
@given(rows, pasts, st.randoms(use_true_random=False))
def test_the_order_of_the_items_leaves_the_decision_identical(found: list, past: list[bool], random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    decisions = [
        decide(
            evidence(compare(*zip(*[(a, b, str(c)) for a, b, c in order], strict=True), seed=1)), ANNUAL, spent(*past)
        )
        for order in (found, shuffled)
    ]
    assert decisions[0] == decisions[1]


@given(st.floats(-20, 20), st.floats(1, 700), st.floats(0.5, 40), pasts)
def test_swapping_the_models_mirrors_the_look_and_never_promotes_both(
    effect: float, items: float, sd: float, past: list[bool]
) -> None:
    there, back = (
        decide(evidence(comparison(way * effect, items=items, sd=sd)), ANNUAL, spent(*past)) for way in (1, -1)
    )
    assert (there.look.low, there.look.high) == (-back.look.high, -back.look.low)
    assert (there.look.items, there.look.mde, there.look.level) == (back.look.items, back.look.mde, back.look.level)
    assert (there.test is None) == (back.test is None) or "reject" in (there.verdict, back.verdict)
    if there.test and back.test:
        assert there.test.p_value + back.test.p_value >= 1
    assert [there.verdict, back.verdict].count("promote") <= 1


numbers = st.floats(-20, 20) | st.just(math.nan)


@given(
    st.integers(0, 3000), st.integers(0, 60), st.lists(numbers, min_size=4, max_size=4),
    st.lists(numbers, min_size=len(NAMES), max_size=len(NAMES)), st.integers(0, len(NAMES)),
)  # fmt: skip
def test_nothing_promotes_without_size_test_and_guardrails(
    n: int, clusters: int, values: list[float], bounds: list[float], measured: int
) -> None:
    effect, se, sd, balance = values
    primary = dataclasses.replace(
        BETTER, n=n, clusters=clusters, effect=effect, jackknife_se=abs(se), sd=abs(sd), effective_clusters=abs(balance)
    )
    limits = [ANNUAL.limit(name) for name in NAMES[:measured]]
    guardrails = tuple(
        Guardrail(limit.name, 2000, bound, bound, limit.margin, limit.required, limit.unit)
        for limit, bound in zip(limits, bounds, strict=False)
    )
    decision = decide(Evidence(primary, guardrails), ANNUAL)
    if decision.verdict == "promote":
        assert measured == len(NAMES) and n >= 100 and clusters >= 20
        assert effect > 0 and n >= 600
        assert decision.test.p_value <= decision.test.level
        assert all(bound >= -limit.margin for limit, bound in zip(limits, bounds, strict=True))


# the judge -----------------------------------------------------------------------------------------------------------


def powered(effect: float = 5.0, rho: float = 0.7, n: int = 300, items: float = 640) -> Powered:
    return Powered(comparison(effect, items=items, n=n), judged=3000, rho=rho, weight=8.0)


AGREES, WAVERS = (
    dataclasses.replace(UNCHANGED, n=300, effect=effect, low=effect, high=effect) for effect in (12.0, -3.0)
)
HUMAN = comparison(5.0, items=290, n=300)


def judged(found: Powered, primary: Comparison = HUMAN, consistency: Comparison | None = AGREES) -> Evidence:
    rails = {} if consistency is None else {"judge_consistency": consistency}
    return dataclasses.replace(evidence(primary, **rails), powered=found)


def test_a_good_judge_brings_the_test_nearer() -> None:
    alone, helped = decide(evidence(HUMAN), ANNUAL), decide(judged(powered()), ANNUAL)
    assert (alone.verdict, alone.test) == ("underpowered", None)
    assert (helped.verdict, helped.look.items) == ("promote", pytest.approx(640))
    assert any(reason.startswith("The judge's 3000 items count") for reason in reasons(helped))


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (judged(powered(rho=0.49)), "ρ = 0.49, and 0.5 is needed"),
        (judged(powered(n=99)), "99 items have a human label"),
        (judged(powered(items=200)), "would not make the estimate surer"),
        (judged(powered(), consistency=WAVERS), "two orders"),
        (judged(powered(), consistency=None), "two orders"),
    ],
)
def test_a_judge_that_is_not_valid_or_does_not_help_has_no_say(case: Evidence, why: str) -> None:
    decision = decide(case, ANNUAL)
    assert (decision.verdict, decision.look.items) == ("underpowered", pytest.approx(290))
    assert any(reason.startswith("The judge has no say: ") and why in reason for reason in reasons(decision))


def test_a_judge_s_value_that_is_no_number_blocks() -> None:
    for broken in (
        dataclasses.replace(powered(), rho=math.nan),
        dataclasses.replace(powered(), comparison=dataclasses.replace(powered().comparison, se=math.nan)),
    ):
        case = judged(broken)
        decision = decide(case, ANNUAL)
        assert (decision.verdict, "judge" in reasons(decision)[0]) == ("blocked", True)
        assert decide(recorded(case), ANNUAL).verdict == "blocked"


def test_the_evidence_round_trips_through_json() -> None:
    case = judged(powered())
    assert recorded(case) == case
