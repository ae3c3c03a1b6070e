"""What a user calls a model: an alias, or the beginning of its identity."""

from __future__ import annotations

from errata.errors import NotFound
from errata.inference.artefact import stored_models, verify
from errata.workspace import Workspace

SHORTEST = 4
"""Characters of an identity: fewer would be a guess."""


def resolve_model(workspace: Workspace, name: str) -> str:
    """The identity behind an alias, or behind the beginning of an identity. Raises NotFound."""
    with workspace.record.read() as store:
        identity = store.aliases.model_of(name)
    if identity is not None:
        return identity
    matches = [folder for folder in stored_models(workspace.models) if folder.name.startswith(name[:16])]
    if len(name) < SHORTEST or len(matches) != 1:
        raise NotFound(f"there is no model {name!r}; `errata status` lists the aliases and `errata history` the models")
    return verify(matches[0])
