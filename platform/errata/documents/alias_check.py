"""What was found of the aliases, in the record, in MLflow and on disk: a night's `aliases.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.documents.document import Document

FindingKind = Literal["moved", "not told", "not registered", "registered files", "files", "evidence"]
"""In MLflow: moved by hand, not told yet, without the model, or with other files than were sealed; here: files that are
not whole, and evidence that doesn't say what the alias needs."""


@dataclass(frozen=True, slots=True)
class MovedAlias:
    """An alias that somebody moved in MLflow."""

    alias: str
    model: str
    """By the record; empty for none."""
    in_mlflow: str
    """The model; empty for none, or for a version that is none of ours."""
    version: str
    """Its number in MLflow; empty for none."""


@dataclass(frozen=True, slots=True)
class HandMove:
    """What came of a move by hand: it was adopted, or put back."""

    moved: MovedAlias
    adopted_by: str = ""
    """Who approved of it; empty where it was put back."""
    why_not: str = ""
    """Why it could not be adopted, where `release.hand_moves` would have it so."""


@dataclass(frozen=True, slots=True)
class AliasFinding:
    of: str
    """The alias, or in words what else of a model is in use: `champion before the last promotion`."""
    model: str
    kind: FindingKind
    detail: str = ""
    """What was found, in words, where files or evidence are concerned; of `moved`, the version in MLflow."""


@dataclass(frozen=True, slots=True)
class AliasCheck(Document):
    aliases: dict[str, str]
    """By the record, those that mean a model."""
    findings: tuple[AliasFinding, ...]
    hand_moves: tuple[HandMove, ...] = ()
    """What was settled before the check."""
    mlflow_problem: str = ""
    """Why MLflow could not be asked; empty where it was."""
