"""A transcript: who said what, and where in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

from errata.domain import twins
from errata.domain.hashing import canonical_json, sha256
from errata.domain.lines import lines_of
from errata.domain.names import check_name
from errata.domain.vector_shard import VectorShard
from errata.errors import BadInput

Unit = Literal["seconds", "words"]

LONGEST_SECONDS = 24 * 3600.0
"""A transcript of a day or more is refused: chapters of it are nobody's, and it is nearly always a wrong unit."""


@dataclass(frozen=True, slots=True)
class Segment:
    start: float
    """In the transcript's unit, from its beginning."""
    end: float
    text: str
    """One line: inner whitespace is single spaces."""
    speaker: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "text": self.text, "speaker": self.speaker}


@dataclass(frozen=True)
class Transcript:
    external_id: str
    """The id that the outside world knows it by; two texts under one id are versions of one leak group."""
    segments: tuple[Segment, ...]
    duration: float
    """In `unit`; never before the last segment's start."""
    unit: Unit = "seconds"
    """Text without times is placed by word offset, and metrics in seconds are refused for it, not invented."""
    title: str = ""
    description: str = ""
    channel: str = ""
    """The channel or series: the cluster within which scores are correlated. May be empty."""
    vectors: tuple[VectorShard, ...] = field(default=(), compare=False)
    """Of its recording, as far as any were made when it was read; no part of what it says, nor of its hash."""
    chat: tuple[Segment, ...] = ()
    """What viewers wrote beside it, each at one time, in order, where that is asked about. It is kept apart: neither
    hash nor JSON has it."""

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def canonical(self) -> str:
        """What it says, as `from_json` reads it: equal transcripts give equal texts."""
        return canonical_json(self.as_json())

    @cached_property
    def hash(self) -> str:
        return sha256(self.canonical)

    @cached_property
    def lines(self) -> tuple[Segment, ...]:
        """What chapters begin with and models read: the segments, of which a long one is several lines."""
        return lines_of(self.segments, self.duration, self.unit)

    @property
    def has_derived_lines(self) -> bool:
        return self.lines is not self.segments

    @cached_property
    def text(self) -> str:
        return "\n".join(segment.text for segment in self.segments)

    @cached_property
    def text_hash(self) -> str:
        return twins.text_hash(self.text)

    @cached_property
    def signature(self) -> bytes:
        """By which its twins are found."""
        return twins.signature(self.text)

    def prepare(self) -> None:
        """Reckons what the record keeps of it, which is then known."""
        _ = self.hash, self.text_hash, self.signature, self.lines

    @property
    def unplaced(self) -> tuple[str, ...]:
        """What it says and who says it, whatever its segments are and wherever they lie."""
        texts: list[str] = [self.title, self.description, self.channel]
        for speaker, segments in groupby(self.segments, lambda segment: segment.speaker or ""):
            texts += [speaker, "".join("".join(segment.text.split()) for segment in segments)]
        return tuple(texts)

    def as_json(self) -> dict[str, Any]:
        # not dataclasses.asdict, which copies every value: it took a quarter of an import
        return {
            "external_id": self.external_id,
            "segments": [segment.as_json() for segment in self.segments],
            "duration": self.duration,
            "unit": self.unit,
            "title": self.title,
            "description": self.description,
            "channel": self.channel,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Transcript:
        fields = dict(value)
        fields["segments"] = tuple(Segment(**segment) for segment in fields["segments"])
        return cls(**fields)


def _check(transcript: Transcript) -> None:
    """Raises BadInput, naming the segment, on anything that later code takes for granted."""
    name = transcript.external_id
    if not name.strip():
        raise BadInput("a transcript has no id; give every transcript one")
    check_name(name, "a transcript's id")
    if not any(segment.text.strip() for segment in transcript.segments):
        raise BadInput("transcript {!r} is empty; leave it out or give it text", name)
    if not math.isfinite(transcript.duration) or transcript.duration <= 0:
        raise BadInput("transcript {!r} has the duration {}; it must be a positive number", name, transcript.duration)
    if transcript.unit == "seconds" and transcript.duration >= LONGEST_SECONDS:
        raise BadInput(
            "transcript {!r} lasts {:.6g} s, a day or more; check its unit, or cut it", name, transcript.duration
        )
    previous = 0.0
    for index, segment in enumerate(transcript.segments):
        if not (math.isfinite(segment.start) and math.isfinite(segment.end)):
            raise BadInput("transcript {!r}, segment {}: a time is not a number; mend it", name, index)
        if segment.start < 0 or segment.end < segment.start:
            raise BadInput(
                "transcript {!r}, segment {}: it runs from {} to {}; times must not be negative or run backwards",
                name,
                index,
                segment.start,
                segment.end,
            )
        if segment.start < previous:
            raise BadInput(
                "transcript {!r}, segment {} starts at {}, before the one before it ({}); sort the segments by start",
                name,
                index,
                segment.start,
                previous,
            )
        previous = segment.start
    if previous > transcript.duration:
        raise BadInput(
            "transcript {!r} lasts {}, but its last segment starts at {}; mend one", name, transcript.duration, previous
        )
