"""Which of a night's candidates goes to the gate: what each scored on dev, and which was taken (`candidates.json`)."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.comparison import Comparison
from errata.documents.document import Document
from errata.documents.night import CandidateStart


@dataclass(frozen=True, slots=True)
class DevCandidate:
    start: CandidateStart
    """What it went on from."""
    model: str
    """Its identity; empty where too few rows made none."""
    f1: float | None = None
    """Mean over the dev items that neither has seen; None without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateChoice(Document):
    taken: CandidateStart
    candidates: tuple[DevCandidate, ...]
    gain: Comparison
    """F1 of the one from base less that of the one from the champion, on the same items of dev."""
    least: int
    """With fewer items nothing is chosen on them."""

    @property
    def model(self) -> str:
        """Whose it is; empty where none was made."""
        return next(candidate.model for candidate in self.candidates if candidate.start == self.taken)

    @property
    def is_by_score(self) -> bool:
        """Whether dev decided; else the one from the champion is taken, or the only one that was made."""
        return all(candidate.model for candidate in self.candidates) and self.gain.n >= self.least
