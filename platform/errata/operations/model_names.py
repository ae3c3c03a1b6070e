"""What a user calls a model: an alias, or the beginning of its identity."""

from __future__ import annotations

from errata.errors import NotFound
from errata.inference.artefact import verify
from errata.workspace import Workspace

SHORTEST = 4
"""Characters of an identity: fewer would be a guess."""


def resolve_model(workspace: Workspace, name: str) -> str:
    """The identity behind an alias, or behind the beginning of an identity. Raises NotFound."""
    with workspace.record.read() as store:
        identity = store.aliases.model_of(name)
    if identity is not None:
        return identity
    folders = [path for path in workspace.models.glob("*") if path.suffix != ".partial"]
    matches = [path for path in folders if path.name.startswith(name[:16])]  # no pattern: a name may hold anything
    if len(name) < SHORTEST or len(matches) != 1:
        raise NotFound(f"there is no model {name!r}; `errata status` lists the aliases and `errata history` the models")
    return verify(matches[0])
