"""Worlds that are as they say, in which every preset decides as the gate does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from errata.documents.comparison import NOTHING, Comparison
from errata.documents.decision import Decision
from errata.documents.evidence import Evidence
from evaluation.statistics.betting import log_wealth, with_wealth
from evaluation.statistics.collapses import compare_collapses
from evaluation.statistics.paired import compare
from evaluation.statistics.size import effective_items
from registry.gate import decide, passes
from registry.history import GateHistory
from registry.policy import ANNUAL, SEQUENTIAL, SMALL, Policy
from registry.simulate import small
from registry.simulate.comparisons import collapse_bounds, statuses
from registry.simulate.contenders import Contenders, draw_comparisons
from registry.simulate.rules import AnnualRule, Rule, SequentialRule, annual_level, passes_small, small_rule
from registry.simulate.world import World, even_sizes, uneven_sizes
from registry.simulate.worlds import Setting, night
from registry.simulate.years import years_of_challengers
from tests.chance import slack


def nights_of(world: World, many: int, nights: int, seed: int) -> Iterator[tuple[Contenders, np.ndarray, list[str]]]:
    """Contenders after each night, all their items so far, of shape (items, contenders), and the items' clusters."""
    contenders = Contenders(world, many, np.random.default_rng(seed), nights)
    items, names = np.empty((0, many)), list[str]()
    for number in range(nights):
        if not world.recurring:
            contenders.shared = contenders.random.normal(size=contenders.shared.shape)
        new = world.differences(contenders.gain, contenders.shared, contenders.random)
        contenders.add(new)
        items = np.concatenate([items, new])
        label = "" if world.recurring else f"{number}:"
        names += [f"{label}{cluster:03d}" for cluster, size in enumerate(world.sizes) for _ in range(size)]
        yield contenders, items, names


# what is drawn is what the gate would see ----------------------------------------------------------------------------

SIGHTS = {
    "even": World(even_sizes(65, 24), 3.0, icc=0.1),
    "uneven": World(uneven_sizes(40, 5), 3.0, icc=0.1, heavy=True),
    "new channels": World(uneven_sizes(65, 24), 3.0, icc=0.1, recurring=False),
    "collapses": World(even_sizes(65, 24), sd=3.0, collapsing=0.02),
}


@pytest.mark.parametrize("world", SIGHTS.values(), ids=SIGHTS)
def test_what_contenders_gathered_says_what_the_items_would(world):
    contenders, items, names = list(nights_of(world, 4, 2, seed=3))[-1]
    compared, collapses = contenders.comparisons(), contenders.collapses()
    for at, row in enumerate(items.T.tolist()):
        nothing = [0.0] * len(row)
        one = compare(row, nothing, names, seed=1)
        for name in ("p_value", "low", "high"):
            assert getattr(compared, name)[at] == pytest.approx(getattr(one, name)), name
        for many, single in ((compared, one), (collapses, compare_collapses(row, nothing, names, seed=1))):
            for name in ("n", "clusters", "effect", "sd", "se", "jackknife_se"):
                assert getattr(many, name)[at] == pytest.approx(getattr(single, name)), name
            assert many.balance[at] == pytest.approx(single.effective_clusters)
        assert contenders.log_wealth[at] == pytest.approx(log_wealth(row))
        assert contenders.log_wealth_of_loss[at] == pytest.approx(log_wealth([-value for value in row]))


@pytest.mark.parametrize("policy", [SMALL, SEQUENTIAL], ids=["usual", "robust"])
@pytest.mark.parametrize("world", SIGHTS.values(), ids=SIGHTS)
def test_the_guardrail_on_collapses_is_the_gate_s(world, policy):
    contenders, items, names = list(nights_of(world, 6, 2, seed=8))[-1]
    collapses = contenders.collapses()
    bounds = collapse_bounds(collapses, 3.0, robust=policy.holds_one)
    passed, failed = statuses(collapses.effect, bounds, 3.0)
    for at, row in enumerate(items.T.tolist()):
        guardrail = policy.guardrail("collapses", compare_collapses(row, [0.0] * len(row), names, seed=1))
        status = policy.result(guardrail).status
        assert status == ("passed" if passed[at] else "failed" if failed[at] else "not evaluable")
        assert status == "not evaluable" or bounds[at] == pytest.approx(guardrail.bound)


def test_items_that_cancel_out_in_their_channel_leave_an_error():
    """One that collapses and one that recovers, of the same channel: the shares' sums are 0 everywhere."""
    contenders = Contenders(World(even_sizes(40, 5)), 1, np.random.default_rng(1))
    contenders.add(np.array([[40.0], [-40.0], *[[1.0]] * 38]))
    collapses = contenders.collapses()
    assert (collapses.effect[0], collapses.se[0]) == (0.0, pytest.approx(collapses.sd[0] / 40**0.5))


@pytest.mark.parametrize("sizes", [even_sizes(65, 24), uneven_sizes(40, 5)])
def test_many_nights_pass_the_small_test_as_one_would(sizes):
    contenders, items, names = next(nights_of(World(sizes, 5.0), 12, 1, seed=2))
    passed = passes_small(contenders.comparisons())
    for at, row in enumerate(items.T.tolist()):
        assert passed[at] == passes(compare(row, [0.0] * len(row), names, seed=1), SMALL)
    assert passed.any() and not passed.all()


def test_a_guardrail_of_many_nights_is_the_gate_s():
    world = World(even_sizes(40, 15), sd=10)
    contenders, items, names = next(nights_of(world, 40, 1, seed=2))
    passed, failed = small.anchor_statuses(contenders.comparisons())
    for at, row in enumerate(items.T.tolist()):
        guardrail = SMALL.guardrail("anchor", compare(row, [0.0] * 40, names, seed=1))
        status = SMALL.result(guardrail).status
        assert status == ("passed" if passed[at] else "failed" if failed[at] else "not evaluable")


def test_a_challenger_of_many_clusters_has_the_interval_of_the_t_test():
    """The bootstrap's would take long; how near it is shows in fewer clusters."""
    near = draw_comparisons(World(even_sizes(240, 120)), 20, seed=1)
    far = draw_comparisons(World(even_sizes(242, 121)), 20, seed=1)
    assert not np.array_equal(near.low, near.t_low) and np.array_equal(far.low, far.t_low)
    assert np.abs(near.low - near.t_low).max() < 0.15 * near.se.min()


# the worlds are as they say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recurring", [True, False])
@pytest.mark.parametrize("heavy", [True, False])
def test_the_world_is_as_it_says(heavy, recurring):
    world = World(uneven_sizes(120, 10), effect=2.0, sd=15.0, icc=0.3, heavy=heavy, recurring=recurring)
    compared = draw_comparisons(world, 10_000, seed=1)
    assert compared.effect.mean() == pytest.approx(2.0, abs=0.25)
    assert compared.effect.std() == pytest.approx(world.se, rel=0.04)


def test_heavy_tails_hold_more_of_what_is_far_out():
    heavy, normal = (World(even_sizes(65, 24), heavy=tails) for tails in (True, False))
    far = [np.abs(next(nights_of(world, 500, 1, seed=1))[1]) > 70 for world in (heavy, normal)]
    assert far[0].mean() > 5 * far[1].mean()
    assert np.abs(next(nights_of(heavy, 500, 1, seed=1))[1]).max() <= 100


@pytest.mark.parametrize("effect", [0.0, 5.0])
def test_rare_collapses_leave_the_mean_where_it_was(effect):
    world = World(even_sizes(65, 24), effect, sd=3.0, collapsing=0.02)
    items = next(nights_of(world, 4_000, 1, seed=1))[1]
    assert items.mean() == pytest.approx(effect, abs=0.05)
    assert (items < -45).mean() == pytest.approx(0.02, abs=slack(0.02, items.size))
    assert np.median(items) == pytest.approx((effect + 1.2) / 0.98, abs=0.1)


def test_channels_that_recur_keep_what_their_items_have_in_common():
    """Ten nights of the same channels say little more of them than one; ten of new ones do."""
    worlds_ = (World(even_sizes(48, 24), icc=0.5, recurring=recurring) for recurring in (True, False))
    spreads = [list(nights_of(world, 500, 10, seed=1))[-1][0].comparisons().effect.std() for world in worlds_]
    assert spreads[0] == pytest.approx(20 * math.sqrt(0.5 / 24 + 0.5 / 480), rel=0.1)
    assert spreads[1] == pytest.approx(World(even_sizes(48, 24), icc=0.5).se / 10**0.5, rel=0.1)


def test_layouts_have_the_items_that_they_name():
    assert uneven_sizes(40, 5)[0] > 2 * uneven_sizes(40, 5)[1]
    for sizes in (even_sizes(65, 24), uneven_sizes(65, 24)):
        assert (sum(sizes), len(sizes), min(sizes) >= 1) == (65, 24, True)


def test_a_setting_gathers_more_items_of_the_same_channels_or_of_more():
    same, more = (Setting("", replace(night(), recurring=recurring)) for recurring in (True, False))
    assert [(sum(one.sizes), len(one.sizes)) for one in (same.with_items(600, 5.0), more.with_items(600, 5.0))] == [
        (600, 24),
        (600, 221),
    ]


def test_challengers_side_by_side_have_the_spread_and_clusters_of_their_world():
    world = World(even_sizes(200, 80), 4.0, icc=0.1)
    contenders = list(nights_of(world, 400, 3, seed=1))[-1][0]
    compared = contenders.comparisons()
    assert compared.effect.mean() == pytest.approx(4.0, abs=0.3)
    assert compared.sd.mean() == pytest.approx(20.0, abs=0.3)
    items = np.median([effective_items(600, se, sd) for se, sd in zip(compared.se, compared.sd, strict=True)])
    assert items == pytest.approx(600 / (1 + (7.5 - 1) * 0.1), rel=0.05)
    assert compared.effect.std() == pytest.approx(np.median(compared.se), rel=0.1)


def test_who_is_renewed_or_replaced_begins_anew_and_nobody_else_does():
    contenders, others = (Contenders(night(icc=0.5), 3, np.random.default_rng(seed)) for seed in (1, 2))
    for group in (contenders, others):
        group.gather()
    before, shared = contenders.sums.copy(), contenders.shared.copy()
    contenders.renew(np.array([True, False, False]))
    contenders.replace(np.array([False, True, False]), others)
    assert contenders.age.tolist() == [0, 1, 1]
    assert not contenders.sums[:, 0].any() and (contenders.shared[:, 0] != shared[:, 0]).all()
    assert np.array_equal(contenders.sums[:, 1], others.sums[:, 1])
    assert np.array_equal(contenders.sums[:, 2], before[:, 2])


# the rules are the gate's --------------------------------------------------------------------------------------------

HARMLESS = replace(
    NOTHING, n=10_000, clusters=100, effect=0.0, low=0.0, high=0.0, p_value=0.5, se=0.0, sd=0.0, jackknife_se=0.0
)


def evidence(policy: Policy, row: list[float], names: list[str], nights: int) -> Evidence:
    """Of those items, with guardrails that pass, but for the one on collapses."""
    nothing = [0.0] * len(row)
    primary = with_wealth(compare(row, nothing, names, seed=1), row)
    measured: dict[str, Comparison] = {limit.name: HARMLESS for limit in policy.limits if limit.required}
    measured["collapses"] = compare_collapses(row, nothing, names, seed=1)
    guardrails = [policy.guardrail(name, one) for name, one in measured.items() if not name.endswith("*")]
    return Evidence(primary, tuple(guardrails), nights=nights)


def verdicts_agree(policy: Policy, rule: Rule, world: World, many: int, nights: int) -> list[str]:
    """Puts each night's contenders to rule and gate; the gate's causes, of those whom nothing has ended."""
    histories, causes = [GateHistory()] * many, []
    over = np.zeros(many, dtype=bool)
    for number, (contenders, items, names) in enumerate(nights_of(world, many, nights, seed=4), start=1):
        promoted, gone = rule(contenders)
        for at in np.flatnonzero(~over).tolist():
            decision = decide(evidence(policy, items[:, at].tolist(), names, number), policy, histories[at])
            assert promoted[at] == (decision.verdict == "promote"), (at, number, decision.cause)
            ends = decision.final or decision.verdict in ("promote", "reject")
            assert gone[at] == ends, (at, number, decision.cause)
            histories[at] = replace(histories[at].after(f"{at}", decision), night=number)
            causes.append(decision.cause or "")
        over |= gone
    return causes


def test_small_decides_as_the_gate_does():
    mixed = World(even_sizes(65, 24), 1.0, 8.0, 0.05, effect_sd=2.5)
    causes = verdicts_agree(SMALL, small_rule, mixed, 12, 3)
    assert {"better", "worse", "guardrails not evaluable"} <= set(causes)


def test_sequential_decides_as_the_gate_does():
    mixed = World(even_sizes(65, 24), 1.0, 8.0, 0.05, effect_sd=6.0)
    causes = verdicts_agree(SEQUENTIAL, SequentialRule.of(12), mixed, 12, 5)
    assert {"better", "worse", "let go", "waits", "guardrails not evaluable"} <= set(causes)


def test_sequential_decides_as_the_gate_does_where_items_collapse():
    skewed = World(even_sizes(65, 24), 4.0, 3.0, collapsing=0.03)
    assert "better, but harmful" in verdicts_agree(SEQUENTIAL, SequentialRule.of(8), skewed, 8, 5)


def test_annual_decides_as_the_gate_does():
    mixed = World(even_sizes(130, 40), 0.0, 20.0, 0.02, effect_sd=4.0)
    causes = verdicts_agree(ANNUAL, AnnualRule.of(12), mixed, 12, 5)
    assert {"better", "worse", "waits"} <= set(causes)


def test_the_levels_of_a_year_are_the_history_s():
    history = GateHistory()
    for found_better in (False, True, False, True, True):
        assert annual_level(tuple(test.discovery for test in history.tests)) == history.level(0.10, 0.05)
        spent = history.spend(0.0 if found_better else 1.0, True, 0.10, 0.05)
        history = history.after("", Decision("reject", test=spent))


def test_no_more_challengers_begin_in_a_year_than_the_preset_allows():
    """All are worse, and soon rejected: a year has nights for more of them."""
    rule = SequentialRule.of(3)
    years_of_challengers(World(even_sizes(65, 24), -30.0, 10.0), rule, 3, seed=1)
    assert (rule.begun > 73).all()
    best = World(even_sizes(200, 24), 30.0, 10.0)
    assert years_of_challengers(best, SequentialRule.of(3), 3, seed=1).all.max() == 73
