"""A snapshot's `manifest.json`: which shards it has, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


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

    @property
    def rows(self) -> int:
        """Those that later ones replace too."""
        return sum(shard.rows for shard in self.shards)
