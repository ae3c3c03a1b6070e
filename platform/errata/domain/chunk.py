"""A piece of a video, and whether the pieces of one are all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

TOLERANCE = 0.1
"""Seconds that the pieces of a video may lack or have twice, at any cut or in all."""


@dataclass(frozen=True, slots=True)
class Chunk:
    video: int
    """The video's number in the manifest."""
    index: int
    """From 0, in order of time."""
    start: float
    """Seconds from the video's beginning; chunks begin at key frames."""
    end: float
    url: str
    """Where it is stored."""
    size: int
    """Bytes."""
    sha256: str


def integrity_problems(chunks: Sequence[Chunk], duration: float) -> Iterator[str]:
    """What keeps the chunks of one video from being all of it, once; a sentence each. `duration` is in seconds."""
    if not chunks:
        yield "no chunk of it is there"
        return
    ordered = sorted(chunks, key=lambda chunk: (chunk.index, chunk.start))
    for index, count in Counter(chunk.index for chunk in ordered).items():
        if count > 1:
            yield f"chunk {index} is there {count} times"
    missing = sorted(set(range(ordered[-1].index + 1)) - {chunk.index for chunk in ordered})
    if missing:
        yield f"chunk {', '.join(map(str, missing))} is missing"
    for before, after in pairwise(ordered):
        gap = after.start - before.end
        if after.index == before.index + 1 and abs(gap) > TOLERANCE:
            what = "missing" if gap > 0 else "there twice"
            yield f"between chunks {before.index} and {after.index} {abs(gap):.3f} s are {what}"
    covered = sum(chunk.end - chunk.start for chunk in ordered)
    if abs(covered - duration) > TOLERANCE:
        yield f"its chunks last {covered:.3f} s, and it lasts {duration:.3f} s"
