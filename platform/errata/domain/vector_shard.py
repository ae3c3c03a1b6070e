"""Which vectors there are of a transcript's recording: what a model that sees or hears is shown beside its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from errata.domain.hashing import content_hash

_LETTERS = 16


@dataclass(frozen=True, slots=True)
class VectorShard:
    """What one extractor made of the recording."""

    extractor: str
    """`name@version`."""
    rate: float
    """Vectors a second."""
    key: str
    """Of the shard in the features store: whoever names it names those numbers."""


def shards_digest(shards: Iterable[VectorShard]) -> str:
    """Of which vectors there are, in any order; empty where there are none."""
    keys = sorted(shard.key for shard in shards)
    return content_hash(keys)[:_LETTERS] if keys else ""
