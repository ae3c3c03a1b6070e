"""`chat`: the model reads on what is said and what viewers write, and says each next message itself.

    title
    what somebody said
    > what a viewer wrote
    what was said next
    > …

A message is a slot after `> `. While a chat is read that is known, what was really written stands there for what
follows, whatever the model said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.tasks.grammar import LineOf, SlotGrammar
from errata.tasks.prompt import Control, Filling, Frames, Given, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading
from errata.tasks.templates.inline import END
from errata.tasks.view import View

LETTERS = 120
"""Of a message that a model writes, at most: it is cut there. What it reads and learns may be longer."""


class NextMessage:
    name = "chat"
    version = 1
    chat = False
    line_overhead = 4
    usual = ""
    border = ""
    closing = ""
    limits = 1
    shifts = False
    instructions: tuple[str, ...] = ()

    def __init__(self, marked: bool = False) -> None:
        """`marked`: a line's end is the marker of `inline`, for a model that was made with it and knows no line
        breaks."""
        self._end: Given = Control(END) if marked else Text("\n")

    def render(self, view: View) -> Prompt:
        spans: list[Control | Text | Slot | Frames] = [*self._line(view.title)]
        for place, line in enumerate(view.lines):
            spans += view.frames[place] if view.frames else ()
            if place in view.written:
                spans.append(Text("> "))
            if place not in view.asked:
                spans += self._line(line)
            else:  # where there is no line yet, nobody knows what will be written
                spans.append(Slot(self._line(line)) if line else Slot())
        return tuple(spans)

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        """The messages that the view shows: each was written there."""
        return tuple(self._line(view.lines[place]) for place in view.asked)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        return LineOf(LETTERS, self._end)

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        """A message without words is one: nothing was said there."""
        said = zip(view.asked, answers, strict=False)
        return Reading(
            tuple(
                Chapter(float(view.starts[place]), tidy(answer.strip().removesuffix(self._end.text)))
                for place, answer in said
            )
        )

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        return {}

    def _line(self, line: str) -> Filling:
        if isinstance(self._end, Text):
            return (Text(line + self._end.text),)
        return (Text(line), self._end)
