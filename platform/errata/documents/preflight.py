"""`preflight.json`: what a training is about to cost, and why it would be time lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.documents.document import Document

FaultKind = Literal[
    "no rows",
    "nothing to learn",
    "no end of sequence",
    "too long",
    "template drift",
    "held out",
    "memory",
    "disk",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightFault:
    """Why training must not begin."""

    kind: FaultKind
    count: int = 0
    """Rows, or transcripts, of which it is true; for memory and disk, the bytes that are needed."""
    of: int = 0
    """Among how many; for memory and disk, the bytes that are free."""
    example: str = ""
    """The first of them: a row's number, or a transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight(Document):
    rows: int
    tokens: int
    labels: int
    """Tokens that are learnt."""
    longest: int
    """Tokens of the longest row."""
    left_out: dict[str, int]
    """Examples that the mixture dropped, by the reason."""
    steps: int
    parameters: int
    """Of the model that is gone on from."""
    precision: Literal["fp32", "bf16"]
    memory: int
    """Bytes, about: weights, what learns with its optimiser, and what a pass back needs of the longest row."""
    memory_free: int
    disk: int
    """Bytes: the checkpoints that are kept, and the candidate."""
    disk_free: int
    seconds: float | None = None
    """That training is expected to take, from a measured step; None where none was measured."""
    faults: tuple[PreflightFault, ...] = ()
