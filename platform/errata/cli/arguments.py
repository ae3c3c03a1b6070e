"""What most commands take: where the workspace is, and whether to print JSON."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from errata.workspace import Workspace

InWorkspace = Annotated[Path, typer.Option("-w", "--workspace", help="The workspace's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]
HERE = Path()


def find(folder: Path) -> Workspace:
    from errata.workspace import Workspace

    return Workspace.find(folder)


def caller() -> str:
    """Who is at the keyboard, for the record."""
    return getpass.getuser()
