"""Which draft a reviewer is shown: drawn by the transcript's hash, so that it is the same whenever it is asked.

Nobody who looks at a transcript, or at what a model made of it, has a say in the draw. That is why those who were shown
one draft can be compared with those who were shown the other, or none.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from errata.domain.canary import Canary
from errata.domain.hashing import uniform


@dataclass(frozen=True, slots=True)
class DraftDraw:
    models: tuple[str, ...]
    """Whose drafts are shown, by identity. Each is drawn as often as the others, so that no record of how likely it was
    need be kept: it is one half of two."""
    blind_share: float
    """Of the transcripts, those whose reviewers are shown no draft."""
    canary: Canary | None = None
    """The one that runs: what it answered, of the talks that it answers, is reviewed as its draft."""

    @property
    def drafters(self) -> tuple[str, ...]:
        """Of whom there may be drafts."""
        return self.models if self.canary is None else (*self.models, self.canary.model)

    def is_blind(self, transcript_hash: str) -> bool:
        """What is blind for a share is blind for every larger one too."""
        return uniform("blind:" + transcript_hash) < self.blind_share

    def model_for(self, transcript_hash: str, answered: Container[str] = ()) -> str:
        """Whose prediction a task is made of, where the models `answered` have answered the talk. A blind one, which
        shows none, has the first model's key, or the canary's."""
        canary = self.canary
        if canary is not None and canary.takes(transcript_hash) and canary.model in answered:
            return canary.model
        if self.is_blind(transcript_hash):
            return self.models[0]
        return self.models[int(uniform("draft:" + transcript_hash) * len(self.models))]
