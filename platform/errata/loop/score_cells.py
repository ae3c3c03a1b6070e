"""Which chunks teach a model most: for each length and rate of pictures that fits the budget one is trained, for a few
steps and by a night's recipe, on talks of role train, and scored on those of dev, never on what is held out. Nothing of
it is stored but the scores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from errata.documents.file_names import SWEEP_RUNS
from errata.documents.params import Recipe
from errata.documents.scored_cell import ScoredCell
from errata.errors import BadInput, NotFound, Refused
from errata.inference.artefact import Card, Sense, model_folder, read_training_transcripts, verify
from errata.inference.model import FolderModel
from errata.inference.sensed_frames import shard_for
from errata.loop.kept_trials import kept_trial
from errata.loop.sweep import SweepCell, SweepGrid
from errata.loop.trial_material import trial_key
from errata.operations.model_names import resolve_model
from errata.progress import note, progress_bar
from errata.tasks import templates
from errata.tasks.templates.chunk_description import PREVIOUS, RECALL, ChunkDescription
from errata.workspace import Workspace
from evaluation.ablation import ScoredTalk
from evaluation.chunk_scores import chunk_scores, joined
from evaluation.items import held_out_items, read_questions
from retrain.curate import curate_rows
from retrain.seen_rows import VectorsById, seen_vectors
from retrain.taught_rows import TaughtRow
from retrain.training_rows import TrainingRow, chapters_json
from retrain.trial import Trial

STEPS = 50


@dataclass(frozen=True, slots=True)
class ChunkMaterial:
    """What is learnt and scored of one starting model's cells."""

    trial: Trial
    template: ChunkDescription
    talks: Sequence[ScoredTalk]


def check_scorable(workspace: Workspace, grid: SweepGrid) -> None:
    """Raises Refused where models aren't asked for descriptions, and BadInput for lengths and rates that can't be made
    of what there is; before anything is counted."""
    with workspace.record.read() as store:
        task = store.asked_task.name()
    if task != "description":
        raise Refused(
            f"a scored sweep is for descriptions of chunks, and models of {workspace.root} are asked for others"
        )
    for name in grid.models:
        card = Card.read(_folder(workspace, name))
        own = _description(card)
        for seconds in grid.seconds:
            if seconds % own.seconds:
                raise BadInput(
                    f"{seconds:g} s are no multiple of {own.seconds} s, of which {name} has its descriptions, and they "
                    f"can be joined and not parted; name {own.seconds}, {2 * own.seconds} or such"
                )
        _check_rates(workspace, name, card, grid.rates)


def _check_rates(workspace: Workspace, name: str, card: Card, rates: Sequence[float]) -> None:
    eyes = next((sense for sense in card.senses if sense.modality == "video"), None)
    if eyes is None:
        if len(rates) > 1:
            raise BadInput(f"{name} sees nothing, so that no rate would make a difference; name one --rate")
        return
    vectors = seen_vectors(workspace.record, _folder(workspace, name))
    for rate in rates:
        if not _can_be_had(replace(eyes, rate=rate), vectors):
            raise BadInput(
                f"there are no pictures of any recording for {rate:g} a second; make them: errata features --by "
                f"{eyes.extractor.partition('@')[0]} --rate {rate:g}"
            )


def _can_be_had(eyes: Sense, vectors: VectorsById) -> bool:
    return any(shard_for(eyes, shards) is not None for shards in vectors.values())


def score_cells(workspace: Workspace, cells: Sequence[SweepCell], steps: int) -> list[ScoredCell]:
    """Of those in which all chunks fit the budget. Raises BadInput where there are none, and NotFound where there is
    nothing to learn, or of role dev nothing to score."""
    fitting = [cell for cell in cells if cell.fits == 100]
    if not fitting:
        raise BadInput("in no cell do all chunks fit the budget, so that none is trained; name shorter ones, or more")
    own = workspace.params().train
    recipe = replace(own, start="base", max_steps=steps, epochs=steps * own.batch)  # however few the rows: all `steps`
    materials = {name: _material(workspace, name) for name in dict.fromkeys(cell.model for cell in fitting)}
    scored = []
    for number, cell in enumerate(fitting, 1):
        note(f"{number} of {len(fitting)}: {cell.model}, chunks of {cell.seconds:g} s, {cell.rate:g} frames a second")
        scored.append(_scored(workspace, cell, materials[cell.model], recipe))
    return scored


def _material(workspace: Workspace, name: str) -> ChunkMaterial:
    identity, folder = resolve_model(workspace, name), _folder(workspace, name)
    seen = read_training_transcripts(folder)
    with workspace.record.read() as store:
        upto = store.watermark()
        labels = [(label, store.transcripts.read(label.transcript)) for label in store.labels.of_role("train", upto)]
    rows = curate_rows([TrainingRow.labelled(label, transcript) for label, transcript in labels])
    if not rows:
        raise NotFound("no talk of role train has descriptions to learn from; import or correct some")
    vectors = seen_vectors(workspace.record, folder)
    trial = Trial(rows, identity, 0, seen, identity, workspace.params().mix, workspace.models, vectors=vectors)
    return ChunkMaterial(trial, _description(Card.read(folder)), _dev_talks(workspace, upto, seen))


def _dev_talks(workspace: Workspace, upto: int, seen: frozenset[str]) -> list[ScoredTalk]:
    questions = read_questions(workspace.record, held_out_items(workspace.record, "dev", upto, seen))
    if not questions:
        raise NotFound("no talk of role dev has descriptions, and cells are scored on those alone")
    with workspace.record.read() as store:
        return [
            ScoredTalk(store.transcripts.read(each.item.label.transcript), each.reference, each.item.cluster)
            for each in questions
        ]


def _scored(workspace: Workspace, cell: SweepCell, material: ChunkMaterial, recipe: Recipe) -> ScoredCell:
    trial, talks = _of_cell(cell, material)
    path = workspace.root / SWEEP_RUNS / f"{trial_key(trial, talks, recipe)}.json"
    scored = kept_trial(ScoredCell, path, lambda room: _train_and_score(workspace, cell, trial, talks, (recipe, room)))
    return replace(scored, model=cell.model)  # it may have another name by now


def _train_and_score(
    workspace: Workspace, cell: SweepCell, trial: Trial, talks: Sequence[ScoredTalk], by: tuple[Recipe, Path]
) -> ScoredCell:
    """By a recipe, in a room for its checkpoints."""
    began, (recipe, _) = time.process_time(), by
    examples = _examples(workspace, trial, recipe)
    f1, talk_f1 = _scores(workspace, trial, examples, talks, by)
    return ScoredCell(
        model=cell.model,
        seconds=cell.seconds,
        rate=cell.rate,
        steps=recipe.max_steps,
        examples=len(examples),
        talks=len(talks),
        f1=f1,
        talk_f1=talk_f1,
        cpu_seconds=time.process_time() - began,
    )


def _examples(workspace: Workspace, trial: Trial, recipe: Recipe) -> list[TaughtRow]:
    """Without altered copies. Raises Refused where there are too few."""
    examples, _ = trial.examples(replace(workspace.params().augment, share=0.0, alterations={}), recipe)
    least = max(1, trial.mix.least)
    if len(examples) < least:
        raise Refused(f"{len(examples)} chunks to learn from, and at least {least} are wanted (mix.least)")
    return examples


def _scores(
    workspace: Workspace,
    trial: Trial,
    examples: Sequence[TaughtRow],
    talks: Sequence[ScoredTalk],
    by: tuple[Recipe, Path],
) -> tuple[float, float] | tuple[None, None]:
    """F1 by chunk and by talk; nothing where the training diverged."""
    try:
        folder = trial.train(examples, *by)
    except Refused as divergence:
        note(str(divergence))
        return None, None
    with progress_bar("answers", len(talks)) as advance:
        return chunk_scores(FolderModel(verify(folder), folder, workspace.models), talks, advance)


def _of_cell(cell: SweepCell, material: ChunkMaterial) -> tuple[Trial, list[ScoredTalk]]:
    """The same rows and talks, with the descriptions of chunks of the cell's length."""
    rows = [_rejoined(row, cell.seconds) for row in material.trial.rows]
    talks = [replace(talk, reference=joined(talk.reference, talk.transcript, cell.seconds)) for talk in material.talks]
    template = _template(material.template, int(cell.seconds))
    return replace(material.trial, rows=rows, template=template, rate=cell.rate), talks


def _rejoined(row: TrainingRow, seconds: float) -> TrainingRow:
    right = row.right_answer().chapters
    return replace(row, chapters=chapters_json(joined(right, row.read_transcript(), seconds)))


def _template(own: ChunkDescription, seconds: int) -> str:
    options = [name for name, wanted in ((PREVIOUS, own.previous), (RECALL, own.recall)) if wanted]
    return "+".join(("description", str(seconds), *options))


def _description(card: Card) -> ChunkDescription:
    template = templates.find(card.template)
    if not isinstance(template, ChunkDescription):
        raise BadInput(f"the template {card.template} is none of descriptions; name another model")
    return template


def _folder(workspace: Workspace, name: str) -> Path:
    return model_folder(resolve_model(workspace, name), workspace.models)
