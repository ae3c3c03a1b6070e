"""What a model learnt of chunks of one length with pictures at one rate: a file each, so that a sweep that was cut
short goes on."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCell(Document):
    """A model that was trained on such chunks, scored on the talks of role dev, and thrown away."""

    model: str
    """That it was trained from, as it was named."""
    seconds: float
    rate: float
    steps: int
    examples: int
    """That there were to learn from."""
    talks: int
    f1: float | None
    """Of the words of each chunk's description, mean over a talk's chunks and then over talks, in points; None where
    the training diverged."""
    talk_f1: float | None
    """Of the words of all of a talk's descriptions at once, which are the same whatever the chunks' length."""
    cpu_seconds: float
    """Of training and answering."""
