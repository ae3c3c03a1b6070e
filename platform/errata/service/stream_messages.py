"""What applications send of streams and are told of them, with examples: the API's shapes, which `errata.client` has
too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from errata.database.service_streams import StreamState
from errata.service.messages import ChaptersAnswer, Message, SegmentMessage

MOST_AT_ONCE = 10_000
"""Lines that one request may bring."""
_LINES: list[JsonValue] = [
    {"start": 0.0, "end": 6.5, "text": "Good evening. We are live from the kiln.", "speaker": "Ann"},
    {"start": 6.5, "end": 12.0, "text": "It has been firing since noon."},
]
_STREAM = "5c" * 16


class StreamAsked(Message):
    """What is known of a stream when it begins; all of it may be missing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "kiln-live-3",
                    "title": "Firing the kiln, live",
                    "channel": "The pottery",
                    "media": "https://media.example.org/kiln.mp3",
                }
            ]
        },
    )

    id: Annotated[str, Field(max_length=500)] = ""
    """By which the outside world knows the talk that it becomes; without one, the stream's own name."""
    title: Annotated[str, Field(max_length=1000)] = ""
    description: Annotated[str, Field(max_length=100_000)] = ""
    channel: Annotated[str, Field(max_length=500)] = ""
    media: Annotated[str, Field(max_length=2000)] = ""
    """Where reviewers can play it, while it runs and afterwards."""


class LinesAsked(Message):
    """What was said, as soon as it was."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"position": 0, "lines": _LINES}]})

    position: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]
    """Of the first of them in the stream, counted from 0. What came before at a position changes nothing."""
    lines: Annotated[list[SegmentMessage], Field(min_length=1, max_length=MOST_AT_ONCE)]


class StreamMessage(Message):
    """How far a stream is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"stream": _STREAM, "id": "kiln-live-3", "state": "open", "lines": 2, "heard": 12.0, "answer": None}
            ]
        },
    )

    stream: str
    id: str
    state: StreamState
    """`ending`: its words are a transcript by now, and its chapters are awaited."""
    lines: int
    """That stand in the record: the position of the next one."""
    heard: float
    """Seconds."""
    answer: ChaptersAnswer | None = None
    """The chapters of the whole, once it has ended; null where nothing was said."""
    failure: str = ""
    """Why there are none, a sentence."""


class ToldChapter(BaseModel):
    """Data of the event `chapter`: one that is likely to stay."""

    start: float
    """In seconds of the stream."""
    title: str
    heard: float
    """How much of the stream had been heard when it was told, in seconds."""
    model: str
    """The version whose look it was."""


class ToldRevision(ToldChapter):
    """Data of the event `revision`: what was told of the chapter that starts there no longer holds."""

    kind: Literal["renamed", "withdrawn"]
    """`title` is the new one, or that of a chapter which is none."""


class HeardLines(BaseModel):
    """Data of the event `lines`, for who asks for `lines=true`."""

    position: int
    """Of the first of them."""
    lines: list[SegmentMessage]
