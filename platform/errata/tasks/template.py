"""The seam between a chaptering model and its words: what a template must be able to do.

    prompt = template.render(view)                    # spans with slots
    fillings = template.target(view, chapters, "")    # what should stand in each slot
    reading = template.parse(view, ["0 Opening\\n"])  # what the model put there

`parse(view, target(view, canonical(x)))` is `canonical(x)` for every template; a property test holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from errata.domain.chapter import Chapters, canonical
from errata.domain.transcript import Transcript
from errata.tasks.grammar import SlotGrammar
from errata.tasks.prompt import Filling, Prompt
from errata.tasks.sureness import Deciding
from errata.tasks.view import View


@dataclass(frozen=True, slots=True)
class Reading:
    chapters: Chapters
    """Starts are among the view's; at a seam the first line is never one of them."""
    problems: tuple[str, ...] = ()
    """What could not be read, a sentence each. No chapters and no problem means the model said: none."""
    odds: tuple[float, ...] = ()
    """Of each fresh line of a view whose borders are asked for: the log-odds that a chapter begins there."""
    confidences: tuple[float | None, ...] = field(default=(), compare=False)
    """How probable the model held each chapter's border, in the order of `chapters`; empty where none is known. It is
    no part of the answer: readings are equal whatever these are."""

    @property
    def confidence_by_start(self) -> dict[float, float | None]:
        """Empty where none is known."""
        pairs = zip(self.chapters, self.confidences, strict=False)
        return {chapter.start: confidence for chapter, confidence in pairs}

    @classmethod
    def of(cls, chapters: Chapters, transcript: Transcript) -> Reading:
        """As a model that answers perfectly would be read."""
        return cls(canonical(chapters, transcript).chapters)


def version_of(template: Template) -> str:
    """`name@version`, which stands beside every answer to it."""
    return f"{template.name}@{template.version}"


def listed_titles(view: View, chapters: Chapters, running: str) -> list[tuple[int, str]]:
    """Start and title of each chapter that a list should hold, in order; a seam's first is the one it cuts through."""
    titles = {int(chapter.start): chapter.title for chapter in chapters}
    if view.opening == "seam" and running:
        titles[view.starts[0]] = running
    return sorted(titles.items())


def numbered_letters(answer: str) -> Iterator[tuple[int, str]]:
    """The lines of an answer, each with how many letters come before it."""
    begin = 0
    for line in answer.split("\n"):
        yield begin, line
        begin += len(line) + 1


class Template(Protocol):
    name: str
    version: int
    chat: bool
    """Whether a model's own chat template goes around the prompt."""
    line_overhead: int
    """Tokens that a line costs beyond its text, at most: markers before it, and its share of the answer."""
    usual: str
    """The whole answer that most slots get, if it is a single token; empty where there is none."""
    instructions: tuple[str, ...]
    """Wordings of what is asked: models are served with the first, and may be taught with all; empty where nothing is
    said in words."""
    border: str
    """The token with which a model says that a chapter begins; empty where it says so in words."""
    closing: str
    """The token that ends a title."""
    limits: int
    """The version of what bounds its answers: see `limits.py`."""
    shifts: bool
    """Whether a window of a long transcript ends where the topic changes, and not when it is full."""

    def render(self, view: View) -> Prompt: ...

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        """One answer a slot. `running` is the title of the chapter that a seam cuts through, empty in a cold open."""
        ...

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        """What may be written in the next slot, after `answers`."""
        ...

    def parse(self, view: View, answers: Sequence[str]) -> Reading: ...

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        """By start, where in the answers a model says that a chapter begins there; starts that `parse` doesn't give may
        be among them. Empty where borders are no part of the answers."""
        ...
