"""Imports through the command line, for the tests: a workspace, reviews as a file, and what the report says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from errata.cli.app import app
from errata.domain.correction import Label
from errata.settings import FILE
from errata.workspace import Workspace

EDIT = {"video_id": "t", "reviewer": "ann", "reviewed": [{"start": 30, "title": "Soil"}], "reviewed_on": "2026-03-02"}
ACCEPT = {"video_id": "t", "reviewer": "ann", "kind": "accept"}


def empty_workspace(root: Path) -> Workspace:
    """A record and the settings: all that an import needs."""
    root.mkdir()
    (root / FILE).touch()
    made = Workspace.find(root)
    made.record.migrate()
    return made


def reviews(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def errata(workspace: Workspace, *words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "-w", str(workspace.root)], catch_exceptions=False)


def imported(workspace: Workspace, what: str, path: Path) -> dict[str, Any]:
    """The one JSON document that `--json` prints."""
    found: dict[str, Any] = json.loads(errata(workspace, "import", what, path, "--json").stdout)
    return found


def label(workspace: Workspace, name: str = "t") -> Label | None:
    with workspace.record.read() as store:
        found = {each.external_id: each for each in store.labels.between(0, store.watermark())}
    return found.get(name)
