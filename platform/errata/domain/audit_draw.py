"""Which talks are audits: two people review each, the second without a sight of what the first made of it.

Drawn by the transcript's hash, whatever models made of it and however sure they were: what audits show of reviewers
holds for all talks, while a dispute is one of those that people differed on.
"""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.hashing import uniform


@dataclass(frozen=True, slots=True)
class AuditDraw:
    share: float

    def is_audit(self, transcript_hash: str) -> bool:
        """What is one for a share is one for every larger share too."""
        return uniform("audit:" + transcript_hash) < self.share
