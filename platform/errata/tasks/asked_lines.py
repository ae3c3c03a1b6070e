"""A transcript's lines as a model is asked about them: what each says, and what is seen and heard while it is said.

This is the one place that decides how many frames are shown: those of a line's own time, thinned evenly to `PLACES`.
They count in a window's budget as words do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from errata.domain.transcript import Transcript
from errata.tasks.prompt import Frames, Text
from errata.tasks.track import FrameSource, Track, beside, places_of

PLACES = 16
"""Of one medium beside one line, at most: about as many as the line has words, so that half of a prompt is words."""

LineFrames = tuple[Frames, ...]


@dataclass(frozen=True, slots=True)
class AskedLines:
    texts: Sequence[str]
    starts: Sequence[int]
    """Floored, in the transcript's unit."""
    frames: Sequence[LineFrames] = ()
    """Of each line; empty where there is nothing to see or hear in any."""

    def part(self, first: int, last: int) -> AskedLines:
        """The lines from `first` to the one before `last`."""
        return AskedLines(self.texts[first:last], self.starts[first:last], self.frames[first:last])

    def places(self, line: int) -> int:
        """Of the prompt, that the line's frames take."""
        return places_of(self.frames[line]) if self.frames else 0


def line_frames(source: FrameSource | None, transcript: Transcript, goes_on: bool = False) -> Sequence[LineFrames]:
    """What is seen and heard from each line's start until the next one's: beside the first also what comes before it,
    beside the last all that follows, or where the transcript `goes_on`, up to the line's own end.

    Empty where nothing is, and of text without times.
    """
    lines = transcript.lines
    end = lines[-1].end if goes_on else math.inf
    return frames_between(tracks_of(source, transcript), [-math.inf, *(line.start for line in lines[1:]), end])


def tracks_of(source: FrameSource | None, transcript: Transcript) -> tuple[Track, ...]:
    """None of text without times."""
    return source.tracks(transcript) if source is not None and transcript.unit == "seconds" else ()


def frames_between(tracks: Sequence[Track], borders: Sequence[float]) -> Sequence[LineFrames]:
    """Of each stretch between neighbouring borders; empty where there are no tracks."""
    return [beside(tracks, start, end, PLACES) for start, end in pairwise(borders)] if tracks else ()


def shown_beside(lines: Iterable[str], frames: Iterable[LineFrames], head: str = "") -> list[Text | Frames]:
    """Words with the frames of each line before it; where there are none, one text, as words alone always were."""
    spans: list[Text | Frames] = []
    text = head
    for line, seen in zip_longest(lines, frames, fillvalue=()):
        if seen and text:
            spans.append(Text(text))
            text = ""
        spans += seen
        text += line or ""
    return [*spans, Text(text)]
