"""What applications send and are sent, with examples: the API's own shapes, which `errata.client` has too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, field_validator, model_validator

from errata.domain.chapter import tidy

Seconds = Annotated[FiniteFloat, Field(ge=0, strict=True)]
"""A number: neither a text that looks like one, nor true."""
JobState = Literal["waiting", "done", "failed"]

_SEGMENTS: list[JsonValue] = [
    {"start": 0.0, "end": 6.5, "text": "Welcome back. Today we fire the kiln.", "speaker": "Ann"},
    {"start": 6.5, "end": 12.0, "text": "Nine hours to cool, as I said last week."},
    {"start": 12.0, "end": 19.0, "text": "Now to the glazes that you asked about."},
]
_CHAPTERS: list[JsonValue] = [
    {"start": 0.0, "title": "Firing the kiln"},
    {"start": 12.0, "title": "Questions about glazes"},
]
_KEY = "6f1c" * 16


class Message(BaseModel):
    """A field that is not named here is refused."""

    model_config = ConfigDict(extra="forbid")


class SegmentMessage(Message):
    start: Seconds
    """From the beginning of the recording."""
    end: Seconds
    text: str
    speaker: str | None = None

    @model_validator(mode="after")
    def _forwards(self) -> SegmentMessage:
        if self.end < self.start:
            raise ValueError(f"it ends at {self.end:g}, before it starts at {self.start:g}; mend one")
        return self


class CaptionsMessage(Message):
    text: str
    """The whole file."""
    format: str = "auto"
    """As `errata import transcripts --format` names it: webvtt, srt, whisper, …"""


class ChaptersAsked(Message):
    """A talk: exactly one of `segments`, `captions` and `text`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"id": "kiln-12", "title": "Firing the kiln", "segments": _SEGMENTS},
                {"captions": {"text": "WEBVTT\n\n00:00.000 --> 00:06.500\nWelcome back.\n", "format": "webvtt"}},
                {"text": "Welcome back. Today we fire the kiln. Nine hours to cool."},
            ]
        },
    )

    id: Annotated[str, Field(max_length=500)] = ""
    """By which the outside world knows the talk; without one, its words name it."""
    title: Annotated[str, Field(max_length=1000)] = ""
    description: Annotated[str, Field(max_length=100_000)] = ""
    channel: Annotated[str, Field(max_length=500)] = ""
    duration: Seconds | None = None
    """Of the recording, in seconds, where that goes on after the last words."""
    segments: Annotated[list[SegmentMessage], Field(min_length=1)] | None = None
    captions: CaptionsMessage | None = None
    text: Annotated[str, Field(min_length=1)] | None = None
    """Without times: chapters then start at a word, counted from 0."""

    @model_validator(mode="after")
    def _one_talk(self) -> ChaptersAsked:
        given = [name for name in ("segments", "captions", "text") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"it needs exactly one of segments, captions and text; there is {found}")
        if self.duration is not None and self.segments is None:
            raise ValueError("a duration belongs to segments; leave it out")
        return self


class ChapterMessage(Message):
    start: Seconds
    """In the talk's unit."""
    title: str = Field(max_length=500)


class AnsweredChapter(ChapterMessage):
    confidence: float | None = None
    """How probable it is that a reviewer would leave this border, from 0 to 1; null where that isn't known."""


class ChaptersAnswer(Message):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "prediction": _KEY,
                    "request": "5c" * 16,
                    "id": "kiln-12",
                    "unit": "seconds",
                    "duration": 19.0,
                    "model": "a9" * 32,
                    "template": "inline@3 limits@2",
                    "chapters": [{"start": 0.0, "title": "Firing the kiln", "confidence": 0.93}],
                    "calibrated": True,
                    "problems": [],
                    "adjustments": {},
                }
            ]
        },
    )

    prediction: str
    """By which the answer is asked after, and corrected."""
    request: str
    """By which this request is known; empty where a prediction is asked after."""
    id: str
    unit: Literal["seconds", "words"]
    """Of `duration` and of each start: words where the talk has no times."""
    duration: float
    model: str
    """The version that spoke: the sha256 of its manifest."""
    template: str
    chapters: list[AnsweredChapter]
    calibrated: bool = False
    """Whether reviewed borders of this model stand behind the confidences; else they are what the model itself has."""
    problems: list[str]
    """What could not be read in the model's answer; empty when it was clean."""
    adjustments: dict[str, int] = {}
    """What of the talk was put right on the way in, and how often."""


class JobMessage(Message):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"job": "5c" * 16, "state": "waiting", "answer": None}]}
    )

    job: str
    state: JobState
    answer: ChaptersAnswer | None = None
    failure: str = ""
    """Why there is no answer and will be none, a sentence."""


class CorrectionAsked(Message):
    """What the key's holder makes of a prediction."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"prediction": _KEY, "kind": "edit", "chapters": _CHAPTERS},
                {"prediction": _KEY, "kind": "accept"},
                {"prediction": _KEY, "kind": "reject"},
            ]
        },
    )

    prediction: str = Field(max_length=64)
    kind: Literal["edit", "accept", "reject"] = "edit"
    chapters: list[ChapterMessage] | None = None
    """As they should be; for an edit alone. An empty list says that there are none."""
    reviewed_on: Annotated[str, Field(max_length=40)] | None = None
    """A date, where it was another day."""
    blind: bool = False
    """Whether the reviewer was shown no draft."""

    @field_validator("chapters")
    @classmethod
    def _told_apart(cls, chapters: list[ChapterMessage] | None) -> list[ChapterMessage] | None:
        starts = set[float]()
        for place, chapter in enumerate(chapters or ()):
            if not tidy(chapter.title):
                raise ValueError(f"the title of number {place} is empty; fill it in, or leave that chapter out")
            if chapter.start in starts:
                raise ValueError(f"two of them start at {chapter.start:g}; move or remove one")
            starts.add(chapter.start)
        return chapters


class CorrectionAnswer(Message):
    correction: int
    """Its number in the record."""
    new: bool
    """False where the same was said before."""
    kind: str
    """As it was recorded: an edit that changes nothing is an accept."""
    id: str
    """The talk's."""


class TextAsked(Message):
    """As the chaptering service of Clipchamp's kind takes it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Welcome back. Today we fire the kiln."}]}
    )

    text: Annotated[str, Field(min_length=1)]


class TextChapter(Message):
    title: str
    start_text: str
    """The chapter's first sentence, as it stands in the text."""


class TextChapters(Message):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"chapters": [{"title": "Firing the kiln", "start_text": "Today we fire the kiln."}]}]
        },
    )

    chapters: list[TextChapter]


class ProblemMessage(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    """A sentence that names the field and says what to do."""
    errors: list[dict[str, str]] = []
    """`{"field": "segments.3.start", "detail": "…"}`, where single fields are wrong."""
