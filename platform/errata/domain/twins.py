"""Twins: two transcripts of one talk, found by their words.

MinHash over three-word shingles of the lower-cased words, so that punctuation, casing and times don't count; 37 bands
of 3 rows find a pair of Jaccard similarity 0.5 with probability 1 − (1 − 0.5³)³⁷ = 0.993 (Leskovec, Rajaraman and
Ullman, Mining of Massive Datasets, §3.4). Measured on 152 real talks: the least similar pair of versions of one talk
has 0.59, the most similar pair of different talks 0.09.
"""

from __future__ import annotations

import re
from array import array

from errata.domain.hashing import sha256

BANDS, ROWS = 37, 3
SHINGLE = 3
NEAR = 0.5
"""Least estimated Jaccard similarity of twins."""

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def text_hash(text: str) -> str:
    """Equal for texts that differ in punctuation, casing and spacing alone."""
    return sha256(" ".join(words(text)))


def signature(text: str) -> bytes:
    """BANDS × ROWS unsigned 32-bit little-endian integers."""
    from rensa import RMinHash

    said = words(text)
    shingles = [" ".join(said[at : at + SHINGLE]) for at in range(max(1, len(said) - SHINGLE + 1))]
    sketch = RMinHash(num_perm=BANDS * ROWS, seed=42)
    sketch.update(shingles)
    return array("I", sketch.digest()).tobytes()


def bands(signed: bytes) -> list[int]:
    """BANDS signed 64-bit integers; twins very probably share one at the same place."""
    width = ROWS * 4
    parts = (signed[at : at + width] for at in range(0, len(signed), width))
    return [int(sha256(bytes([place]) + part)[:16], 16) - 2**63 for place, part in enumerate(parts)]


def similarity(one: bytes, other: bytes) -> float:
    """Estimated Jaccard similarity: the share of equal entries."""
    left, right = array("I", one), array("I", other)
    return sum(a == b for a, b in zip(left, right, strict=True)) / len(left)
