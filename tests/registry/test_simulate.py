"""The gate proven: how often it is wrong, on differences of known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation.statistics.paired import detectable_effect, effective_clusters
from registry.history import NIGHTS_A_YEAR
from registry.policy import ANNUAL
from registry.simulate import annual, chosen_on_dev, reuse, small
from registry.simulate.__main__ import SEED, lines, main
from registry.simulate.annual import detection_rates
from registry.simulate.contenders import draw_comparisons, typical_detectable
from registry.simulate.pictures import wealth_picture
from registry.simulate.rules import AnnualRule, SequentialRule, annual_level, passes_small, small_rule
from registry.simulate.world import World, even_sizes, uneven_sizes
from registry.simulate.worlds import SETTINGS, found, night
from registry.simulate.years import Promotions, share_found, years_of_challengers, years_of_small
from tests.chance import slack
from tests.conftest import ROOT

# false promotions ----------------------------------------------------------------------------------------------------


def useless(promotions: Promotions) -> tuple[float, float]:
    """Share of years with any, which is the false discovery rate where nothing is better; and how many a year."""
    return float(np.mean(promotions.all > 0)), float(promotions.all.mean())


@pytest.mark.parametrize("name", ["100 | 60 even | 0", "100 | 60 uneven | 0.05"])
def test_a_year_of_equals_promotes_as_seldom_as_promised(name):
    some, _ = useless(years_of_challengers(annual.EQUALS[name], AnnualRule.of(20), 20, seed=11))
    assert some <= ANNUAL.year.fdr + slack(ANNUAL.year.fdr, 20)


@pytest.mark.slow
@pytest.mark.parametrize("name", annual.EQUALS)
def test_five_hundred_years_of_equals_promote_as_seldom_as_promised(name):
    some, often = useless(years_of_challengers(annual.EQUALS[name], AnnualRule.of(500), 500, seed=11))
    assert some <= ANNUAL.year.fdr + slack(ANNUAL.year.fdr, 500)
    assert often <= ANNUAL.year.fdr


def test_the_simulation_would_notice_a_gate_that_promotes_too_easily(monkeypatch):
    monkeypatch.setattr("registry.simulate.rules.annual_level", lambda tests: 0.05)
    some, often = useless(years_of_challengers(night(icc=0.05), AnnualRule.of(15), 15, seed=11))
    assert some > 0.4 and often > 0.6


def test_a_year_with_better_candidates_promotes_them_and_few_others():
    rule = AnnualRule.of(6)
    gains = years_of_challengers(annual.STEPS["200 | 60 even | 0"], rule, 6, seed=5).gains
    assert len(gains) / 6 > 1.5
    assert np.sum(gains <= 0) <= 0.1 * len(gains)
    assert gains.sum() / 6 > 5
    assert all(len(tests) > 50 for tests in rule.tests)


def test_a_year_of_equals_under_sequential_promotes_about_none():
    some, often = useless(years_of_challengers(night(), SequentialRule.of(40), 40, seed=1))
    assert often <= 1 and some <= 0.5


def test_a_year_of_equals_under_small_has_the_level_of_its_tests():
    promotions = years_of_small(replace(night(icc=0.2), sd=10.0), 3, seed=3)
    assert (promotions.looks > 365).all() and (promotions.looks <= 730).all()
    assert 0.02 <= promotions.all.sum() / promotions.looks.sum() <= 0.07


@pytest.mark.parametrize("sizes", [even_sizes(600, 60), even_sizes(1200, 400), uneven_sizes(900, 120)])
def test_alike_items_do_not_fool_the_annual_test(sizes):
    p_values = draw_comparisons(World(sizes, icc=0.5), 3_000, seed=3).robust_p_value
    level = annual_level()
    assert np.mean(p_values <= 0.05) <= 0.06
    assert np.mean(p_values <= level) <= level + slack(level, 3_000)


@pytest.mark.parametrize(
    "sizes", [(100,) * 5 + (6,) * 25, (200, 200, 200, *even_sizes(44, 22)), (300, *even_sizes(300, 20))]
)
@pytest.mark.parametrize("icc", [0.0, 0.2, 1.0])
def test_a_few_large_clusters_do_not_fool_the_annual_test(sizes, icc):
    """With G−1 degrees of freedom it would err up to ten times as often as its level says."""
    p_values = draw_comparisons(World(sizes, icc=icc), 3_000, seed=3).robust_p_value
    level = annual_level()
    assert np.mean(p_values <= 0.05) <= 0.06
    assert np.mean(p_values <= level) <= 2 * level + slack(level, 3_000)


@pytest.mark.parametrize("name", small.LAYOUTS)
def test_the_small_rule_errs_as_often_as_the_page_says(name):
    """A/A: what docs/gate.md prints, by other draws."""
    rows = [
        line.split("|") for line in (ROOT / "docs" / "gate.md").read_text().splitlines() if f"| {name} | 0." in line
    ]
    assert [float(row[2]) for row in rows] == [0.0, 0.2, 0.5]
    for _, _, icc, found_better, *_ in rows:
        share = passes_small(draw_comparisons(World(small.LAYOUTS[name], icc=float(icc)), 4_000, seed=7)).mean()
        assert share == pytest.approx(float(found_better.strip(" %")) / 100, abs=2**0.5 * slack(0.05, 4_000))


def test_alike_items_do_not_fool_the_small_rule():
    compared = draw_comparisons(World(even_sizes(65, 24), icc=0.5), 4_000, seed=9)
    assert passes_small(compared).mean() <= 0.06


def test_the_best_on_dev_is_tested_as_if_it_were_the_only_one():
    """A/A, by the page's worlds: more often found better only where dev's channels are the fresh items', and alike."""
    world = World(even_sizes(65, 24), sd=18.0, icc=0.2)
    other, same = (chosen_on_dev.found_better(world, 8, recurring, 2_000, seed=5) for recurring in (False, True))
    assert other <= 0.05 + slack(0.05, 2_000) < same
    _, chosen = chosen_on_dev.choose(world, 3, 10, seed=5)
    assert chosen.reshape(10, 3).sum(axis=1).tolist() == [1] * 10


# power ---------------------------------------------------------------------------------------------------------------


def detected(world: World, level: float, repetitions: int) -> float:
    (share,) = detection_rates(world, (level,), repetitions, seed=5)
    return share


@pytest.mark.parametrize("icc", [0.0, 0.2])
@pytest.mark.parametrize("sizes", [even_sizes(600, 150), even_sizes(600, 30), uneven_sizes(900, 120)])
def test_the_clustered_test_finds_what_is_detectable_by_the_true_error(sizes, icc):
    level = annual_level()
    effect = detectable_effect(World(sizes, icc=icc).se, effective_clusters(sizes), level)
    p_values = draw_comparisons(World(sizes, effect, icc=icc), 2_000, seed=5).robust_p_value
    assert np.mean(p_values <= level) >= 0.80 - slack(0.80, 2_000)


@pytest.mark.parametrize("sizes", [even_sizes(600, 150), even_sizes(600, 24), uneven_sizes(900, 120)])
def test_the_annual_test_finds_what_it_calls_detectable(sizes):
    """On the median night, by the clustered test and the bettors together."""
    level = annual_level()
    there = World(sizes, annual.detectable(World(sizes), 5, level))
    assert detected(there, level, 2_000) >= 0.76 - slack(0.76, 2_000)


@pytest.mark.parametrize("icc", [0.0, 0.2])
@pytest.mark.parametrize("sizes", [even_sizes(65, 24), uneven_sizes(65, 24), even_sizes(40, 5), uneven_sizes(40, 5)])
def test_the_small_rule_finds_what_it_calls_detectable(sizes, icc):
    effect = typical_detectable(World(sizes, icc=icc), seed=5)
    assert small.power(World(sizes, effect, icc=icc), 1_000, seed=5) >= 0.78 - slack(0.78, 1_000)


@pytest.mark.parametrize("setting", SETTINGS[:2], ids=lambda setting: setting.name)
def test_five_points_are_found_by_each_preset(setting):
    assert min(found(setting, 5.0, 200, seed=1)) >= 0.80 - slack(0.80, 200)


# what the presets promise --------------------------------------------------------------------------------------------

PROMISED = [setting for setting in SETTINGS if setting.name in ("normal, ICC 0", "normal, ICC 0.05")]


@pytest.mark.slow
@pytest.mark.parametrize("setting", PROMISED, ids=lambda setting: setting.name)
def test_sequential_keeps_its_promise(setting):
    """One useless promotion a year at most, and 5 points are found within five nights in 8 of 10."""
    promotions = years_of_challengers(setting.world, SequentialRule.of(1000), 1000, seed=2)
    assert promotions.all.mean() <= 1 + 3 * promotions.all.std() / 1000**0.5
    share = share_found(replace(setting.world, effect=5.0), SequentialRule.of(2000), 5, 2000, seed=2)
    assert share >= 0.80 - slack(0.80, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("setting", PROMISED, ids=lambda setting: setting.name)
def test_annual_keeps_its_promise(setting):
    """A promotion in one year of twenty at most where nothing is better, and 5 points are found with 600 items, at a
    spread of 20, too."""
    some, _ = useless(years_of_challengers(setting.world, AnnualRule.of(500), 500, seed=2))
    assert some <= 0.05 + slack(0.05, 500)
    for sd in (18.0, 20.0):
        world = replace(setting.with_items(600, 5.0), sd=sd)
        assert share_found(world, AnnualRule.of(2000), 1, 2000, seed=2) >= 0.80 - slack(0.80, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("setting", PROMISED, ids=lambda setting: setting.name)
def test_small_finds_five_points_with_four_hundred_items(setting):
    for sd in (18.0, 20.0):
        world = replace(setting.with_items(400, 5.0), sd=sd)
        assert share_found(world, small_rule, 1, 1000, seed=2) >= 0.80 - slack(0.80, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS[-4:], ids=lambda setting: setting.name)
def test_rare_collapses_do_not_fool_the_presets_that_bet(setting):
    """A t test alone promoted in 32 to 40 of 100 years of such worlds."""
    some, _ = useless(years_of_challengers(setting.world, AnnualRule.of(300), 300, seed=2))
    assert some <= 0.05 + slack(0.05, 300)
    _, often = useless(years_of_challengers(setting.world, SequentialRule.of(300), 300, seed=2))
    assert often <= 1


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
    compared = draw_comparisons(World(sizes, sd=10), 1500, seed=2)
    passed = compared.effect - 1.65 * compared.jackknife_se >= -1.0
    assert passed.mean() == pytest.approx(0.98, abs=slack(0.98, 1500))


# the command ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_prints_its_tables_and_the_same_ones_again(capsys, monkeypatch):
    """Of years of three nights: what is printed is the same, however long they are."""
    assert NIGHTS_A_YEAR == reuse.NIGHTS == 365
    monkeypatch.setattr("registry.simulate.years.NIGHTS_A_YEAR", 3)
    main(["--years", "1", "--repetitions", "8", "--seed", "3"])
    printed = capsys.readouterr().out.splitlines()
    assert printed == list(lines(1, 8, 3))
    assert [line for line in printed if line.startswith("###")] == [
        "### Three presets in many worlds: 65 items a night, spread 18 points",
        "### The preset annual: 1 years a line, spread 20 points",
        "### The preset small: 8 tests a line, spread 20 points",
        "### The best on dev of several: 8 tests a line, 65 fresh items, spread 18 points",
        "### Post-edited labels: 1 years, 65 fresh items a night, of 24 channels",
        "### One holdout for ever, or fresh items: 300 items, 1 years a line",
    ]
    tables = [line for line in printed if line.startswith("| ")]
    assert len(tables) > 60
    assert all(len(line) <= 120 for line in printed)
    for setting in SETTINGS:
        assert sum(line.startswith(f"| {setting.name} |") for line in tables) >= 2


@pytest.mark.parametrize("name", ["--years", "--repetitions", "--seed"])
@pytest.mark.parametrize("odd", ["0", "-3", "many", "1.5"])
def test_a_number_that_makes_no_sense_is_refused_in_a_sentence(name, odd, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([f"{name}={odd}"])
    assert "is no whole number from 1" in capsys.readouterr().err


def test_the_pictures_are_svg_and_the_same_again(tmp_path):
    main(["--pictures", str(tmp_path), "--repetitions", "8"])
    wealth, found = ((tmp_path / name).read_text() for name in ("wealth.svg", "found.svg"))
    assert wealth == wealth_picture(SEED) and wealth.count("<polyline") > 60
    assert found.startswith("<svg ") and all(f"correlation {icc}" in found for icc in ("0", "0.05", "0.2"))
