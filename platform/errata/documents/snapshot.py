"""A snapshot's `manifest.json`: which shards it has, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from errata.documents.document import Document
from errata.domain.reviewer import AgreementCount


@dataclass(frozen=True, slots=True)
class Shard:
    sha256: str
    """Of its bytes; the file is named after it."""
    rows: int
    after: int
    """It holds what changed after this event of the record,"""
    upto: int
    """up to and with this one."""


@dataclass(frozen=True, slots=True)
class SnapshotManifest(Document):
    watermark: int = 0
    shards: tuple[Shard, ...] = ()
    probation: tuple[str, ...] = ()
    """Reviewers who were on probation as of the watermark."""
    agreement: dict[str, AgreementCount] = field(default_factory=dict)
    """What the adjudications up to the watermark say of everybody who had a say in one."""

    def age(self, correction: int) -> int:
        """Nights that have brought corrections since the one that brought this."""
        return sum(shard.after >= correction for shard in self.shards)

    @property
    def rows(self) -> int:
        """Those that later ones replace too."""
        return sum(shard.rows for shard in self.shards)
