"""Every verdict of the gate, in the order of decision, and what may never promote."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.documents.comparison import Comparison
from errata.documents.document import parse
from errata.documents.evidence import Evidence, Fault
from errata.documents.guardrail import Guardrail
from errata.documents.params import GateParams
from errata.errors import BadInput
from errata.wording.gate_sentences import reasons
from evaluation.statistics.paired import compare, t_test
from registry.gate import decide, passes
from registry.policy import PRESETS, SMALL, preset
from tests.made_up_decision import recorded

BETTER = Comparison(
    n=65, clusters=24, mean_new=50, mean_old=44, effect=6.0, low=1.5, high=10.5, p_value=0.01,
    se=2.6, sd=20.0, mde=6.7, needed=82,
)  # fmt: skip
WORSE = dataclasses.replace(BETTER, effect=-6.0, low=-10.5, high=-1.5, p_value=0.99)
EVEN = dataclasses.replace(BETTER, effect=1.0, low=-3.4, high=5.4, p_value=0.35)
SHARP = dataclasses.replace(BETTER, effect=0.5, low=-0.6, high=1.6, p_value=0.2, se=0.6, mde=1.6, n=700, needed=7168)

UNCHANGED = compare([50.0] * 30, [50.0] * 30, [str(index % 6) for index in range(30)], seed=1)
TOO_FEW = dataclasses.replace(UNCHANGED, n=19)
NAMES = tuple(limit.name for limit in SMALL.limits if limit.decides)
REQUIRED = tuple(limit.name for limit in SMALL.limits if limit.required)
OPTIONAL = ("forgetting", "titles")
"""There may be no earlier night, and no title."""


def evidence(primary: Comparison = BETTER, *faults: str, without: tuple[str, ...] = (), **measured) -> Evidence:
    """Guardrails that all pass, but for those in `without` and those measured as `name=comparison`."""
    guardrails = tuple(SMALL.guardrail(name, measured.get(name, UNCHANGED)) for name in NAMES if name not in without)
    return Evidence(primary, guardrails, tuple(Fault("reported", detail=fault) for fault in faults))


def lost(points: float) -> Comparison:
    return dataclasses.replace(UNCHANGED, effect=-points, low=-points, high=-points)


@pytest.mark.parametrize(
    ("case", "verdict", "word"),
    [
        (evidence(), "promote", "better"),
        (evidence(BETTER, "the manifest of the candidate is broken."), "blocked", "manifest"),
        (evidence(WORSE), "reject", "worse"),
        (evidence(dataclasses.replace(EVEN, high=0.0)), "reject", "no better"),
        (evidence(EVEN), "underpowered", "would only show a gain of 6.7 points"),
        (evidence(dataclasses.replace(BETTER, n=39)), "underpowered", "39 fresh items"),
        (evidence(dataclasses.replace(BETTER, clusters=4)), "underpowered", "from 4 clusters"),
        (evidence(dataclasses.replace(WORSE, n=39)), "underpowered", "39 fresh items"),
        (evidence(compare([], [], [], seed=1)), "underpowered", "0 fresh items"),
        (evidence(SHARP), "inconclusive", "too small to tell"),
        (evidence(dataclasses.replace(BETTER, p_value=0.051)), "underpowered", "the target is 2.0"),
        (evidence(dataclasses.replace(BETTER, low=-0.1)), "underpowered", "the target is 2.0"),
        (evidence(dataclasses.replace(BETTER, p_value=None)), "blocked", "incomplete"),
        (evidence(anchor=lost(3.5)), "reject", "fails anchor"),
        (evidence(anchor=lost(4.0), day0_retention=lost(4.0)), "reject", "anchor and day0_retention"),
        (evidence(parsable=lost(0.6)), "reject", "fails parsable"),
        (evidence(parsable=lost(0.5)), "promote", "better"),
        (evidence(parity_server=lost(0.6)), "reject", "fails parity_server"),
        (evidence(parity_device=lost(9.0)), "promote", "better"),
        (evidence(EVEN, anchor=lost(9.0)), "underpowered", "would only show"),
        (evidence(EVEN, anchor=lost(9.0)), "underpowered", "It also fails anchor."),
        (evidence(SHARP, anchor=lost(9.0), parsable=lost(9.0)), "inconclusive", "It also fails anchor and parsable."),
        (evidence(WORSE, anchor=lost(9.0)), "reject", "It also fails anchor."),
        (evidence(dataclasses.replace(BETTER, n=39), anchor=lost(9.0)), "underpowered", "It also fails anchor."),
        (evidence(without=OPTIONAL), "promote", "better"),
        (evidence(without=("anchor",)), "blocked", "anchor is required, but was not measured"),
        (evidence(without=("parity_server",)), "blocked", "parity_server is required, but was not measured"),
        (evidence(without=("parity_device", "parity_gguf")), "promote", "better"),
        (evidence(best_anchor=lost(4.6)), "reject", "fails best_anchor"),
        (evidence(collapses=lost(3.1)), "reject", "fails collapses"),
        (evidence(titles=lost(5.1)), "reject", "fails titles"),
    ],
)  # fmt: skip
def test_each_verdict(case, verdict, word):
    decision = decide(case, SMALL)
    assert (decision.verdict, word in reasons(decision)[0]) == (verdict, True), decision


def test_a_set_too_small_for_its_margin_is_not_evaluable_unless_it_shows_harm():
    blunt = dataclasses.replace(UNCHANGED, effect=-1.0, low=-6.0, se=2.9)
    guardrail = SMALL.guardrail("anchor", blunt)
    assert SMALL.result(guardrail).status == "not evaluable"
    decision = decide(evidence(anchor=blunt), SMALL)
    assert (decision.verdict, decision.cause) == ("underpowered", "guardrails not evaluable")
    assert any(reason.startswith("anchor: not evaluable, 30 items tell") for reason in reasons(decision))
    harmful = dataclasses.replace(blunt, effect=-9.0, low=-14.0)
    assert SMALL.result(SMALL.guardrail("anchor", harmful)).status == "failed"


def test_a_preset_is_found_by_name():
    assert preset(GateParams("small")) == SMALL
    with pytest.raises(BadInput, match="no preset 'anual'"):
        preset(GateParams("anual"))


@pytest.mark.parametrize("name", ["ancor", "latency", "vintage_1"])
def test_only_what_decides_can_be_waived(name):
    with pytest.raises(BadInput, match=f"gate.waive names '{name}'.*it decides by anchor, "):
        preset(GateParams("small", waive=("anchor", name)))


@pytest.mark.parametrize("name", [*REQUIRED, *OPTIONAL])
def test_what_can_t_be_told_yet_holds_a_promotion_back_until_it_is_waived(name):
    case = evidence(**{name: TOO_FEW})
    decision = decide(case, SMALL)
    assert (decision.verdict, decision.cause) == ("underpowered", "guardrails not evaluable")
    assert f"nobody can tell yet whether it passes {name}: {name} takes about 1 more items" in reasons(decision)[0]

    waived = decide(case, preset(GateParams("small", waive=(name,))))
    assert waived.verdict == "promote"
    told = f"{name}: not evaluable, 19 items where 20 are needed. (Waived by the release owner, at +0.0 "
    assert any(reason.startswith(told) for reason in reasons(waived))


def test_harm_can_t_be_waived():
    decision = decide(evidence(anchor=lost(9.0)), preset(GateParams("small", waive=("anchor",))))
    assert (decision.verdict, decision.cause) == ("reject", "better, but harmful")


def test_harm_can_t_be_waived_by_keeping_a_set_small():
    """19 items that all lose 50 points are too few by number, and tell enough."""
    few = dataclasses.replace(lost(50.0), n=19)
    decision = decide(evidence(anchor=few), preset(GateParams("small", waive=("anchor",))))
    assert (decision.verdict, decision.cause) == ("underpowered", "guardrails not evaluable")
    told = "anchor: not evaluable, 19 items where 20 are needed. (Its waiver doesn't count"
    assert any(reason.startswith(told) for reason in reasons(decision))


def test_a_waiver_of_a_group_is_one_of_each_in_it():
    """The name under which a refusal lists it must not be one that does nothing."""
    blunt = dataclasses.replace(UNCHANGED, n=200, effect=-1.0, low=-6.0, se=2.9)
    plain, waiver = (preset(GateParams("annual", waive=waive)) for waive in ((), ("slice_*",)))
    assert plain.result(plain.guardrail("slice_long", blunt)).is_open
    assert not waiver.result(waiver.guardrail("slice_long", blunt)).is_open


@pytest.mark.parametrize("points", [100.0, 1e308])
def test_a_least_effect_that_nothing_can_have_is_refused(points):
    with pytest.raises(BadInput, match=r"gate\.min_effect is .*no candidate gains 100 points"):
        preset(GateParams("small", min_effect=points))


def test_a_least_effect_is_asked_of_test_and_interval():
    policy = preset(GateParams("small", min_effect=1.0))
    case = evidence(dataclasses.replace(BETTER, low=1.5))
    decision = decide(case, policy)
    assert (decision.verdict, reasons(decision)[0]) == (
        "promote",
        "It is better on fresh items, by more than 1 points.",
    )
    assert decision.comparison.p_value == pytest.approx(t_test(5.0, 2.6, 24))
    for harder in (preset(GateParams("small", min_effect=1.5)), preset(GateParams("small", min_effect=3.0))):
        assert decide(case, harder).verdict == "underpowered"


@pytest.mark.parametrize("name", REQUIRED)
def test_a_set_that_is_too_small_where_fresh_items_are_too_few_as_well_asks_for_fresh_items(name):
    decision = decide(evidence(dataclasses.replace(BETTER, n=39), **{name: TOO_FEW}), SMALL)
    assert (decision.verdict, decision.needs) == (
        "underpowered",
        decide(evidence(dataclasses.replace(BETTER, n=39)), SMALL).needs,
    )
    assert any(reason.startswith(f"{name}: not evaluable, 19 items") for reason in reasons(decision))


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_there_may_be_none_of_is_listed_never_passed_in_silence(name):
    decision = decide(evidence(without=(name,)), SMALL)
    assert f"{name}: not evaluable, not measured." in reasons(decision)


def test_every_guardrail_and_the_known_error_are_told_with_each_verdict():
    for case in (evidence(), evidence(WORSE), evidence(EVEN), evidence(SHARP), evidence(BETTER, "broken.")):
        sentences = reasons(decide(case, SMALL))
        assert any(reason.startswith("Detectable: a true gain of ") for reason in sentences)
        assert all(any(reason.startswith(name) for reason in sentences) for name in NAMES)
        assert sentences[-1].endswith(SMALL.known_error)


@pytest.mark.parametrize(
    ("case", "needs"),
    [
        (evidence(), None),
        (evidence(WORSE), None),
        (evidence(SHARP), 7168 - 700),
        (evidence(EVEN), math.ceil(65 * (6.7 / 2) ** 2) - 65),
        (evidence(compare([], [], [], seed=1)), 40),
        (evidence(BETTER, "broken."), None),
        (evidence(dataclasses.replace(SHARP, effect=0.0, needed=None)), None),
    ],
)
def test_how_many_more_items_are_needed(case, needs):
    assert decide(case, SMALL).needs == needs


FLOATS = [field.name for field in dataclasses.fields(Comparison) if "float" in str(field.type)]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", FLOATS)
def test_what_is_no_number_blocks_and_stays_blocked_in_the_record(name, odd):
    case = evidence(dataclasses.replace(BETTER, **{name: odd}))
    decision = decide(case, SMALL)
    assert decision.verdict == "blocked"
    assert f"{name} of the comparison is {odd}" in reasons(decision)[0]
    assert decide(recorded(case), SMALL) == decision


@pytest.mark.parametrize("name", ["effect", "bound"])
def test_a_guardrail_that_is_no_number_blocks(name):
    broken = dataclasses.replace(evidence().guardrails[0], **{name: math.nan})
    decision = decide(Evidence(BETTER, (broken, *evidence().guardrails[1:])), SMALL)
    assert (decision.verdict, f"{name} of anchor is nan" in reasons(decision)[0]) == ("blocked", True)
    with pytest.raises(ValueError, match="margin"):
        dataclasses.replace(broken, margin=math.nan)


def test_guardrails_measured_under_other_limits_block():
    anchor, *others = evidence().guardrails
    for odd in (
        dataclasses.replace(anchor, margin=30.0),
        dataclasses.replace(anchor, unit="seconds"),
        dataclasses.replace(anchor, name="horoscope"),
    ):
        assert decide(Evidence(BETTER, (odd, *others)), SMALL).verdict == "blocked"
    twice = decide(Evidence(BETTER, (anchor, anchor, *others)), SMALL)
    assert (twice.verdict, reasons(twice)[0]) == ("blocked", "anchor was measured more than once; keep one.")


def test_the_evidence_round_trips_through_json():
    case = evidence(EVEN, "a fault.", anchor=TOO_FEW)
    assert recorded(case) == case


@pytest.mark.parametrize("odd", [None, [], {}, {"primary": {}, "guardrails": [], "faults": []}])
def test_evidence_of_another_form_is_refused(odd):
    with pytest.raises(BadInput, match="can't be read at"):
        parse(Evidence, odd, "the evidence", "score the candidate again")


def test_day0_against_itself_is_even_and_never_promotes():
    scores = [float(index % 13) for index in range(60)]
    primary = compare(scores, scores, [str(index % 9) for index in range(60)], seed=1)
    assert (primary.effect, primary.low, primary.high) == (0, 0, 0)
    decision = decide(evidence(primary), SMALL)
    assert (decision.verdict, "no better" in reasons(decision)[0]) == ("reject", True)


nights = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.integers(0, 9)), min_size=1, max_size=80)


@settings(max_examples=60)
@given(nights, st.booleans())
def test_swapping_the_models_never_promotes_both(rows, alike):
    new, old, clusters = zip(*[(a, a if alike else b, str(c)) for a, b, c in rows], strict=True)
    verdicts = [
        decide(evidence(compare(left, right, clusters, seed=1)), SMALL).verdict
        for left, right in ((new, old), (old, new))
    ]
    assert verdicts.count("promote") <= 1
    if verdicts[0] == "promote":
        assert verdicts[1] == "reject"
    if alike:
        assert "promote" not in verdicts


numbers = st.floats(-20, 20) | st.just(math.nan)


@given(
    st.integers(0, 100), st.integers(0, 30), st.lists(numbers, min_size=5, max_size=5), st.lists(numbers, max_size=5)
)
def test_nothing_promotes_without_size_test_and_guardrails(n, clusters, values, bounds):
    effect, low, high, p_value, mde = values
    primary = dataclasses.replace(
        BETTER, n=n, clusters=clusters, effect=effect, low=low, high=high, p_value=p_value, mde=mde
    )
    guardrails = tuple(
        Guardrail(limit.name, 30, bound, bound, limit.margin, limit.required, limit.unit)
        for limit, bound in zip(SMALL.limits, bounds, strict=False)
    )
    case = Evidence(primary, guardrails)
    decision = decide(case, SMALL)
    assert decision == decide(recorded(case), SMALL)
    if decision.verdict == "promote":
        assert n >= 40
        assert clusters >= 5
        assert p_value <= 0.05
        assert low > 0
        assert len(guardrails) == 5
        assert all(SMALL.result(guardrail).status == "passed" for guardrail in guardrails)
        assert passes(primary, SMALL)


def test_the_bound_of_a_guardrail_takes_the_worse_of_test_and_bootstrap():
    narrow = dataclasses.replace(BETTER, effect=0.0, low=-1.0, se=1.0)
    wide = dataclasses.replace(narrow, low=-8.0)
    assert SMALL.guardrail("anchor", narrow).bound == pytest.approx(-1.714, abs=1e-3)
    assert SMALL.guardrail("anchor", wide).bound == -8.0
    assert SMALL.guardrail("parsable", wide).bound == 0.0


def test_latency_and_size_are_shown_and_do_not_decide():
    slow, large = (dataclasses.replace(UNCHANGED, effect=-40.0, low=-60.0, high=-20.0) for _ in range(2))
    shown = tuple(SMALL.guardrail(name, found) for name, found in (("latency", slow), ("size", large)))
    decision = decide(Evidence(BETTER, (*evidence().guardrails, *shown)), SMALL)
    assert decision.verdict == "promote"
    told = [reason for reason in reasons(decision) if reason.startswith(("latency: failed, ", "size: failed, "))]
    assert len(told) == 2 and all("Shown only" in reason for reason in told)
    assert not any("latency" in reason for reason in reasons(decide(evidence(), SMALL)))


def test_nothing_to_compare_says_that_nothing_is_detectable():
    decision = decide(evidence(compare([], [], [], seed=1)), SMALL)
    assert "Detectable: nothing, with so few items or clusters." in reasons(decision)
    assert decision.look is None


def test_what_the_items_could_tell_is_recorded():
    look = decide(evidence(), SMALL).look
    assert (look.level, look.mde) == (0.05, 6.7)
    assert look.items == pytest.approx((20 / 2.6) ** 2)
    assert look.design_effect == pytest.approx(65 * (2.6 / 20) ** 2)


@settings(max_examples=30)
@given(nights, st.randoms(use_true_random=False))
def test_the_order_of_the_items_leaves_the_decision_identical(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    decisions = [
        decide(evidence(compare(*zip(*[(a, b, str(c)) for a, b, c in order], strict=True), seed=1)), SMALL)
        for order in (rows, shuffled)
    ]
    assert decisions[0] == decisions[1]


def test_the_page_on_the_gate_names_every_preset_guardrail_and_verdict():
    page = (Path(__file__).parents[2] / "docs" / "gate.md").read_text()
    names = {limit.name.rstrip("*") for policy in PRESETS.values() for limit in policy.limits}
    missing = [name for name in (*PRESETS, *names) if f"`{name}" not in page]
    assert not missing
    assert all(f"| {verdict} |" in page for verdict in ("promote", "reject", "inconclusive", "underpowered", "blocked"))
