"""What a shell completes besides commands and options: formats, and models, nights and talks of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from errata.errors import ErrataError

if TYPE_CHECKING:
    from errata.workspace import Workspace


def complete_model(context: typer.Context, incomplete: str) -> list[str]:
    from errata.operations.known_names import known_models

    return _names(context, incomplete, known_models)


def complete_night(context: typer.Context, incomplete: str) -> list[str]:
    from errata.operations.known_names import known_nights

    return _names(context, incomplete, known_nights)


def complete_talk(context: typer.Context, incomplete: str) -> list[str]:
    from errata.operations.known_names import known_talks

    return _names(context, incomplete, lambda workspace: known_talks(workspace, incomplete))


def complete_transcript_format(incomplete: str) -> list[str]:
    from errata.formats.kinds import FORMATS

    return [name for name in ("auto", *FORMATS) if name.startswith(incomplete)]


def complete_review_format(incomplete: str) -> list[str]:
    from errata.formats.review_detect import FORMATS

    return [name for name in ("auto", *FORMATS) if name.startswith(incomplete)]


def _names(context: typer.Context, incomplete: str, names_of: Callable[[Workspace], Sequence[str]]) -> list[str]:
    """Those that begin so; none where there is no workspace, since a shell that asks can't be told why."""
    from errata.workspace import Workspace

    try:
        names = names_of(Workspace.find(Path(context.params.get("workspace") or ".")))
    except ErrataError:
        return []
    return [name for name in names if name.startswith(incomplete)]
