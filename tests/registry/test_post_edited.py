"""A world of reviewers who edit drafts: what its labels do to an effect, and that the rectified one is right."""

from __future__ import annotations

import numpy as np
import pytest

from errata.domain.chapter import Chapter
from errata.domain.correction import Label
from evaluation.items import Item, Question, f1_alone
from registry.simulate import edited_presets
from registry.simulate.post_edited import Population, f1, post_edit
from registry.simulate.rectified_years import ESTIMATES, accuracy, blind_alone, draw_years, lines, raw, rectified


def test_reviewers_keep_what_is_within_twenty_seconds_and_mend_the_rest():
    right = (0.0, 100.0, 200.0, 300.0)
    assert post_edit(right, (0.0, 112.0, 179.0)) == (0.0, 112.0, 200.0, 300.0)
    assert post_edit(right, (0.0, 95.0, 106.0, 200.0, 301.0)) == (0.0, 95.0, 200.0, 301.0)
    accepted = (0.0, 119.0, 185.0, 300.0)
    assert post_edit(right, accepted) == accepted


def test_scores_are_the_product_s_own():
    label, answer = (0.0, 100.0, 210.0), (0.0, 90.0, 150.0, 210.0)
    item = Item("fresh", Label(1, "h", "id", "c", 1, "edit", (), "r", None, "train", 1, ("h",), first=True))
    chapters = [tuple(Chapter(start, "") for start in borders) for borders in (label, answer)]
    assert f1(label, answer, 300.0) == f1_alone(Question(item, chapters[0], 300.0, "seconds"), chapters[1])


@pytest.fixture(scope="module")
def world():
    return Population.drawn(channels=30, talks=4, seed=1)


def test_a_label_favours_whoever_drafted_it(world):
    for pair in (one for row in world.pairs for one in row):
        assert pair.champion_drafted.mean() < pair.gain < pair.candidate_drafted.mean()


def test_the_rectified_interval_holds_the_truth_and_the_labels_own_does_not(world):
    drawn = draw_years(world, 40, [0.0] * 60, seed=2)
    labelled, alone, better = (accuracy(drawn, estimate(drawn)) for estimate in (raw, blind_alone, rectified))
    assert labelled.error < -1.5 and labelled.coverage < 0.85
    assert abs(alone.error) < 0.3 and abs(better.error) < 0.4
    assert 0.85 <= alone.coverage <= 0.95 and 0.85 <= better.coverage <= 0.95
    assert better.spread < 0.7 * alone.spread
    assert better.mistaken <= 0.05


def test_drafts_drawn_at_random_cancel_out(world):
    drawn = draw_years(world, 40, [0.5] * 60, seed=2)
    for estimate in (raw, rectified):
        result = accuracy(drawn, estimate(drawn))
        assert abs(result.error) < 0.4 and 0.85 <= result.coverage <= 0.95


@pytest.mark.slow
def test_a_hundred_years_hold_the_truth():
    rows = [line.split(" | ") for line in lines(100, 20250101) if "rectified" in line]
    assert len(rows) == 2
    for row in rows:
        nights, worst, last = (float(share.rstrip("%")) for share in row[5:8])
        assert all(85 <= share <= 95 for share in (nights, worst, last))


def test_every_way_of_reckoning_has_its_row():
    table = [line for line in lines(1, 3) if line.startswith("| ")]
    assert len(table) == 1 + 2 * len(ESTIMATES)
    assert not any("nan" in line for line in table[:2])
    assert np.all([line.count("|") == table[0].count("|") for line in table])


def shares(rows: list[str], name: str) -> list[float]:
    [row] = [row for row in rows if row.startswith(f"| {name} |")]
    return [float(cell.strip().rstrip("%")) for cell in row.split("|")[2:-1]]


def test_the_presets_are_asked_by_both_effects():
    rows = list(edited_presets.lines(200, 3))
    assert len(shares(rows, "as labelled")) == len(shares(rows, "rectified")) == 6


@pytest.mark.slow
def test_the_rectified_effect_finds_a_gain_that_edited_drafts_hide():
    rows = list(edited_presets.lines(4000, 20250101))
    hidden, found = shares(rows, "as labelled"), shares(rows, "rectified")
    assert found[0] > hidden[0] + 15, "small, on a first night of the champion's drafts"
    assert found[2] > 65 and found[4] > 70
    assert found[1] < 5 and found[3] == found[5] == 0
