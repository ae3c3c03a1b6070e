"""What a night says of its work: curation and the mix in a `report.json` each, training in `train.json`, or in
`nothing.json` in place of a candidate, and the whole in `took.json`."""

from __future__ import annotations

from dataclasses import dataclass, field

from errata.documents.document import Document
from errata.documents.interpolation import Interpolation
from errata.documents.movement import Movement


@dataclass(frozen=True, slots=True)
class CurationReport(Document):
    """What curation left out, and how much was left to train on."""

    kept: int
    left_out: dict[str, int]
    """Rows, by the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureReport(Document):
    """What a candidate learns from, in numbers."""

    new: int
    """Rows that the starting model has not trained on,"""
    replayed: int
    """and those that it has."""
    examples: int
    """Rows of token ids: a long transcript gives several."""
    tokens: int
    labels: int
    """Tokens that are learnt."""
    left_out: int
    """Examples that don't fit the model."""
    merged: int = 0
    """Chapters of its rows that fall on a line which has one already: the first one's title is learnt."""
    altered: dict[str, int] = field(default_factory=dict)
    """Of its rows, those that are altered copies, by the alteration."""
    pairs: int = 0
    """Examples beside which a draft stands that is rejected."""
    seen: int = 0
    """Examples that show what is seen or heard; the others have words alone."""
    lightest: float = 1.0
    """How much the loss of an example counts, at least,"""
    heaviest: float = 1.0
    """and at most; 1 on average over rows."""
    sources: dict[str, int] = field(default_factory=dict)
    """Of its rows, those of each source that `curate.sources` names."""


@dataclass(frozen=True, slots=True)
class TrainingLog(Document):
    steps: int = 0
    loss: tuple[float, ...] = ()
    """Of each step."""
    interpolation: Interpolation | None = None
    """How far the candidate was drawn towards the champion; None where nobody asked for that."""
    movement: Movement | None = None
    """None where there is nothing of dev to measure it on."""
    packages: dict[str, str] = field(default_factory=dict)
    """By what it was trained, with versions; empty in a night of an older Errata."""


@dataclass(frozen=True, slots=True)
class NoCandidate(Document):
    reason: str
    """Why nothing was trained."""


@dataclass(frozen=True, slots=True)
class NightTiming(Document):
    """What the night took of the machine, over all its attempts."""

    attempts: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of the processor, with those of the night's own processes."""
