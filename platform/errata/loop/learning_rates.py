"""Which learning rate suits a night's rows: each is trained with from the same start, and scored on dev, never on what
the gate decides by. Nothing of it is stored but the scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

from errata.documents.learning_rates import LearningRateRun, LearningRateSearch
from errata.documents.params import Recipe
from errata.errors import BadInput, Refused
from errata.loop.lease import loop_lease
from errata.loop.trial_material import Scores, TrialMaterial, material_of_night
from errata.progress import note
from errata.workspace import Workspace

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Of the present rate, where no others are asked for."""


def search_learning_rates(workspace: Workspace, rates: Sequence[float]) -> LearningRateSearch:
    """On the newest scored night's rows. Raises as `errata ablate` does, and BadInput for a rate that is none."""
    if any(rate <= 0 for rate in rates):
        raise BadInput(f"a learning rate is greater than 0, and {min(rates):g} isn't; name another")
    with loop_lease(workspace.record):
        material = material_of_night(workspace)
    fold = material.folds[0]
    examples, _ = fold.trial.examples(workspace.params().augment, material.recipe)

    def train_and_score(recipe: Recipe) -> Scores:
        with workspace.scratch() as room:
            return fold.scores(fold.trial.train(examples, recipe, room), workspace.models)

    return search(material, rates, train_and_score)


def search(
    material: TrialMaterial, rates: Sequence[float], train_and_score: Callable[[Recipe], Scores]
) -> LearningRateSearch:
    present = material.recipe.learning_rate
    tried = sorted(set(rates)) or [present * factor for factor in FACTORS]
    runs = []
    for number, rate in enumerate(tried, 1):
        note(f"{number} of {len(tried)}: learning rate {rate:g}")
        runs.append(_run(replace(material.recipe, learning_rate=rate), train_and_score))
    return LearningRateSearch(of=material.of, items=len(material.talks), present=present, runs=tuple(runs))


def _run(recipe: Recipe, train_and_score: Callable[[Recipe], Scores]) -> LearningRateRun:
    try:
        f1, title_f1 = train_and_score(recipe)
    except Refused as divergence:
        note(str(divergence))
        return LearningRateRun(recipe.learning_rate, None, None)
    titles = [value for value in title_f1 if value is not None]
    return LearningRateRun(recipe.learning_rate, fmean(f1), fmean(titles) if titles else None)
