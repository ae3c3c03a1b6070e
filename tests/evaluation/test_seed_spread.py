"""A recipe's seeds on the same items."""

from __future__ import annotations

from dataclasses import replace

import pytest

from errata.documents.document import as_json, from_json
from errata.documents.scored_items import rows_of
from errata.documents.seed_spread import SeedSpread
from errata.wording.night_sentences import seeds_sentence
from evaluation.report.content import Report
from evaluation.report.page import render
from evaluation.seed_spread import fresh_rows, run_of, seed_spread
from tests.made_up_night import report
from tests.made_up_report import Page


@pytest.fixture(scope="module")
def night() -> Report:
    return report(1)


@pytest.fixture(scope="module")
def spread(night: Report) -> SeedSpread:
    """The candidate, one whose every item is 3 points lower, and one 3 points higher."""
    own = fresh_rows(night.items, "candidate")
    champion = [rows_of(night.items, "champion")[row.transcript] for row in own]
    moves = ((7, 0.0), (8, -3.0), (9, 3.0))
    return seed_spread("n", [run_of(seed, f"m{seed}", [r.f1 + by for r in own], champion, 7) for seed, by in moves])


def test_the_candidate_s_own_run_is_the_gate_s_comparison(night: Report, spread: SeedSpread) -> None:
    assert spread.runs[0].against_champion.effect == pytest.approx(night.primary("candidate").effect)
    assert spread.runs[0].against_champion.n == night.primary("candidate").n, "nothing accepted, no anchor"


def test_the_spread_is_that_of_the_effects(spread: SeedSpread) -> None:
    effect = spread.runs[0].against_champion.effect
    assert (spread.mean, spread.deviation) == (pytest.approx(effect), pytest.approx(3.0))
    assert from_json(SeedSpread, as_json(spread), "it", "mend it") == spread
    sentence = seeds_sentence(spread)
    assert "the seeds 7, 8, 9" in sentence and "3.0 points of spread" in sentence
    assert f"{effect:+.1f}, {effect - 3:+.1f}, {effect + 3:+.1f}" in sentence


def test_the_report_shows_it_where_it_was_tried(night: Report, spread: SeedSpread) -> None:
    shown = Page(render(replace(night, files=replace(night.files, seeds=spread)))).words()
    assert "How much is luck? Made from the same rows with the seeds 7, 8, 9" in shown
    assert "How much is luck?" not in Page(render(night)).words()
