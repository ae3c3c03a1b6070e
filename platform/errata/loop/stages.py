"""The pipeline: DVC runs the stages, and what they found is copied to the night's folder."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from errata.documents import file_names as names
from errata.errors import Unavailable
from errata.loop.leftovers import ROOT
from errata.loop.pipeline import check_pipeline, is_whole_lock
from errata.loop.pipeline_process import run_process
from errata.progress import note

LITTLE_SPACE = 20_000_000
"""Bytes, with which no stage gets far."""
COPIES = {
    Path(names.NIGHT): names.NIGHT,
    Path(names.TRAINING): names.TRAINING,
    names.SCORES / names.ITEMS: names.ITEMS,
    names.SCORES / names.EVALUATION: names.EVALUATION,
    names.SCORES / names.CALIBRATION: names.CALIBRATION,
    names.PARITY_FOLDER / names.parity_file("candidate"): names.parity_file("candidate"),
    names.PARITY_FOLDER / names.parity_file("challenger"): names.parity_file("challenger"),
    names.CANDIDATE / names.NO_CANDIDATE: names.NO_CANDIDATE,
    names.SNAPSHOT / names.MANIFEST: names.MANIFEST,
    names.CURATED / names.STAGE_REPORT: names.CURATION_COPY,
    names.MIXTURE / names.STAGE_REPORT: names.MIXTURE_COPY,
    names.MIXTURE / names.SUSPECTS: names.SUSPECTS,
    Path(names.PIPELINE_LOCK): names.PIPELINE_LOCK,
}
"""What a night keeps of the workspace's root, and its name there: the next night's stages write over their outputs."""


TRAINED = ("curate", "augment", "train")
"""The stages that go by what a candidate goes on from."""
_OUTSIDE_CACHE = (names.PIPELINE_LOCK, names.TRAINING, names.LOSS)
"""What these stages leave that DVC can't bring back."""


def run_stages(root: Path, last: str = "") -> None:
    """`dvc repro`, all of it or up to the stage `last`, in processes of its own; what they say of their work goes to
    stderr.

    A `dvc.lock` that DVC can't read, as a crash leaves it, is made anew: what it listed is found in DVC's cache. Raises
    BadInput for a `dvc.yaml` that doesn't make what a night needs, and Unavailable where a stage fails.
    """
    check_pipeline(root)
    if not _reproduce(root, last) and (
        is_whole_lock(root / names.PIPELINE_LOCK) or not _reproduce_without_lock(root, last)
    ):
        raise Unavailable(_failure(root))


def keep_training(root: Path, folder: Path) -> None:
    """Fills the new `folder` with what `restore_training` needs beside DVC's cache."""
    folder.mkdir()
    for name in _OUTSIDE_CACHE:
        shutil.copyfile(root / name, folder / name)


def restore_training(root: Path, folder: Path) -> None:
    """Brings back what the stages up to the training had left when `folder` was filled; another candidate was trained
    since, and DVC finds nothing to do again for the first one. Raises Unavailable where that fails."""
    for name in _OUTSIDE_CACHE:
        shutil.copyfile(folder / name, root / name)
    if not _dvc(root, "checkout", "--force", *TRAINED):
        raise Unavailable(_failure(root))


def _reproduce(root: Path, last: str) -> bool:
    """Whether every stage came to its end."""
    # not --quiet, which would hide what is wrong with its own files
    return _dvc(root, "repro", *filter(None, [last]))


def _dvc(root: Path, *arguments: str) -> bool:
    """Whether it succeeded."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {
        **os.environ,
        "PATH": path,
        "DVC_NO_ANALYTICS": "1",
        "HF_HUB_OFFLINE": "1",
        ROOT: str(root),
        "SHELL": "/bin/sh",  # with which DVC runs stages: a service's own may be one that lets nobody in
    }
    return not run_process([sys.executable, "-m", "dvc", *arguments], root, environment)


def _reproduce_without_lock(root: Path, last: str) -> bool:
    note(f"{root / names.PIPELINE_LOCK} was cut short and is made anew")
    (root / names.PIPELINE_LOCK).unlink()
    return _reproduce(root, last)


def _failure(root: Path) -> str:
    again = "run the same command again: it goes on where it stopped"
    if shutil.disk_usage(root).free < LITTLE_SPACE:
        return f"the pipeline stopped, since no space is left; make room, and {again}"
    return f"the pipeline stopped, for the reason above; mend it and {again}"


def collect_results(root: Path, folder: Path) -> None:
    """Copies the stages' results to the night's `folder`; what a stage did not write this time is not left there."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in COPIES.items():
        (folder / name).unlink(missing_ok=True)
        if (root / source).exists():
            shutil.copyfile(root / source, folder / name)
