"""Calls of a foreign model, whoever traced them: what it was asked, what it answered, when, and which model it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from errata.files import JsonObject
from errata.formats.model_messages import ModelMessage
from errata.formats.source_rows import SourceRow

NO_ANSWER = "no model's answer"
"""Why a row is left out that is some other step of a trace: a search, a tool, the request around the call."""
FAILED = "failed calls"
"""Why a row is left out that holds an error instead of an answer."""


@dataclass(frozen=True, slots=True)
class TracedCall:
    trace: str
    """The trace's id and, below, that of the call in it: together they name the call for ever."""
    span: str
    model: str
    answered_at: str
    """ISO 8601, in UTC; empty where it isn't told."""
    facts: JsonObject
    """What was noted beside the call, in which the talk's id and title may stand."""
    asked: tuple[ModelMessage, ...]
    answered: str
    row: SourceRow = field(compare=False, repr=False)
    """Where it stood, alone, in the form in which it can be imported again."""
