"""Which draft a reviewer is shown: drawn by the transcript's hash, so that it is the same whenever it is asked.

Nobody who looks at a transcript, or at what a model made of it, has a say in the draw. That is why those who were shown
one draft can be compared with those who were shown the other, or none.
"""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.hashing import uniform


@dataclass(frozen=True, slots=True)
class DraftDraw:
    models: tuple[str, ...]
    """Whose drafts are shown, by identity. Each is drawn as often as the others, so that no record of how likely it was
    need be kept: it is one half of two."""
    blind_share: float
    """Of the transcripts, those whose reviewers are shown no draft."""

    def is_blind(self, transcript_hash: str) -> bool:
        """What is blind for a share is blind for every larger one too."""
        return uniform("blind:" + transcript_hash) < self.blind_share

    def model_for(self, transcript_hash: str) -> str:
        """Whose prediction a task is made of. A blind one, which shows none, has the first model's key."""
        if self.is_blind(transcript_hash):
            return self.models[0]
        return self.models[int(uniform("draft:" + transcript_hash) * len(self.models))]
