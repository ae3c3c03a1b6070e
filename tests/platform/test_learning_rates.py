"""A search over learning rates: each is scored, one that diverges stops no other, the best is the lowest of equals."""

from __future__ import annotations

import pytest

from errata.documents.document import as_json, from_json
from errata.documents.learning_rates import LearningRateRun, LearningRateSearch
from errata.documents.params import Recipe
from errata.errors import Refused
from errata.loop.learning_rates import FACTORS, search
from errata.loop.trial_material import Scores, TrialMaterial
from tests.made_up_recipe import LORA

MATERIAL = TrialMaterial("2026-03-01", [], LORA)


def scored(recipe: Recipe) -> Scores:
    """Best at twice the present rate; ten times of it diverges."""
    times = recipe.learning_rate / LORA.learning_rate
    if times >= 10:
        raise Refused("the training diverged: a weight is not a number; lower train.learning_rate")
    return [50.0 - abs(times - 2), 50.0 - abs(times - 2)], [None, 40.0]


def test_the_rates_around_the_present_one_are_tried_by_default() -> None:
    found = search(MATERIAL, (), scored)
    assert [run.rate / LORA.learning_rate for run in found.runs] == list(FACTORS)
    assert found.best is not None and found.best.rate == 2 * LORA.learning_rate
    assert (found.best.f1, found.best.title_f1, found.present) == (50.0, 40.0, LORA.learning_rate)
    assert from_json(LearningRateSearch, as_json(found), "it", "") == found


def test_one_that_diverges_has_no_score_and_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    rate = LORA.learning_rate
    found = search(MATERIAL, (10 * rate, rate), scored)
    assert [run.f1 for run in found.runs] == [49.0, None]
    assert "diverged" in capsys.readouterr().err
    assert search(MATERIAL, (10 * rate,), scored).best is None


def test_of_equals_the_lowest_rate_is_best() -> None:
    runs = (LearningRateRun(2e-3, 40.0, None), LearningRateRun(1e-3, 40.0, None), LearningRateRun(1e-4, 39.0, None))
    found = LearningRateSearch(of="n", items=1, present=1e-3, runs=runs)
    assert found.best is runs[1]
