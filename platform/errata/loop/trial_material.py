"""What trial trainings are made of: a night's rows, or talks from elsewhere in folds, and what they are scored on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from errata.database.record import Record
from errata.documents.file_names import CURATED, ROWS
from errata.documents.params import Recipe
from errata.domain.chapter import canonical, chapters_to_json
from errata.domain.clusters import cluster_name
from errata.domain.hashing import content_hash
from errata.domain.vector_shard import VectorShard
from errata.errors import NotFound
from errata.inference.artefact import model_folder, read_training_transcripts, verify
from errata.inference.model import FolderModel
from errata.loop.code_hash import code_hash
from errata.loop.finished_night import finished_night, recipe_of
from errata.operations.importing import import_transcripts
from errata.progress import note, progress_bar
from errata.workspace import Workspace

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from evaluation.ablation import ScoredTalk
    from retrain.training_rows import TrainingRow
    from retrain.trial import Trial

Scores = tuple[list[float], list[float | None]]
"""F1 of boundaries, and of titles, by talk."""


@dataclass(frozen=True, slots=True)
class Fold:
    number: int
    trial: Trial
    talks: list[ScoredTalk]

    def scores(self, folder: Path, models: Path) -> Scores:
        """Of the model in `folder`, on the fold's talks; `models` is where an adapter's base is kept."""
        from evaluation.ablation import scores

        model = FolderModel(verify(folder), folder, models)
        with progress_bar("answers", len(self.talks)) as advance:
            return scores(model, self.talks, advance)


@dataclass(frozen=True, slots=True)
class TrialMaterial:
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


def trial_key(trial: Trial, talks: Sequence[ScoredTalk], *settings: DataclassInstance) -> str:
    """Of all that the scores of a trial's variant on `talks` follow from; `settings` are what it was made by."""
    rows = [[row.transcript_hash, row.chapters] for row in trial.rows]
    shown = {name: _keys(shards) for name, shards in sorted(trial.vectors.items())}
    scored = [
        [talk.transcript.hash, _keys(talk.transcript.vectors), chapters_to_json(talk.reference)] for talk in talks
    ]
    models = [trial.start, trial.since, trial.champion, trial.template, trial.rate]
    made_by = [asdict(each) for each in (trial.mix, *settings)]
    return content_hash([code_hash(), models, rows, shown, scored, made_by])[:16]


def _keys(shards: Iterable[VectorShard]) -> list[str]:
    return [shard.key for shard in shards]


def material_of_night(workspace: Workspace) -> TrialMaterial:
    """The newest scored night's rows in one fold, to be scored on the talks of role dev.

    Raises Refused where that night isn't finished, and NotFound where no talk of role dev has a label.
    """
    from evaluation.ablation import ScoredTalk
    from evaluation.items import held_out_items, read_questions
    from retrain.row_index import read_index
    from retrain.seen_rows import seen_vectors
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
    vectors = seen_vectors(workspace.record, model_folder(start, workspace.models))
    mix = workspace.params().mix
    trial = Trial(rows, start, since, seen, night.champion, mix, workspace.models, vectors=vectors)
    return TrialMaterial(night.label, [Fold(0, trial, talks)], recipe)


def material_of_talks(workspace: Workspace, talks: Path, folds: int) -> TrialMaterial:
    """Talks with chapters, in folds that share no channel and no twin, from Day-0. None of them comes into the record.

    Raises BadInput where they don't make so many folds.
    """
    with workspace.scratch() as room:
        rows = _read_talks(talks, room)
    return _in_folds(workspace, rows, str(talks), folds)


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


def _in_folds(workspace: Workspace, rows: Sequence[TrainingRow], of: str, count: int) -> TrialMaterial:
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
    return TrialMaterial(of, made, replace(params.train, start="base"))


def _scored_talk(row: TrainingRow) -> ScoredTalk:
    from evaluation.ablation import ScoredTalk

    transcript = row.read_transcript()
    reference = canonical(row.read_chapters(), transcript).chapters
    return ScoredTalk(transcript, reference, cluster_name(row.channel, row.external_id))
