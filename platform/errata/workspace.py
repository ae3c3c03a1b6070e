"""The folder that a running loop owns: its own git repository, pipeline, record, models and reports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from errata.database.record import Record
from errata.documents.file_names import PARAMS, PIPELINE
from errata.documents.params import Params, read_params
from errata.errors import NotFound, Unavailable
from errata.files import write_atomically
from errata.project_files import project_file
from errata.settings import FILE, Settings, read_settings

_DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n"
_IGNORED = """\
# the record, the models and whatever can be made again; DVC and MLflow keep what must be kept
/errata.db*
/mlflow.db*
/mlartifacts/
/blobs/
/models/
work/
/samples/
/rejects/
/nights/
/data/
/candidate/
/scores/
/exports/
/parity/
"""


@dataclass(frozen=True)
class Workspace:
    root: Path

    @classmethod
    def find(cls, root: Path) -> Workspace:
        """Raises NotFound where `errata init` has not been."""
        if not (root / FILE).is_file():
            raise NotFound(f"{root} is no workspace (it has no {FILE}); make one with: errata init {root}")
        return cls(root.resolve())

    @classmethod
    def create(cls, root: Path) -> Workspace:
        """Lays out a workspace; doing it again completes what is missing and changes nothing else.

        Raises Unavailable where nothing can be written, or a tool is missing.
        """
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{root} can't be made ({error.strerror}); name another folder") from error
        root = root.resolve()
        if not (root / ".git").is_dir():
            _run(["git", "init", "--quiet", "--initial-branch=main", "."], root)
        if not (root / ".dvc").is_dir():
            _run([sys.executable, "-m", "dvc", "init", "--quiet"], root)
            (root / ".dvc/config").write_text(_DVC_CONFIG)
        for name in (PIPELINE, PARAMS):
            if not (root / name).exists():
                shutil.copyfile(project_file(name), root / name)
        _write_if_missing(root / ".gitignore", _IGNORED)
        workspace = cls(root)
        workspace.record.migrate()
        _write_if_missing(root / FILE, "# database_url = …   mlflow_uri = …   see docs/workspace.md\n")
        workspace.commit("Lay out the workspace")
        return workspace

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.root)

    @cached_property
    def record(self) -> Record:
        return Record(self.settings.database_url, self.root / "blobs")

    @property
    def models(self) -> Path:
        """Sealed models, a folder each, named by the beginning of their sha256."""
        return self.root / "models"

    @property
    def nights(self) -> Path:
        """What each night found, a folder each: scores, evidence, report."""
        return self.root / "nights"

    def params(self) -> Params:
        """Raises BadInput for a parameter that is missing, unknown or of the wrong kind."""
        return read_params(self.root / PARAMS)

    def commit(self, message: str) -> None:
        """One commit of whatever git may see; nothing to commit is no error."""
        _run(["git", "add", "--all"], self.root)
        staged = ["git", "diff", "--cached", "--quiet"]  # the git that the user has on PATH
        if subprocess.run(staged, cwd=self.root, check=False).returncode:
            # a machine that runs nights may know no git user, and a team's hooks are for what people write
            identity = ["-c", "user.name=errata", "-c", "user.email=errata@localhost"]
            _run(["git", *identity, "commit", "--quiet", "--no-verify", "-m", message], self.root)


def _write_if_missing(path: Path, text: str) -> None:
    if not path.exists():
        write_atomically(path, text)


def _run(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment)
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not installed; install it and try again") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"`{' '.join(command)}` failed in {folder}: {' '.join(error.stderr.split())}") from error
