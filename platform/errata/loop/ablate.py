"""What each alteration of training rows buys: the same rows with and without it, from the same start, as many steps of
training each, on talks that none of it was trained on. Nothing of it is stored but the scores."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

from errata.database.record import Record
from errata.documents.ablation import Ablation, AblationRun
from errata.documents.document import read_document, write_document
from errata.documents.file_names import ABLATION, CURATED, ROWS
from errata.documents.params import AlterationName, AugmentParams, Recipe
from errata.domain.chapter import canonical
from errata.domain.clusters import cluster_name
from errata.domain.hashing import content_hash
from errata.errors import NotFound, Refused
from errata.inference.artefact import model_folder, read_training_transcripts, verify
from errata.inference.model import FolderModel
from errata.loop.code_hash import code_hash
from errata.loop.finished_night import finished_night, recipe_of
from errata.loop.lease import loop_lease
from errata.operations.importing import import_transcripts
from errata.progress import note, progress_bar
from errata.workspace import Workspace

if TYPE_CHECKING:
    from evaluation.ablation import ScoredTalk
    from retrain.training_rows import TrainingRow
    from retrain.trial import Trial

RUNS = Path("work/ablation")
"""Finished runs, a file each, and the checkpoints of the one that was cut short."""
ALTERATIONS: tuple[AlterationName, ...] = tuple(
    name for name in get_args(AlterationName) if name not in ("pauses", "instruction")
)
"""Tried unless others are asked for: those are nothing to a template that shows no pauses and has no instruction."""


@dataclass(frozen=True, slots=True)
class Fold:
    number: int
    trial: Trial
    talks: list[ScoredTalk]


@dataclass(frozen=True, slots=True)
class AblationMaterial:
    """What is trained on and scored."""

    of: str
    folds: list[Fold]
    recipe: Recipe

    @property
    def rows(self) -> list[TrainingRow]:
        return [row for fold in self.folds for row in fold.trial.rows]

    @property
    def talks(self) -> list[ScoredTalk]:
        return [talk for fold in self.folds for talk in fold.talks]


def ablate(workspace: Workspace, names: Sequence[AlterationName], seeds: int) -> Ablation:
    """On the newest scored night's rows, and the talks of role dev. Kept in that night's folder.

    Raises Refused where that night isn't finished or had too few rows, and NotFound where no talk of role dev has a
    label.
    """
    with loop_lease(workspace.record):  # a night must not write its rows meanwhile; what is read isn't read again
        material = material_of_night(workspace)
    ablation = _ablation(workspace, material, names, seeds)
    write_document(workspace.nights / material.of / ABLATION, ablation)
    return ablation


def ablate_on(workspace: Workspace, talks: Path, folds: int, names: Sequence[AlterationName], seeds: int) -> Ablation:
    """From Day-0, on talks with chapters in any format that can be imported, none of which comes into the record. Each
    is scored by models that were trained on other folds, which share no channel and no twin with its own.

    Raises BadInput where the talks don't make so many folds.
    """
    (workspace.root / "work").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=workspace.root / "work") as room:
        rows = _read_talks(talks, Path(room))
    return _ablation(workspace, _in_folds(workspace, rows, str(talks), folds), names, seeds)


def material_of_night(workspace: Workspace) -> AblationMaterial:
    """The newest scored night's rows in one fold, to be scored on the talks of role dev. Raises as `ablate` does."""
    from evaluation.ablation import ScoredTalk
    from evaluation.items import held_out_items, read_questions
    from retrain.row_index import read_index
    from retrain.shard_texts import read_texts
    from retrain.trial import Trial

    night = finished_night(workspace)
    recipe = recipe_of(workspace.nights / night.label)
    start, since = night.starting_model(recipe.start)
    seen = read_training_transcripts(model_folder(start, workspace.models))
    rows = list(read_texts(read_index(workspace.root / CURATED / ROWS), workspace.root, workspace.params().augment))
    with workspace.record.read() as store:
        upto = store.watermark()  # dev decides nothing, so that what was said since the night counts as well
    questions = read_questions(workspace.record, held_out_items(workspace.record, "dev", upto, seen))
    if not questions:
        raise NotFound("no talk of role dev has a label, and variants are scored on those alone; or take --on FOLDER")
    with workspace.record.read() as store:
        transcripts = [store.transcripts.read(question.item.label.transcript) for question in questions]
    talks = [
        ScoredTalk(transcript, question.reference, question.item.cluster)
        for transcript, question in zip(transcripts, questions, strict=True)
    ]
    trial = Trial(rows, start, since, seen, night.champion, workspace.params().mix, workspace.models)
    return AblationMaterial(night.label, [Fold(0, trial, talks)], recipe)


def _read_talks(path: Path, room: Path) -> list[TrainingRow]:
    """By a record of their own, which finds twins, and is thrown away."""
    from retrain.curate import curate_rows
    from retrain.training_rows import TrainingRow

    record = Record(f"sqlite:///{room / 'errata.db'}", room / "blobs")
    record.migrate()
    report = import_transcripts(record, path, room / "rejects")
    with record.read() as store:
        labels = store.labels.between(0, store.watermark())
        # a role is drawn for talks that stay; of these all take turns
        rows = [
            replace(TrainingRow.labelled(label, store.transcripts.read(label.transcript)), role="train")
            for label in labels
        ]
    kept = curate_rows(rows)
    note(f"{path}: {report.read} talks, {len(kept)} with chapters to learn from, {report.rejected} rejected")
    return kept


def _in_folds(workspace: Workspace, rows: Sequence[TrainingRow], of: str, count: int) -> AblationMaterial:
    from evaluation.folds import folds
    from retrain.trial import Trial

    params = workspace.params()
    with workspace.record.read() as store:
        day0 = store.aliases.model_of("day0")
    if day0 is None:
        raise NotFound("the workspace has no Day-0; complete it with errata init")
    ties = [{f"group {row.group}", *([f"channel {row.channel}"] if row.channel else [])} for row in rows]
    numbers = folds(ties, count)
    made = []
    for number in range(count):
        inside = [row for row, fold in zip(rows, numbers, strict=True) if fold == number]
        others = [row for row, fold in zip(rows, numbers, strict=True) if fold != number]
        trial = Trial(others, day0, 0, frozenset(), day0, params.mix, workspace.models)
        made.append(Fold(number, trial, [_scored_talk(row) for row in inside]))
    return AblationMaterial(of, made, replace(params.train, start="base"))


def _scored_talk(row: TrainingRow) -> ScoredTalk:
    from evaluation.ablation import ScoredTalk

    transcript = row.read_transcript()
    reference = canonical(row.read_chapters(), transcript).chapters
    return ScoredTalk(transcript, reference, cluster_name(row.channel, row.external_id))


def _ablation(
    workspace: Workspace, material: AblationMaterial, names: Sequence[AlterationName], seeds: int
) -> Ablation:
    from evaluation.ablation import equal_chapters, variant_effects

    params, talks = workspace.params(), material.talks
    altering = [name for name in names if _alters(material.rows, name, params.augment)]
    runs = list(_runs(workspace, material, altering, seeds))
    clusters = [talk.cluster for talk in talks]
    return Ablation(
        of=material.of,
        items=len(talks),
        clusters=len(set(clusters)),
        seeds=seeds,
        folds=len(material.folds),
        equal_chapters=equal_chapters(talks),
        unaltered=tuple(name for name in names if name not in altering),
        variants=variant_effects(runs, clusters, params.evaluate.seed),
    )


def _alters(rows: Sequence[TrainingRow], name: AlterationName, params: AugmentParams) -> bool:
    from retrain.altered_copies import copies

    every = replace(params, alterations={name: 1.0})
    return any(copies(row, every) for row in rows)


def _runs(
    workspace: Workspace, material: AblationMaterial, names: Sequence[AlterationName], seeds: int
) -> Iterator[AblationRun]:
    """Seed by seed, so that what is cut short has compared all variants by a few."""
    from retrain.variants import variants

    tried = variants(workspace.params().augment, names)
    total, done = len(tried) * len(material.folds) * seeds, 0
    recipes = [_equally_long(material.recipe, fold, tried["none"]) for fold in material.folds]
    for seed in range(material.recipe.seed, material.recipe.seed + seeds):
        for fold, recipe in zip(material.folds, recipes, strict=True):
            for variant, augmentation in tried.items():
                done += 1
                note(f"{done} of {total}: {variant}, seed {seed}, fold {fold.number + 1} of {len(material.folds)}")
                yield _run(workspace, fold, variant, augmentation, replace(recipe, seed=seed))


def _equally_long(recipe: Recipe, fold: Fold, none: AugmentParams) -> Recipe:
    """The recipe with as many steps as it takes without altered rows: more rows must not mean more training."""
    from retrain.trainer import steps_of

    examples, _ = fold.trial.examples(none, recipe)
    least = max(1, fold.trial.mix.least)
    if len(examples) < least:
        raise Refused(f"{len(examples)} training rows, and at least {least} are wanted (mix.least)")
    return replace(recipe, max_steps=steps_of(len(examples), recipe))


def _run(workspace: Workspace, fold: Fold, variant: str, augmentation: AugmentParams, recipe: Recipe) -> AblationRun:
    """Of an earlier attempt, if it came to its end."""
    key = _key(fold, augmentation, recipe)
    path = workspace.root / RUNS / f"{key}.json"
    if path.exists():
        return replace(read_document(AblationRun, path, "delete it"), variant=variant, fold=fold.number)
    room = path.with_suffix("")
    room.mkdir(parents=True, exist_ok=True)
    run = _train_and_score(workspace, fold, variant, augmentation, recipe, room)
    write_document(path, run)
    shutil.rmtree(room)
    return run


def _train_and_score(
    workspace: Workspace, fold: Fold, variant: str, augmentation: AugmentParams, recipe: Recipe, room: Path
) -> AblationRun:
    from evaluation.ablation import scores

    began = time.process_time()
    examples, copies = fold.trial.examples(augmentation, recipe)
    folder = fold.trial.train(examples, recipe, room)
    model = FolderModel(verify(folder), folder, workspace.models)
    with progress_bar("answers", len(fold.talks)) as advance:
        f1, title_f1 = scores(model, fold.talks, advance)
    return AblationRun(
        variant=variant,
        fold=fold.number,
        seed=recipe.seed,
        copies=copies,
        f1=tuple(f1),
        title_f1=tuple(title_f1),
        cpu_seconds=time.process_time() - began,
    )


def _key(fold: Fold, augmentation: AugmentParams, recipe: Recipe) -> str:
    """Of all that a run's scores follow from."""
    trial = fold.trial
    rows = [[row.transcript_hash, row.chapters] for row in trial.rows]
    talks = [[talk.transcript.hash, [chapter.as_json() for chapter in talk.reference]] for talk in fold.talks]
    parts = [code_hash(), trial.start, trial.since, trial.champion, rows, talks]
    return content_hash([*parts, asdict(trial.mix), asdict(augmentation), asdict(recipe)])[:16]
