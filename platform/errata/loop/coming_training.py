"""What a training on all that was corrected until now would learn and cost: looked at aside, and nothing is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from errata.documents.file_names import FEATURES, MIXTURE, PARAMS, ROW_MEMO, SNAPSHOT, TRAINING_ROWS
from errata.documents.night import Night
from errata.documents.preflight import Preflight
from errata.errors import NotFound, Unavailable
from errata.loop.code_hash import code_hash
from errata.settings import FILE
from errata.workspace import Workspace

STAGES = ("snapshot", "curate", "augment", "mix")


def coming_training(workspace: Workspace) -> Preflight:
    """Runs the stages before training in a folder of their own, and measures a step where nothing speaks against one.

    Raises Unavailable where a stage stops, NotFound without a Day-0 model, and BadInput where a cluster can't train by
    these parameters.
    """
    from retrain.cluster.training import check_cluster
    from retrain.preflight import preflight
    from retrain.step_time import expected_seconds
    from retrain.train import start_from
    from retrain.trainer import make_trainer

    night, params = _night(workspace), workspace.params()
    recipe, where = params.train, params.trainer
    start, card = start_from(night.starting_model(recipe.start)[0], recipe, workspace.models)
    if where.engine == "ray":
        check_cluster(recipe, card, where)
    with workspace.scratch() as root:
        _lay_out(workspace, night, root)
        for stage in STAGES:
            _run_stage(stage, workspace, root)
        report = preflight(root, workspace.record, workspace.models, night, recipe, where.parts)
        if report.faults or where.parts > 1:  # a step may take more memory than this machine has
            return report
        champion, _ = start_from(night.champion, recipe, workspace.models)
        trainer = make_trainer(root / MIXTURE / TRAINING_ROWS, start, recipe, card, root / "checkpoints", champion)
        return replace(report, seconds=expected_seconds(trainer))


def _night(workspace: Workspace) -> Night:
    with workspace.record.read() as store:
        day0, champion = store.aliases.model_of("day0"), store.aliases.model_of("champion")
        newest = store.labels.newest()
    if day0 is None or champion is None:
        raise NotFound(f"{workspace.root} has no Day-0 model; run errata init there")
    from errata.inference.artefact import Card, model_folder

    watermark = Card.read(model_folder(champion, workspace.models)).training_watermark
    return Night("preflight", newest, newest, day0, champion, watermark, "", 0, code_hash())


def _lay_out(workspace: Workspace, night: Night, root: Path) -> None:
    """As much of a workspace as the stages look at."""
    (root / FILE).touch()
    shutil.copyfile(workspace.root / PARAMS, root / PARAMS)
    for name in ("models", "blobs"):
        (root / name).symlink_to(workspace.root / name, target_is_directory=True)
    if (workspace.root / FEATURES).is_dir():
        (root / FEATURES).symlink_to(workspace.root / FEATURES, target_is_directory=True)
    if (workspace.root / SNAPSHOT).is_dir():  # its shards are never rewritten, so that only what is new is read
        shutil.copytree(workspace.root / SNAPSHOT, root / SNAPSHOT)
    if (workspace.root / ROW_MEMO).is_dir():
        shutil.copytree(workspace.root / ROW_MEMO, root / ROW_MEMO)
    night.write(root)


def _run_stage(stage: str, workspace: Workspace, root: Path) -> None:
    environment = {**os.environ, "ERRATA_DATABASE_URL": workspace.settings.database_url, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", f"retrain.{stage}"]
    if subprocess.run(command, cwd=root, env=environment, stdout=sys.stderr, check=False).returncode:
        raise Unavailable(f"the stage {stage} stopped for the reason above; mend it and look again")
