"""What each alteration of training rows buys, or each template: the same rows with and without it, from the same start,
as many steps of training each, on talks that none of it was trained on. Nothing of it is stored but the scores."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from errata.documents.ablation import Ablation, AblationRun
from errata.documents.document import write_document
from errata.documents.file_names import ABLATION, ABLATION_RUNS
from errata.documents.params import AlterationName, AugmentParams, Recipe
from errata.errors import Refused
from errata.loop.kept_trials import kept_trial
from errata.loop.lease import loop_lease
from errata.loop.trial_material import Fold, TrialMaterial, material_of_night, material_of_talks, trial_key
from errata.operations.chapters_asked import check_chapters_asked
from errata.progress import note
from errata.tasks import templates
from errata.workspace import Workspace

if TYPE_CHECKING:
    from retrain.training_rows import TrainingRow
    from retrain.trial import Trial
    from retrain.variants import Variant

ALTERATIONS: tuple[AlterationName, ...] = tuple(
    name for name in get_args(AlterationName) if name not in ("pauses", "instruction")
)
"""Tried unless others are asked for: those are nothing to a template that shows no pauses and has no instruction."""


@dataclass(frozen=True, slots=True)
class AblationPlan:
    """What is tried: alterations, or instead of them templates."""

    seeds: int
    alterations: Sequence[AlterationName] = ALTERATIONS
    templates: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises BadInput for a template that isn't there."""
        for name in self.templates:
            templates.find(name)


def ablate(workspace: Workspace, plan: AblationPlan) -> Ablation:
    """On the newest scored night's rows, and the talks of role dev. Kept in that night's folder.

    Raises Refused where that night isn't finished, had too few rows, or models answer chats, and NotFound where no talk
    of role dev has a label.
    """
    check_chapters_asked(workspace, "an ablation")
    with loop_lease(workspace.record):  # a night must not write its rows meanwhile; what is read isn't read again
        material = material_of_night(workspace)
    ablation = _ablation(workspace, material, plan)
    write_document(workspace.nights / material.of / ABLATION, ablation)
    return ablation


def ablate_on(workspace: Workspace, talks: Path, folds: int, plan: AblationPlan) -> Ablation:
    """From Day-0, on talks with chapters in any format that can be imported, none of which comes into the record. Each
    is scored by models that were trained on other folds, which share no channel and no twin with its own.

    Raises BadInput where the talks don't make so many folds.
    """
    return _ablation(workspace, material_of_talks(workspace, talks, folds), plan)


def _ablation(workspace: Workspace, material: TrialMaterial, plan: AblationPlan) -> Ablation:
    from evaluation.ablation import equal_chapters, variant_effects

    params, talks = workspace.params(), material.talks
    tried, unaltered = _variants(material, plan, params.augment)
    baseline = next(iter(tried))
    runs = list(ablation_runs(workspace, material, tried, plan.seeds))
    clusters = [talk.cluster for talk in talks]
    return Ablation(
        of=material.of,
        items=len(talks),
        clusters=len(set(clusters)),
        seeds=plan.seeds,
        folds=len(material.folds),
        equal_chapters=equal_chapters(talks),
        baseline=baseline,
        unaltered=unaltered,
        variants=variant_effects(runs, baseline, clusters, params.evaluate.seed),
    )


def _variants(
    material: TrialMaterial, plan: AblationPlan, params: AugmentParams
) -> tuple[dict[str, Variant], tuple[AlterationName, ...]]:
    """What is trained, the baseline first; and the alterations that would change no row, which are left out."""
    from retrain.variants import template_variants, variants

    if plan.templates:
        trial = material.folds[0].trial
        tried = template_variants(params, trial.own_template, plan.templates)
        check_templates(trial, tried.values(), material.recipe)
        return tried, ()
    altering = [name for name in plan.alterations if _alters(material.rows, name, params)]
    return variants(params, altering), tuple(name for name in plan.alterations if name not in altering)


def check_templates(trial: Trial, tried: Iterable[Variant], recipe: Recipe) -> None:
    """Raises BadInput, before time is spent on others, for a template that the model's tokenizer can't write."""
    for variant in tried:
        replace(trial, rows=trial.rows[:1], template=variant.template).examples(variant.augmentation, recipe)


def _alters(rows: Sequence[TrainingRow], name: AlterationName, params: AugmentParams) -> bool:
    from retrain.altered_copies import copies

    every = replace(params, alterations={name: 1.0})
    return any(copies(row, every) for row in rows)


def ablation_runs(
    workspace: Workspace, material: TrialMaterial, tried: Mapping[str, Variant], seeds: int
) -> Iterator[AblationRun]:
    """Every variant by every seed on every fold, the first of `tried` being the baseline, which says how many steps all
    take. Seed by seed, so that what is cut short has compared all variants by a few.

    Raises Refused where a fold has too few rows to learn from.
    """
    total, done = len(tried) * len(material.folds) * seeds, 0
    baseline = next(iter(tried.values()))
    recipes = [_equally_long(material.recipe, fold, baseline.augmentation) for fold in material.folds]
    for seed in range(material.recipe.seed, material.recipe.seed + seeds):
        for fold, recipe in zip(material.folds, recipes, strict=True):
            for name, variant in tried.items():
                done += 1
                note(f"{done} of {total}: {name}, seed {seed}, fold {fold.number + 1} of {len(material.folds)}")
                asked = replace(fold, trial=replace(fold.trial, template=variant.template))
                yield _run(workspace, asked, name, variant.augmentation, replace(recipe, seed=seed))


def _equally_long(recipe: Recipe, fold: Fold, baseline: AugmentParams) -> Recipe:
    """The recipe with as many steps as the baseline takes: more rows, or windows, must not mean more training."""
    from retrain.trainer import steps_of

    examples, _ = fold.trial.examples(baseline, recipe)
    least = max(1, fold.trial.mix.least)
    if len(examples) < least:
        raise Refused(f"{len(examples)} training rows, and at least {least} are wanted (mix.least)")
    return replace(recipe, max_steps=steps_of(len(examples), recipe))


def _run(workspace: Workspace, fold: Fold, variant: str, augmentation: AugmentParams, recipe: Recipe) -> AblationRun:
    path = workspace.root / ABLATION_RUNS / f"{trial_key(fold.trial, fold.talks, augmentation, recipe)}.json"
    run = kept_trial(
        AblationRun, path, lambda room: _train_and_score(workspace, fold, variant, augmentation, recipe, room)
    )
    return replace(run, variant=variant, fold=fold.number)  # what else comes to the same has another name


def _train_and_score(
    workspace: Workspace, fold: Fold, variant: str, augmentation: AugmentParams, recipe: Recipe, room: Path
) -> AblationRun:
    began = time.process_time()
    examples, copies = fold.trial.examples(augmentation, recipe)
    folder = fold.trial.train(examples, recipe, room)
    f1, title_f1 = fold.scores(folder, workspace.models)
    return AblationRun(
        variant=variant,
        fold=fold.number,
        seed=recipe.seed,
        copies=copies,
        f1=tuple(f1),
        title_f1=tuple(title_f1),
        cpu_seconds=time.process_time() - began,
    )
