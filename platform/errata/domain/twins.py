"""Twins: two transcripts of one talk, found by their words.

A text is sketched by the lowest hashes of its six-word shingles (bottom-k sketch: Broder, On the resemblance and
containment of documents, 1997; Thorup, Bottom-k and priority sampling, 2013). Below the lower of two sketches' highest
hashes both are complete, so what they share there estimates which part of the shorter text is in the longer one: a copy
that was cut scores as high as a whole one, which a Jaccard similarity would not give it. Words are compared without
punctuation, casing and times. The lowest few hashes are also the keys of the index in which candidates are looked up.

Measured on 152 real talks: the least similar pair of versions of one talk has 0.66 in common, the most similar
pair of different talks 0.02 (an advertisement). When 15 % of the words are misheard, 0.85⁶ = 0.38 stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from errata.domain.hashing import sha256

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint32]

SHINGLE = 6
SKETCH = 256
"""Hashes kept of a text: a share of 0.38 is estimated with a standard error of 0.03."""
KEYS = 48
"""Index entries of a text. A copy cut to its half with 15 % of its words misheard has none in common once in 1,700."""
NEAR = 0.25
"""Least estimated share of the shorter text that twins have in common."""
SHORTEST = 0.25
"""A text shorter than this part of the other is an excerpt, and no twin."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
"""Thai, Lao, Burmese, Khmer, Chinese and Japanese put no spaces between words: each character counts as one."""
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")

_FACTOR = 0x9E3779B97F4A7C15
"""2⁶⁴ divided by the golden ratio: odd, and without a pattern in its bits."""


@lru_cache(maxsize=1)  # one text is asked about several times in a row
def words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def text_hash(text: str) -> str:
    """Equal for texts that differ in punctuation, casing and spacing alone."""
    return sha256(" ".join(words(text)))


def signature(text: str) -> bytes:
    """The number of distinct shingles, then the lowest SKETCH of their hashes: rising little-endian 32-bit integers."""
    import numpy as np

    hashes = np.unique(_shingles(words(text)))
    return np.concatenate([[len(hashes)], hashes[:SKETCH]]).astype("<u4").tobytes()


def bands(signed: bytes) -> list[int]:
    """The keys under which a text is found again: twins very probably share one."""
    return [int(key) for key in _read(signed)[1][:KEYS]]


def similarity(one: bytes, other: bytes) -> float:
    """Estimated share of the shorter text's shingles that are in the other; 0 for an excerpt, and for a signature of
    an older form."""
    import numpy as np

    (left_size, left), (right_size, right) = _read(one), _read(other)
    if min(left_size, right_size) < SHORTEST * max(left_size, right_size, 1):
        return 0.0
    # A hash above the other sketch's highest may be in the other text all the same: it says nothing, and is left out.
    left, right = _upto(left, right, right_size), _upto(right, left, left_size)
    return len(np.intersect1d(left, right, assume_unique=True)) / max(1, min(len(left), len(right)))


def is_current(signed: bytes) -> bool:
    """Whether this version of the code made the signature."""
    return _read(signed)[0] > 0


def _upto(hashes: Hashes, other: Hashes, other_size: int) -> Hashes:
    """Those that the other sketch would hold too, if its text had them."""
    if other_size <= SKETCH:
        return hashes
    below: Hashes = hashes[hashes <= other[-1]]
    return below


def _read(signed: bytes) -> tuple[int, Hashes]:
    """Number of shingles and lowest hashes; none where an older version signed."""
    import numpy as np

    values = np.frombuffer(signed, "<u4")
    if len(values) < 2 or len(values) - 1 != min(int(values[0]), SKETCH):
        return 0, values[:0]
    return int(values[0]), values[1:]


def _shingles(spoken: Sequence[str]) -> Hashes:
    """A hash of every SHINGLE words in a row; of all of them where there are fewer."""
    import numpy as np

    # Most words of a talk come again and again: each is hashed once.
    hash_of = {word: crc32(word.encode()) for word in set(spoken)}
    hashes = _mix(np.array([hash_of[word] for word in spoken], np.uint64))
    width = max(1, min(SHINGLE, len(hashes)))
    summed = np.zeros(max(1, len(hashes) - width + 1), np.uint64)
    # Horner's rule, for all shingles at once: a polynomial of the words' hashes, in arithmetic modulo 2⁶⁴.
    for place in range(min(width, len(hashes))):
        summed = summed * np.uint64(_FACTOR) + hashes[place : place + len(summed)]
    return (_mix(summed) >> np.uint64(32)).astype(np.uint32)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Murmur3's 64-bit finaliser: every bit of the result depends on every bit of the value."""
    import numpy as np

    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> np.uint64(33))) * np.uint64(factor)
    return values ^ (values >> np.uint64(33))
