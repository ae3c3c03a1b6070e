"""What a shell offers to complete: the names that a workspace knows."""

from __future__ import annotations

from collections.abc import Sequence

from errata.database.shipping import ALIASES
from errata.inference.artefact import stored_models
from errata.workspace import Workspace

MOST = 50
"""Ids that are offered; more of them help nobody."""


def known_models(workspace: Workspace) -> Sequence[str]:
    """The aliases that mean something, and the models' folders, which are beginnings of identities."""
    with workspace.record.read() as store:
        aliases = [alias for alias in ALIASES if store.aliases.model_of(alias)]
    return [*aliases, *(folder.name for folder in stored_models(workspace.models))]


def known_nights(workspace: Workspace) -> Sequence[str]:
    with workspace.record.read() as store:
        return [night.label for night in store.nights.summaries()]


def known_talks(workspace: Workspace, beginning: str) -> Sequence[str]:
    """The first ids that begin so."""
    with workspace.record.read() as store:
        return store.transcripts.external_ids(beginning, MOST)
