"""`snippet`: a message, by what was seen and heard just before it was written, and by nothing else.

    video…  audio…  hello

One message a prompt, as the model with two encoders is asked (`inference/two_encoders.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from errata.domain.chapter import Chapters
from errata.tasks.grammar import LineOf, SlotGrammar
from errata.tasks.prompt import Filling, Prompt, Slot, Text
from errata.tasks.templates.next_message import LETTERS, NextMessage
from errata.tasks.view import View


class SnippetMessage(NextMessage):
    name = "snippet"
    line_overhead = 0

    def render(self, view: View) -> Prompt:
        return (*(view.frames[0] if view.frames else ()), Slot())

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        return ((Text(view.lines[0]),),)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        return LineOf(LETTERS, Text("\n"))
