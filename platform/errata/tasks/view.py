"""The part of a transcript that one prompt shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from errata.domain.transcript import Unit
from errata.tasks.prompt import Frames

Opening = Literal["unknown", "chapter", "seam"]
"""What the window's first line is: the transcript's beginning, the start of a chapter, or the middle of one."""


@dataclass(frozen=True, slots=True)
class View:
    title: str
    description: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    """The floored start of each line, in `unit`."""
    duration: float
    unit: Unit = "seconds"
    opening: Opening = "unknown"
    wording: int = 0
    """Which of the template's instructions is asked by."""
    fresh: int = 0
    """Its first line that no earlier view has decided, where lines are decided one by one."""
    running: str = ""
    """The title of the chapter in whose middle it begins, where that is shown."""
    before: str = ""
    """The title of the chapter before its first one, which is not shown; empty where there is none."""
    written: tuple[int, ...] = ()
    """Of a stream with its chat, the lines that viewers wrote,"""
    asked: tuple[int, ...] = ()
    """and those of them that the model is asked for; the last one may be empty, which nobody wrote yet."""
    borders: tuple[int, ...] | None = None
    """Of its fresh lines, those that begin a chapter, once that is decided and titles alone are asked for."""
    question: str = ""
    """What is asked about it in words, where a question is asked."""
    lesson: bool = False
    """Whether it is taught by, where that is more than what is asked."""
    frames: tuple[tuple[Frames, ...], ...] = ()
    """Of each line, what is seen and heard while it is said; empty where nothing is in any."""
