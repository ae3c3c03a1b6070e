"""Stage 5. The candidate: fine-tunes the starting model on tonight's rows.

Checkpoints lie under a key of everything that goes in, so that a run cut short goes on where it was. What leaves this
stage is safetensors and JSON.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow.parquet as pq

from errata.documents.document import write_document
from errata.documents.file_names import CANDIDATE, LOSS, MIXTURE, NO_CANDIDATE, PREFLIGHT, TRAINING, TRAINING_ROWS
from errata.documents.interpolation import Interpolation
from errata.documents.movement import Movement
from errata.documents.night import Night
from errata.documents.params import Recipe
from errata.documents.preflight import Preflight
from errata.documents.stage_reports import NoCandidate, TrainingLog
from errata.domain.hashing import content_hash, sha256
from errata.files import write_atomically
from errata.inference.artefact import TRAINING_TRANSCRIPTS, Card, model_folder, read_seal
from errata.stage_exit import stage_exit
from errata.tasks import templates
from errata.tasks.templates.borders import Borders
from errata.workspace import Workspace
from retrain.backends.start import Start
from retrain.chapter_lengths import fit_lengths, label_lengths
from retrain.checkpoints import CHECKPOINTS
from retrain.cluster.training import check_cluster, train_on_cluster
from retrain.dev_choice import DevSet, choose, dev_items, seen_by
from retrain.movement import movement
from retrain.objectives.champion_reference import champion_reference
from retrain.packages import packages_of
from retrain.preflight import preflight
from retrain.preflight_report import refuse_faults, say_preflight
from retrain.saving import save
from retrain.step_time import expected_seconds
from retrain.taught_rows import TaughtRows
from retrain.trainer import make_trainer, run_trainer


def start_from(identity: str, recipe: Recipe, models: Path) -> tuple[Start, Card]:
    """What a training goes on from, and the card that what comes of it will carry."""
    folder = model_folder(identity, models)
    card = Card.read(folder)
    start = Start.of(folder, models)
    made = replace(card, form="full", base="") if recipe.method == "full" else replace(card, form="adapter")
    if made.form == "adapter" and start.adapter is None:
        made = replace(made, base=identity)
    return start, made


def train_candidate(workspace: Workspace, night: Night, recipe: Recipe, out: Path) -> TrainingLog:
    """Trains on the mixture that `night` has left in the workspace, and seals what comes of it in the folder `out`.

    Raises Refused or Unavailable, before any time is spent, for the first fault that a preflight finds.
    """
    rows = workspace.root / MIXTURE / TRAINING_ROWS
    ancestor, _ = night.starting_model(recipe.start)
    start, card = start_from(ancestor, recipe, workspace.models)
    card = replace(card, training_watermark=night.training_watermark)
    key = content_hash([sha256(rows.read_bytes()), asdict(recipe), ancestor, night.champion, night.code])
    checkpoints = workspace.root / CHECKPOINTS / key[:16]
    where = workspace.params().trainer
    if where.engine == "ray":
        check_cluster(recipe, card, where)
    report = preflight(workspace.root, workspace.record, workspace.models, night, recipe, where.parts)
    refuse_faults(report)
    champion, _ = start_from(night.champion, recipe, workspace.models)
    if where.engine == "ray":
        _say(workspace, report)
        if recipe.objective == "sft+dpo":
            champion_reference(TaughtRows(rows), champion, recipe, card.context, checkpoints)
        model, log = train_on_cluster(rows, start, recipe, card, checkpoints, where)
    else:
        trainer = make_trainer(rows, start, recipe, card, checkpoints, champion)
        _say(workspace, replace(report, seconds=expected_seconds(trainer)))
        model, log = run_trainer(trainer, checkpoints)
        del trainer
    shutil.copyfile(workspace.root / MIXTURE / TRAINING_TRANSCRIPTS, out / TRAINING_TRANSCRIPTS)
    facts = {"ancestor": ancestor, "method": recipe.method, "rows": pq.read_metadata(rows).num_rows}
    save(model, out, card, facts, start.base)
    del model  # the memory is wanted by the models that are asked now
    interpolation, moved = _compared_on_dev(workspace, night, recipe, out)
    shutil.rmtree(checkpoints, ignore_errors=True)
    identity = read_seal(out)[0]
    sys.stderr.write(f"train: candidate {identity[:12]}, loss {log[0]['loss']:.3f} to {log[-1]['loss']:.3f}\n")
    losses = tuple(round(entry["loss"], 6) for entry in log)
    return TrainingLog(len(losses), losses, interpolation, moved, packages_of(recipe.method))


def _say(workspace: Workspace, report: Preflight) -> None:
    write_document(workspace.root / PREFLIGHT, report)
    say_preflight(report)


def _compared_on_dev(
    workspace: Workspace, night: Night, recipe: Recipe, candidate: Path
) -> tuple[Interpolation | None, Movement | None]:
    """Fits the lengths by which the candidate divides talks, draws it towards the champion as far as dev says, where
    the recipe asks for that, and measures how far it has moved."""
    champion, day0 = (model_folder(identity, workspace.models) for identity in (night.champion, night.day0))
    items = dev_items(workspace.record, night.training_watermark, seen_by(candidate, champion))
    if isinstance(templates.find(Card.read(candidate).template), Borders):
        lengths = label_lengths(workspace.record, night.training_watermark)
        fit_lengths(candidate, lengths, [(item.transcript, item.right) for item in items], workspace.models)
    interpolation = None
    if recipe.interpolate != (1.0,):
        dev, ways = DevSet(items, workspace.models), workspace.root / "work" / "interpolation"
        interpolation = choose(candidate, (night.champion, champion), recipe.interpolate, dev, ways)
    return interpolation, movement(candidate, champion, day0, items, workspace.models)


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), workspace.params()
    shutil.rmtree(CANDIDATE, ignore_errors=True)
    CANDIDATE.mkdir()
    count, least = pq.read_metadata(MIXTURE / TRAINING_ROWS).num_rows, max(1, params.mix.least)
    if count < least:
        reason = f"{count} training rows, and at least {least} are wanted (mix.least)"
        write_document(CANDIDATE / NO_CANDIDATE, NoCandidate(reason))
        _write_log(TrainingLog())
        sys.stderr.write(f"train: nothing, {reason}\n")
        return
    _write_log(train_candidate(workspace, night, params.train, CANDIDATE))


def _write_log(log: TrainingLog) -> None:
    """For the night's report, and step by step for DVC's plots."""
    write_document(Path(TRAINING), log)
    lines = [f"{step},{loss}\n" for step, loss in enumerate(log.loss, 1)]
    write_atomically(Path(LOSS), "".join(["step,loss\n", *lines]))


if __name__ == "__main__":
    with stage_exit():
        main()
