"""The folder that a running loop owns: its own git repository, pipeline, record, models and reports."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.database.record import Record
from errata.documents.file_names import DAY0, DAY_N, LOSS, METRICS, NIGHT, PARAMS, PIPELINE, PIPELINE_LOCK, TRAINING
from errata.documents.params import Params, read_params
from errata.errors import NotFound, Unavailable
from errata.files import write_atomically
from errata.project_files import project_file
from errata.settings import FILE, Settings, read_settings, settings_file_text

_DVC_CONFIG = "[core]\n    analytics = false\n    check_update = false\n"
_IGNORED = """\
# the record, the models and whatever can be made again; DVC and MLflow keep what must be kept
/errata.db*
/service.secret
/errata.key
/mlflow.db*
/mlartifacts/
/blobs/
/media/
/features/
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
/dvc_plots/
/tuned/
"""
_COMMITTED = (
    *(FILE, PIPELINE, PARAMS, PIPELINE_LOCK, NIGHT),
    *(DAY0, TRAINING, LOSS, METRICS, DAY_N),
    *(".gitignore", ".dvcignore", ".dvc", "judges", "errata.pub"),
)
"""What a workspace keeps in git; whatever else lies in its folder is somebody else's."""


@dataclass(frozen=True)
class Workspace:
    root: Path

    @classmethod
    def find(cls, root: Path) -> Workspace:
        """Raises NotFound where `errata init` has not been."""
        if root.is_file():
            raise NotFound(f"{root} is a file and no workspace; name a workspace's folder")
        if not (root / FILE).is_file():
            is_free = not root.is_dir() or not foreign_files(root)
            command = shlex.join(["errata", "init", str(root) if is_free else "DIR"])
            raise NotFound(f"{root} is no workspace (it has no {FILE}); make one with: {command}")
        return cls(root.resolve())

    @classmethod
    def create(cls, root: Path) -> Workspace:
        """Lays out a workspace and commits it; doing it again completes what is missing and changes nothing else.

        Raises Unavailable where nothing can be written, or a tool is missing.
        """
        workspace = cls.lay_out(root)
        workspace.commit("Lay out the workspace")
        return workspace

    @classmethod
    def lay_out(cls, root: Path) -> Workspace:
        """What `create` does, but for the commit."""
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{root} can't be made ({error.strerror}); name another folder") from error
        root = root.resolve()
        if not (root / ".git").exists():
            _run(["git", "init", "--quiet", "--initial-branch=main", "."], root)
        if not (root / ".dvc").is_dir():
            _run([sys.executable, "-m", "dvc", "init", "--quiet"], root)
        if not _dvc_config(root):
            (root / ".dvc/config").write_text(_DVC_CONFIG)
        for name in (PIPELINE, PARAMS):
            if not (root / name).exists():
                shutil.copyfile(project_file(name), root / name)
        if not ((root / FILE).exists() and (root / ".gitignore").exists()):
            _ignore_own_files(root / ".gitignore")
        workspace = cls(root)
        workspace.record.migrate()
        _write_if_missing(root / FILE, settings_file_text())
        return workspace

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.root)

    @cached_property
    def record(self) -> Record:
        return Record(self.settings.database_url, self.root / "blobs")

    def ignore(self, name: str) -> None:
        """Keeps one of our files, of which an older Errata's `.gitignore` doesn't know, out of git."""
        path, line = self.root / ".gitignore", f"/{name}"
        text = path.read_text() if path.exists() else ""
        if line not in text.splitlines():
            write_atomically(path, f"{text.rstrip()}\n{line}\n")

    @property
    def models(self) -> Path:
        """Sealed models, a folder each, named by the beginning of their sha256."""
        return self.root / "models"

    @property
    def nights(self) -> Path:
        """What each night found, a folder each: scores, evidence, report."""
        return self.root / "nights"

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder on the workspace's own disk, which is deleted when it is left."""
        work = self.root / "work"
        work.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=work) as place:
            yield Path(place)

    def params(self) -> Params:
        """Raises BadInput for a parameter that is missing, unknown or of the wrong kind."""
        return read_params(self.root / PARAMS)

    def commit(self, message: str) -> None:
        """One commit of the workspace's own files, whatever else lies there; nothing to commit is no error."""
        files = [name for name in _COMMITTED if (self.root / name).exists()]
        _run(["git", "add", "--", *files], self.root)
        staged = ["git", "diff", "--cached", "--quiet", "--", *files]  # the git that the user has on PATH
        if subprocess.run(staged, cwd=self.root, check=False).returncode:
            # a machine that runs nights may know no git user, and a team's hooks are for what people write
            identity = ["-c", "user.name=errata", "-c", "user.email=errata@localhost"]
            commit = ["git", *identity, "commit", "--quiet", "--no-verify", "-m", message, "--", *files]
            _run(commit, self.root)


def foreign_files(root: Path) -> list[str]:
    """What lies in a folder and is none of a workspace's: a git repository is no obstacle, and what an `errata init`
    that was killed has left is completed."""
    begun = (root / ".dvc").is_dir() and _dvc_config(root) in ("", _DVC_CONFIG)  # empty: as `dvc init` makes it
    own = {".git", *_COMMITTED, *_ignored_names()} if begun else {".git"}
    return sorted(path.name for path in root.iterdir() if not any(path.match(name) for name in own))


def _dvc_config(root: Path) -> str:
    path = root / ".dvc/config"
    return path.read_text() if path.is_file() else ""


def _ignored_names() -> list[str]:
    return [line.strip("/") for line in _IGNORED.splitlines() if not line.startswith("#")]


def _ignore_own_files(path: Path) -> None:
    """Adds what git is not to see, beside what somebody else's repository ignores already."""
    before = path.read_text() if path.exists() else ""
    if not set(_IGNORED.splitlines()) <= set(before.splitlines()):
        write_atomically(path, f"{before.rstrip()}\n\n{_IGNORED}" if before.strip() else _IGNORED)


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
