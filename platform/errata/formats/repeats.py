"""Captions that show words again: each is read once.

They roll (YouTube's automatic captions), are lit word by word (karaoke, Whisper's `--highlight_words`), grow word by
word, or stand there twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from errata.formats.cues import Cue

_PAUSE = 1.0
"""Seconds between two cues of one line that is lit word by word, at most."""
_MOST = 100
"""Lines or words that are looked at: a cue may be a whole speech, and comparing is quadratic."""
_GROWTH = 2
"""Words by which a line grows at most; more is a line of its own."""


def said_once(raw: Sequence[Cue], plain: Sequence[Cue]) -> list[Cue]:
    """The plain cues without what they repeat; `raw` are the same cues with their tags."""
    distinct = [at for at, cue in enumerate(plain) if not at or cue != plain[at - 1]]
    cues = [plain[at] for at in distinct]
    rolled = _unroll(cues)
    if rolled is not None:
        return rolled
    cues = list(_unlit([raw[at] for at in distinct], cues))
    return _ungrown(cues) or cues


def _unroll(cues: list[Cue]) -> list[Cue] | None:
    """Each line once, where the cues roll: where a cue repeats the end of the one before it and adds a line below.

    They are known by half of the cues or more repeating a line, and at least two adding one to it; elsewhere a line
    that is said twice stays twice.
    """
    repeated = [_overlap(before.lines, after.lines) for before, after in pairwise(cues)]
    if not _is_rule(repeated, [len(cue.lines) for cue in cues[1:]]):
        return None
    unrolled = [cues[0]]
    for count, cue in zip(repeated, cues[1:], strict=True):
        if count == len(cue.lines):
            unrolled[-1] = _until(unrolled[-1], cue)
        else:
            unrolled.append(cue._replace(lines=cue.lines[count:]))
    return unrolled


def _is_rule(repeated: list[int], sizes: list[int]) -> bool:
    grown = sum(0 < count < size for count, size in zip(repeated, sizes, strict=True))
    return grown >= 2 and 2 * sum(count > 0 for count in repeated) >= len(repeated)


def _overlap(before: Sequence[str], after: Sequence[str]) -> int:
    """How many of the first items of `after` are the last items of `before`; but for equal ones, `_MOST` at most."""
    if before == after:
        return len(after)
    longest = min(len(before), len(after), _MOST)
    return next((count for count in range(longest, 0, -1) if before[-count:] == after[:count]), 0)


def _until(cue: Cue, later: Cue) -> Cue:
    return cue._replace(end=max(cue.end, later.end))


def _unlit(raw: Sequence[Cue], plain: Sequence[Cue]) -> Iterator[Cue]:
    """One cue for those in a row that say the same in other tags."""
    before = plain[0]
    for at, cue in enumerate(plain[1:], start=1):
        same = cue.lines == before.lines and raw[at].lines != raw[at - 1].lines
        if same and cue.start - before.end <= _PAUSE:
            before = _until(before, cue)
        else:
            yield before
            before = cue
    yield before


def _ungrown(cues: list[Cue]) -> list[Cue] | None:
    """Each word once, where cues repeat words of the one before by the rule of `_unroll`."""
    words = [" ".join(cue.lines).split() for cue in cues]
    repeated = [_overlap(before, after) for before, after in pairwise(words)]
    if not _is_rule(repeated, [len(line) for line in words[1:]]):
        return None
    ungrown = [cues[0]]
    for count, before, after, cue in zip(repeated, words, words[1:], cues[1:], strict=False):
        added = " ".join(after[count:])
        if not added:
            ungrown[-1] = _until(ungrown[-1], cue)
        elif count == len(before) and len(after) - count <= _GROWTH:
            longer = " ".join((*ungrown[-1].lines, added))
            ungrown[-1] = _until(ungrown[-1], cue)._replace(lines=(longer,))
        else:
            ungrown.append(cue._replace(lines=(added,)))
    return ungrown
