"""Twins: two transcripts of one talk, or of parts of it, found by their words.

A text is sketched by the lowest hashes of its five-word shingles (bottom-k sketch: Broder, On the resemblance and
containment of documents, 1997; Thorup, Bottom-k and priority sampling, 2013), each with its place. What the sketches of
twins share stands in the same order through most of the shorter text (`errata.domain.alignment`), however little of it
a recogniser has left; what different talks share, a greeting, a sponsor, a turn of phrase, stands here and there. So a
copy is found though many of its words were misheard, and an excerpt though it is a small part of the whole. Words are
compared without punctuation, casing and times. The lowest few hashes are also the keys of the index in which candidates
are looked up.

`python -m benchmarks.twins` prints what is found, by how much was misheard and left out.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from errata.domain.alignment import LEAST, aligned_words
from errata.domain.hashing import sha256

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint32]
    Places = NDArray[np.int64]

SHINGLE = 5
"""Words. When 25 % of them are misheard, 0.75⁵ = 0.24 of the shingles stay. Shorter ones stay more often, and are turns
of phrase, which many talks share: at four, a talk is compared with four times as many others."""
SKETCH = 256
"""Hashes kept of a text."""
KEYS = 48
"""Index entries of a text by its words. An excerpt of a fifth has ten in common with the whole, and where 15 % of its
words are misheard four: none at all once in 70."""
NEAR = 0.5
"""Least estimated part of the shorter text that twins have in common. `python -m benchmarks.twins` prints how far below
different talks stay: those of the sample, which are put together from one stock of lines, come closest."""
FORM = b"TWN2"
"""What a signature of this form begins with. The form before began with a number of shingles, which was never this."""
LENGTHS = 1.02
"""Talks of one channel whose lengths differ by less than half of this factor are looked at closer."""

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
    """FORM, and little-endian 32-bit integers: the number of words, the number of distinct shingles, the lowest SKETCH
    of their hashes, rising, and the word at which each of these shingles first begins."""
    import numpy as np

    said = words(text)
    hashes, places = np.unique(_shingles(said), return_index=True)
    sketch = np.concatenate([[len(said), len(hashes)], hashes[:SKETCH], places[:SKETCH]])
    return FORM + sketch.astype("<u4").tobytes()


def bands(signed: bytes) -> list[int]:
    """The keys under which a text is found again: twins very probably share one."""
    return [int(key) for key in _read(signed).hashes[:KEYS]]


def clues(title: str, channel: str, duration: float) -> list[int]:
    """Keys by what is known of a talk beside its words: its title, and its channel with its length. They make nobody a
    twin: who shares one is looked at closer, for copies of which the recogniser left too little for the other keys."""
    facts = [f"title {' '.join(words(title))}"] if words(title) else []
    if channel:
        # on two rulers, half a step apart, lengths within half a step of each other share a step on one at least
        steps = math.log(duration, LENGTHS)
        facts += [f"length {ruler} {math.floor(steps + ruler / 2)} in {channel}" for ruler in (0, 1)]
    return [int(sha256(fact)[:15], 16) for fact in facts]  # 60 bits: a database's integers have 63


def similarity(one: bytes, other: bytes) -> float:
    """Estimated part of the shorter text that the other says in the same order.

    0 for a signature of an older form, for a text of so few words that nothing can be said of their order (its twins
    have the same words), and where all that the two share lies in less than a quarter of the shorter one."""
    import numpy as np

    shorter, longer = sorted((_read(one), _read(other)), key=lambda sketch: sketch.words)
    _, here, there = np.intersect1d(shorter.hashes, longer.hashes, assume_unique=True, return_indices=True)
    if len(here) < LEAST:
        return 0.0
    places = shorter.places[here]
    if places.max() - places.min() < NEAR / 2 * shorter.words:  # a greeting, say: not worth the closer look
        return 0.0
    comparable = np.sort(shorter.places[: _reach(shorter, longer)])
    shared = aligned_words(places, longer.places[there], comparable, SHINGLE)
    return min(1.0, (shared + SHINGLE) / shorter.words) if shared else 0.0


def is_current(signed: bytes) -> bool:
    """Whether this version of the code made the signature."""
    return signed.startswith(FORM)


class _Sketch(NamedTuple):
    words: int
    complete: bool
    """Whether all hashes of the text are in it."""
    hashes: Hashes
    places: Places


def _read(signed: bytes) -> _Sketch:
    """An empty one where an older version signed."""
    import numpy as np

    if not is_current(signed):
        return _Sketch(0, True, np.zeros(0, np.uint32), np.zeros(0, np.int64))
    values = np.frombuffer(signed, "<u4", offset=len(FORM))
    said, shingles = int(values[0]), int(values[1])
    kept = min(shingles, SKETCH)
    return _Sketch(said, kept == shingles, values[2 : 2 + kept], values[2 + kept :].astype(np.int64))


def _reach(shorter: _Sketch, longer: _Sketch) -> int:
    """How many of the shorter text's hashes, from the lowest, the longer one's sketch would have if its text had."""
    import numpy as np

    if longer.complete:
        return len(shorter.hashes)
    return int(np.searchsorted(shorter.hashes, longer.hashes[-1], "right"))


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
