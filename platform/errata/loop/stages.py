"""The pipeline: DVC runs the stages, and what they found is copied to the night's folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from errata.documents import file_names as names
from errata.errors import Unavailable
from errata.loop.pipeline_process import run_process

COPIES = {
    Path(names.NIGHT): names.NIGHT,
    Path(names.TRAINING): names.TRAINING,
    names.SCORES / names.ITEMS: names.ITEMS,
    names.SCORES / names.EVALUATION: names.EVALUATION,
    names.PARITY_FOLDER / names.PARITY: names.PARITY,
    names.CANDIDATE / names.NO_CANDIDATE: names.NO_CANDIDATE,
    names.SNAPSHOT / names.MANIFEST: names.MANIFEST,
    names.CURATED / names.STAGE_REPORT: names.CURATION_COPY,
    names.MIXTURE / names.STAGE_REPORT: names.MIXTURE_COPY,
    Path(names.PIPELINE_LOCK): names.PIPELINE_LOCK,
}
"""What a night keeps of the workspace's root, and its name there: the next night's stages write over their outputs."""


def run_stages(root: Path) -> None:
    """`dvc repro`, in processes of its own; what they say of their work goes to stderr. Raises Unavailable where one
    fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "dvc", "repro"]  # not --quiet, which would hide what is wrong with its own files
    if run_process(command, root, environment):
        raise Unavailable(
            f"the pipeline stopped, for the reason above; mend it and run the night again in {root}: "
            "it goes on where it stopped"
        )


def collect_results(root: Path, folder: Path) -> None:
    """Copies the stages' results to the night's `folder`; what a stage did not write this time is not left there."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in COPIES.items():
        (folder / name).unlink(missing_ok=True)
        if (root / source).exists():
            shutil.copyfile(root / source, folder / name)
