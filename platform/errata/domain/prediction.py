"""What a model answered for one transcript."""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.chapter import Chapters


@dataclass(frozen=True, slots=True)
class Prediction:
    transcript: int
    """`seq` of the transcript."""
    model: str
    """The sha256 of the model's manifest; for a foreign draft, the name its source gave it."""
    template: str
    """`name@version` of the prompt template; empty for a foreign draft."""
    chapters: Chapters
    """An empty tuple is an answer: no chapters. No prediction is no row."""
    problems: tuple[str, ...] = ()
    """What could not be read in the answer, in words; empty when it was clean."""
    foreign: bool = False
    """A draft that some other system made: kept beside ours, never champion."""
