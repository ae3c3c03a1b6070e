"""What a model answered for one transcript."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from errata.domain.chapter import Chapters, chapters_to_json
from errata.domain.hashing import content_hash
from errata.domain.lines import FORM
from errata.domain.transcript import Transcript
from errata.domain.vector_shard import shards_digest

SENSES = " senses@2"
"""How a template's name ends, beside an answer, where the model that is asked sees or hears: it rises with every change
of what is shown beside a line."""
LINES = f" lines@{FORM}"
"""The same, where the lines that it was asked about are derived."""


@dataclass(frozen=True)
class Prediction:
    transcript: int
    """`seq` of the transcript."""
    model: str
    """The sha256 of the model's manifest; for a foreign draft, the name its source gave it."""
    template: str
    """`name@version` of the prompt template, with what was seen and heard, and the lines' form where those were derived
    (`template_for`); empty for a foreign draft."""
    chapters: Chapters
    """An empty tuple is an answer: no chapters. No prediction is no row."""
    problems: tuple[str, ...] = ()
    """What could not be read in the answer, in words; empty when it was clean."""
    foreign: bool = False
    """A draft that some other system made: kept beside ours, never champion."""
    confidences: tuple[float | None, ...] = field(default=(), compare=False)
    """How probable the model held each chapter's border, in the order of `chapters`, before any calibration; empty
    where that isn't known, as of a foreign draft and of what was answered before it was kept. No part of the answer."""

    @cached_property
    def hash(self) -> str:
        """The key that travels with it."""
        return content_hash([self.transcript, self.model, self.template, chapters_to_json(self.chapters)])


def template_for(template: str, transcript: Transcript) -> str:
    """The template under which an answer to a transcript is kept: what was answered of long segments, before they were
    read as several lines, or of lines of another form, is no answer to what is asked now; nor is what a model that sees
    answered before there were these vectors."""
    if template.endswith(SENSES) and transcript.vectors:
        template = f"{template}@{shards_digest(transcript.vectors)}"
    return with_lines(template) if transcript.has_derived_lines else template


def with_messages(template: str, messages: Chapters) -> str:
    """The template under which an answer to a stream with that chat is kept; without messages, the template itself."""
    if not messages:
        return template
    return f"{template} chat@{content_hash(chapters_to_json(messages))[:12]}"


def with_lines(template: str) -> str:
    return f"{template}{LINES}".strip()
