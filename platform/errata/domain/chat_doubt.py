"""What speaks against a chat's log being of the stream that it stands beside, against its times, or against scoring
models on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Doubt = Literal[
    "out of order",
    "after the end",
    "another length",
    "another title",
    "another channel",
    "drift",
    "offset",
    "known words",
]


@dataclass(frozen=True, slots=True)
class ChatDoubt:
    about: Doubt
    value: float = 0.0
    """Messages, or seconds."""
    log: str = ""
    """What the log says, and"""
    stream: str = ""
    """what the transcript does."""
