"""A finished night's page, as it lies in the workspace."""

from __future__ import annotations

from pathlib import Path

from errata.documents.file_names import REPORT_PAGE
from errata.errors import NotFound
from errata.workspace import Workspace


def night_report(workspace: Workspace, label: str) -> Path:
    """The page of a night that the record knows by that very name, wherever links lead. Raises NotFound."""
    with workspace.record.read() as store:
        night = store.nights.find(label) if label.isprintable() else None  # PostgreSQL takes no NUL
    page = (workspace.nights / label / REPORT_PAGE).resolve() if night else None
    if page is None or not page.is_relative_to(workspace.nights.resolve()) or not page.is_file():
        raise NotFound("there is no report of a night {!r}; `errata report` writes one again", label[:80])
    return page
