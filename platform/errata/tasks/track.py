"""Where a task gets the frames of a transcript: what there is of its recording, and what of it falls into a span of
time.

    tracks = source.tracks(transcript)        # a track a medium; none where nothing was made of its recording
    beside(tracks, 61.0, 65.5, most=16)       # spans for a prompt: what is seen and heard between these seconds
    since(tracks, 61.0, 65.5, most=16)        # what became known between them
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from errata.domain.modality import Modality
from errata.domain.transcript import Transcript
from errata.tasks.prompt import Frames


@dataclass(frozen=True, slots=True)
class Track:
    """One medium of a recording, as vectors."""

    modality: Modality
    features: str
    """The shard in the features store that holds them."""
    tokens: int
    """Places that each takes in a prompt."""
    times: Sequence[float]
    """Seconds from the recording's beginning at which each is known, ascending."""
    shard_places: Sequence[int] | None = None
    """Where each lies in the shard; None: all that are there, from the first on."""

    def between(self, after: float, upto: float) -> range:
        """The places of those that become known after `after` and not later than `upto`."""
        return range(bisect_right(self.times, after), bisect_right(self.times, upto))

    def during(self, start: float, end: float) -> range:
        """The places of those that show what is seen or heard from `start` until `end`: a picture is of the moment at
        which it is known, and sound of the time before."""
        side = bisect_left if self.modality == "video" else bisect_right
        return range(side(self.times, start), side(self.times, end))

    def frames(self, places: Iterable[int], silence: bool = False) -> Iterator[Frames]:
        """Spans of the vectors at those places, ascending; neighbours in the shard share one."""
        kept = places if self.shard_places is None else (self.shard_places[place] for place in places)
        for _, run in groupby(enumerate(kept), key=lambda pair: pair[1] - pair[0]):
            first, *others = (place for _, place in run)
            yield Frames(self.modality, self.features, first, 1 + len(others), self.tokens, silence)


class FrameSource(Protocol):
    def tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        """What a model is shown of the transcript's recording; none where it has none, or no vectors were made of it.

        Raises NotFound where vectors that the record names are gone.
        """
        ...


def beside(tracks: Sequence[Track], start: float, end: float, most: int) -> tuple[Frames, ...]:
    """What is seen and heard from `start` until `end`, a track after the other.

    A track takes `most` places of the prompt at most, or one vector where that is larger: of more, those that lie
    evenly, the last among them.
    """
    return _thinned(((track, track.during(start, end)) for track in tracks), most)


def since(tracks: Sequence[Track], after: float, upto: float, most: int) -> tuple[Frames, ...]:
    """What became known after `after` and not later than `upto`, as `beside` shows it."""
    return _thinned(((track, track.between(after, upto)) for track in tracks), most)


def _thinned(parts: Iterable[tuple[Track, range]], most: int) -> tuple[Frames, ...]:
    spans: list[Frames] = []
    for track, places in parts:
        spans += track.frames(_evenly(places, max(1, most // track.tokens)))
    return tuple(spans)


def places_of(spans: Iterable[Frames]) -> int:
    """That they take in a prompt."""
    return sum(span.places for span in spans)


def _evenly(places: range, most: int) -> Sequence[int]:
    if len(places) <= most:
        return places
    return [places[(number + 1) * len(places) // most - 1] for number in range(most)]
