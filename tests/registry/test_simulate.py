"""The gate proven: how often it is wrong, on differences of known truth."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

from errata.documents.evidence import Evidence
from evaluation.statistics.paired import compare, detectable_effect, effective_clusters
from evaluation.statistics.size import effective_items
from registry.error_budget import decide
from registry.gate import passes
from registry.history import GateHistory
from registry.policy import ANNUAL, SMALL
from registry.simulate import annual, reuse, small
from registry.simulate.__main__ import lines, main
from registry.simulate.annual import Challengers, Setting, detection_rate, simulate_years
from registry.simulate.world import Nights, World, even_sizes, uneven_sizes


def slack(share: float, draws: int) -> float:
    """Three standard errors of a simulated share."""
    return 3 * math.sqrt(share * (1 - share) / draws)


def nights_of(differences: list[list[float]], sizes: tuple[int, ...], seed: int) -> Nights:
    ends = np.cumsum((0, *sizes))
    sums = [[math.fsum(row[a:b]) for a, b in itertools.pairwise(ends)] for row in differences]
    return Nights(np.array(sizes, dtype=float), np.array(sums), seed)


# the draws are what the gate would see -------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [even_sizes(65, 24), uneven_sizes(40, 5)])
def test_sums_of_clusters_say_what_the_items_would(sizes):
    random, seed = np.random.default_rng(3), 5
    rows = random.normal(3, 20, size=(8, sum(sizes))).tolist()
    names = [f"{cluster:03d}" for cluster, size in enumerate(sizes) for _ in range(size)]
    nights = nights_of(rows, sizes, seed)
    passed = small.passes(nights)
    for at, row in enumerate(rows):
        one = compare(row, [0.0] * len(row), names, seed)
        for name in ("effect", "se", "jackknife_se", "p_value", "low", "high"):
            assert getattr(nights, name)[at] == pytest.approx(getattr(one, name)), name
        assert (nights.mde()[at], nights.balance) == (pytest.approx(one.mde), pytest.approx(one.effective_clusters))
        assert passed[at] == passes(one, SMALL)


def test_a_guardrail_of_many_nights_is_the_gate_s():
    nights = World(even_sizes(40, 15), sd=10).nights(60, seed=2)
    passed, failed = small.guardrail_outcomes(nights)

    for at in range(60):
        row = [nights.sums[at, c] / nights.sizes[c] for c in range(15) for _ in range(int(nights.sizes[c]))]
        names = [f"{c:03d}" for c in range(15) for _ in range(int(nights.sizes[c]))]
        guardrail = SMALL.guardrail("anchor", compare(row, [0.0] * 40, names, nights.seed))
        one = SMALL.result(guardrail).status
        assert one == ("passed" if passed[at] else "failed" if failed[at] else "not evaluable")


def test_the_world_is_as_it_says():
    world = World(uneven_sizes(120, 10), effect=2.0, sd=15.0, icc=0.3)
    nights = world.nights(20_000, seed=1)
    assert nights.effect.mean() == pytest.approx(2.0, abs=0.2)
    assert nights.effect.std() == pytest.approx(world.se, rel=0.03)


def test_layouts_have_the_items_that_they_name():
    assert uneven_sizes(40, 5)[0] > 2 * uneven_sizes(40, 5)[1]
    for sizes in (even_sizes(65, 24), uneven_sizes(65, 24)):
        assert (sum(sizes), len(sizes), min(sizes) >= 1) == (65, 24, True)


def test_a_ring_of_challengers_has_the_spread_and_clusters_of_its_setting():
    setting = Setting(200, channels=80, icc=0.1, step=4.0)
    challengers = Challengers(setting, 400, np.random.default_rng(1))
    for _ in range(3):
        challengers.gather()
    looks = challengers.looks()
    assert looks.effect.mean() == pytest.approx(4.0, abs=0.3)
    assert looks.sd.mean() == pytest.approx(20.0, abs=0.3)
    size = (challengers.counts**2).sum() / challengers.counts.sum()
    assert np.median(looks.items) == pytest.approx(600 / (1 + (size - 1) * 0.1), rel=0.05)
    assert looks.effect.std() == pytest.approx(np.median(looks.se), rel=0.1)


def test_the_looks_of_a_year_are_the_gate_s():
    """Whom a waiting night lets go, and who is due, are what `registry.error_budget` decides."""
    year = ANNUAL.year
    challengers = Challengers(
        Setting(130, channels=40, icc=0.02, step=-1.5, step_sd=2.0), 200, np.random.default_rng(4)
    )
    for night in range(1, 7):
        challengers.gather()
        looks = challengers.looks()
        dropped = looks.futile(year)
        for at in range(0, 200, 5):
            one = looks.comparison(at)
            assert looks.items[at] == pytest.approx(effective_items(one.n, one.se, one.sd))
            decision = decide(Evidence(one, (), nights=night), (), ANNUAL, year, GateHistory())
            due = looks.broad[at] and looks.items[at] >= year.items
            assert (decision.test is not None) == due
            if not due:
                assert (decision.verdict == "reject") == dropped[at]
    assert dropped.any() and not dropped.all()


# false promotions ----------------------------------------------------------------------------------------------------

EQUALS = (Setting(100), Setting(100, even=False, icc=0.05), Setting(700))


def false_promotions(setting: Setting, count: int) -> tuple[float, float]:
    """Share of years with any, which is the false discovery rate where nothing is better; and how many a year."""
    accounts = simulate_years(setting, count, seed=11)
    some = sum(bool(account.gains) for account in accounts) / count
    return some, sum(len(account.gains) for account in accounts) / count


@pytest.mark.parametrize("setting", EQUALS[:2], ids=str)
def test_a_year_of_equals_promotes_as_seldom_as_promised(setting):
    some, _ = false_promotions(setting, 60)
    assert some <= ANNUAL.year.fdr + slack(ANNUAL.year.fdr, 60)


@pytest.mark.slow
@pytest.mark.parametrize("setting", EQUALS, ids=str)
def test_a_thousand_years_of_equals_promote_as_seldom_as_promised(setting):
    some, often = false_promotions(setting, 1000)
    assert some <= ANNUAL.year.fdr + slack(ANNUAL.year.fdr, 1000)
    assert often <= ANNUAL.year.fdr


def test_the_simulation_would_notice_a_gate_that_promotes_too_easily(monkeypatch):
    monkeypatch.setattr("registry.history.lord_level", lambda found, fdr, wealth: 0.05)
    some, often = false_promotions(Setting(100), 30)
    assert some > 0.5 and often > 1.5


def test_a_year_with_better_candidates_promotes_them_and_few_others():
    accounts = simulate_years(Setting(200, step=0.3, step_sd=1.5), 12, seed=5)
    gains = [gain for account in accounts for gain in account.gains]
    assert len(gains) / 12 > 5
    assert sum(gain <= 0 for gain in gains) <= 0.1 * len(gains)
    assert sum(gains) / 12 > 10
    assert all(len(account.history.tests) > 50 for account in accounts)


@pytest.mark.parametrize("sizes", [even_sizes(600, 60), even_sizes(1200, 400), uneven_sizes(900, 120)])
def test_alike_items_do_not_fool_the_annual_test(sizes):
    assert detection_rate(World(sizes, icc=0.5), 0.05, 4000, seed=3) <= 0.06
    level = GateHistory().level(0.10, 0.05)
    assert detection_rate(World(sizes, icc=0.5), level, 20_000, seed=3) <= level + slack(level, 20_000)


@pytest.mark.parametrize(
    "sizes", [(100,) * 5 + (6,) * 25, (200, 200, 200, *even_sizes(44, 22)), (300, *even_sizes(300, 20))]
)
@pytest.mark.parametrize("icc", [0.0, 0.2, 1.0])
def test_a_few_large_clusters_do_not_fool_the_annual_test(sizes, icc):
    """With G−1 degrees of freedom it would err up to ten times as often as its level says."""
    level = GateHistory().level(0.10, 0.05)
    assert detection_rate(World(sizes, icc=icc), 0.05, 10_000, seed=3) <= 0.06
    assert detection_rate(World(sizes, icc=icc), level, 20_000, seed=3) <= 2 * level


@pytest.mark.parametrize("sizes", [even_sizes(65, 24), uneven_sizes(65, 24), even_sizes(40, 5), uneven_sizes(40, 5)])
def test_the_small_rule_errs_as_often_as_it_says(sizes):
    """A/A: inside the range that `known_error` states, three standard errors aside."""
    stated = re.search(r"in (\d\.\d) to (\d\.\d) of 100 tests", SMALL.known_error)
    least, most = (float(number) / 100 for number in stated.groups())
    for icc in (0.0, 0.2, 0.5):
        share = small.passes(World(sizes, icc=icc).nights(4_000, seed=7)).mean()
        assert least - slack(0.05, 4_000) <= share <= most + slack(0.05, 4_000)


def test_alike_items_do_not_fool_the_small_rule():
    assert small.passes(World(even_sizes(65, 24), icc=0.5).nights(4_000, seed=9)).mean() <= 0.06


def test_a_year_of_equals_under_small_has_the_level_of_its_tests():
    looks, promoted = small.year_of_equals(4, seed=3)
    assert (looks > 365).all() and (looks <= 730).all()
    assert 0.02 <= promoted.sum() / looks.sum() <= 0.07


# power ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("icc", [0.0, 0.2])
@pytest.mark.parametrize("sizes", [even_sizes(600, 150), even_sizes(600, 30), uneven_sizes(900, 120)])
def test_the_annual_test_finds_what_is_detectable_by_the_true_error(sizes, icc):
    level = GateHistory().level(0.10, 0.05)
    effect = detectable_effect(World(sizes, icc=icc).se, effective_clusters(sizes), level)
    assert detection_rate(World(sizes, effect, icc=icc), level, 8000, seed=5) >= 0.78


@pytest.mark.parametrize(
    ("sizes", "power"), [(even_sizes(600, 150), 0.78), (even_sizes(600, 30), 0.78), (uneven_sizes(900, 120), 0.76)]
)
def test_the_annual_test_finds_what_it_calls_detectable(sizes, power):
    """On the median night, and where the items say as much as 600 independent ones."""
    level = GateHistory().level(0.10, 0.05)
    there = World(sizes, effect=World(sizes).detectable(5, level))
    assert detection_rate(there, level, 8000, seed=5) >= power


def test_the_annual_target_is_found_at_its_first_test():
    level = GateHistory().level(0.10, 0.05)
    assert detection_rate(World(even_sizes(600, 150), effect=ANNUAL.target), level, 8000, seed=5) >= 0.78


@pytest.mark.parametrize("icc", [0.0, 0.2])
@pytest.mark.parametrize("sizes", [even_sizes(65, 24), uneven_sizes(65, 24), even_sizes(40, 5), uneven_sizes(40, 5)])
def test_the_small_rule_finds_what_it_calls_detectable(sizes, icc):
    effect = World(sizes, icc=icc).detectable(seed=5)
    assert small.power(World(sizes, effect, icc=icc), 4000, seed=5) >= 0.78 - slack(0.78, 4000) * (len(sizes) < 10)


# reuse ---------------------------------------------------------------------------------------------------------------


def test_a_holdout_that_is_used_again_flatters_the_champion():
    again, fresh = (reuse.simulate_rule(reuse.above(0), new, 60, seed=1) for new in (False, True))
    assert again.flattered > 1.9 and again.promotions < 20 and again.gain < 6
    assert fresh.flattered < 0.9 and fresh.promotions > 150 and fresh.gain > 15


# how many items ------------------------------------------------------------------------------------------------------


def test_a_set_as_large_as_the_table_says_lets_a_harmless_candidate_pass():
    """The formula of `annual`'s table against draws: the anchor's margin of 1 point, a spread of 10, no difference."""
    items = next(line for line in annual._sets() if line.startswith("| 1.0 |")).split("|")[3]
    sizes = even_sizes(int(items.replace(",", "")), 300)
    nights = World(sizes, sd=10).nights(2000, seed=2)
    passed = nights.effect - 1.65 * nights.jackknife_se >= -1.0
    assert passed.mean() == pytest.approx(0.98, abs=slack(0.98, 2000))


# the command ---------------------------------------------------------------------------------------------------------


def test_the_command_prints_its_tables_and_the_same_ones_again(capsys):
    main(["--years", "1", "--repetitions", "40", "--seed", "3"])
    printed = capsys.readouterr().out.splitlines()
    assert printed == list(lines(1, 40, 3))
    assert [line for line in printed if line.startswith("###")] == [
        "### The preset annual: 1 years a line, spread 20 points",
        "### The preset small: 40 tests a line, spread 20 points",
        "### Post-edited labels: 1 years, 65 fresh items a night, of 24 channels",
        "### One holdout for ever, or fresh items: 300 items, 1 years a line",
    ]
    tables = [line for line in printed if line.startswith("| ")]
    assert len(tables) > 40
    assert all(len(line) <= 120 for line in printed)
    assert annual.NIGHTS == reuse.NIGHTS == 365


@pytest.mark.parametrize("name", ["--years", "--repetitions", "--seed"])
@pytest.mark.parametrize("odd", ["0", "-3", "many", "1.5"])
def test_a_number_that_makes_no_sense_is_refused_in_a_sentence(name, odd, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([f"{name}={odd}"])
    assert "is no whole number from 1" in capsys.readouterr().err
