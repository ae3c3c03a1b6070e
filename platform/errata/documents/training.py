"""What training leaves beside the candidate: `train.json`, or `nothing.json` in place of a candidate."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


@dataclass(frozen=True, slots=True)
class TrainingLog(Document):
    steps: int = 0
    loss: tuple[float, ...] = ()
    """Of each step."""


@dataclass(frozen=True, slots=True)
class NoCandidate(Document):
    reason: str
    """Why nothing was trained."""
