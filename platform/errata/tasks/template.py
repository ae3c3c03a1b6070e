"""The seam between a chaptering model and its words: what a template must be able to do.

    prompt = template.render(view)                  # spans with slots
    answers = template.target(view, chapters, "")   # what should stand in each slot
    reading = template.parse(view, ["0 Opening\\n"])  # what the model put there

`parse(view, target(view, canonical(x)))` is `canonical(x)` for every template; a property test holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from errata.domain.chapter import Chapters
from errata.domain.transcript import Unit
from errata.tasks.prompt import Answer, Prompt

Opening = Literal["unknown", "chapter", "seam"]
"""What the window's first line is: the transcript's beginning, the start of a chapter, or the middle of one."""


@dataclass(frozen=True, slots=True)
class View:
    """The part of a transcript that one prompt shows."""

    title: str
    description: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    """The floored start of each line, in `unit`."""
    duration: float
    unit: Unit = "seconds"
    opening: Opening = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    chapters: Chapters
    """Starts are among the view's; at a seam the first line is never one of them."""
    problems: tuple[str, ...] = ()
    """What could not be read, a sentence each. No chapters and no problem means the model said: none."""


class Template(Protocol):
    name: str
    version: int
    chat: bool
    """Whether a model's own chat template goes around the prompt."""
    line_overhead: int
    """Tokens that a line costs beyond its text, at most: markers before it, and its share of the answer."""
    usual: str
    """The whole answer that most slots get, if it is a single token; empty where there is none."""
    border: str
    """The token with which a model says that a chapter begins; empty where it says so in words."""

    def render(self, view: View) -> Prompt: ...

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Answer, ...]:
        """One answer a slot. `running` is the title of the chapter that a seam cuts through, empty in a cold open."""
        ...

    def grammar(self, view: View, answers: Sequence[str]) -> str:
        """llguidance's Lark for the next slot, after `answers`."""
        ...

    def parse(self, view: View, answers: Sequence[str]) -> Reading: ...
