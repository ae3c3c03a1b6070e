"""`description`: the model reads what is said and seen in a chunk of a recording, and says what happens in it.

    [what happened before, in the chunk before]
    ANN: what somebody said
    what she said next
    …
    Describe what happens.
    channel · title · 00:20:00 - what happens

Where and when it happens is taught with what happens, so that a model that was trained on many chunks knows it of what
it has seen; a model that is asked is told so much. `description+300` has chunks of 300 seconds, `description+previous`
shows what happened before, and `description+recall` also teaches each chunk by a question in place of what is shown, so
that a model learns by heart what it could else read off each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.errors import BadInput
from errata.tasks.grammar import LineOf, SlotGrammar
from errata.tasks.prompt import Control, Filling, Frames, Given, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading
from errata.tasks.templates.inline import END
from errata.tasks.view import View

PREVIOUS, RECALL = "previous", "recall"
LETTERS = 500
"""Of a description that a model writes, at most: it is cut there, as a title of the record's would be refused."""
INSTRUCTION = "Describe what happens."


class ChunkDescription:
    name = "description"
    version = 1
    chat = True
    line_overhead = 2
    usual = ""
    border = ""
    closing = "\n"
    limits = 1
    shifts = False
    instructions: tuple[str, ...] = ()

    seconds = 1200
    """Of a chunk."""
    previous = False
    """Whether what happened in the chunk before is shown."""
    recall = False
    """Whether each chunk is taught a second time, without what is shown of it."""

    def __init__(self, options: Sequence[str] = ()) -> None:
        """Raises BadInput for an option that there is none of."""
        self._end: Given = Text("\n")
        for option in options:
            if option == PREVIOUS:
                self.previous = True
            elif option == RECALL:
                self.recall = True
            elif option.isdecimal() and int(option) > 0:
                self.seconds = int(option)
            else:
                raise BadInput(
                    f"the template description has no option {option!r}; it has {PREVIOUS}, {RECALL}, and a chunk's "
                    "seconds, as description+300"
                )
        self.name = "+".join(("description", *options))

    def marked(self) -> ChunkDescription:
        """For a model that was made with the marker of `inline` as a line's end, and knows no line breaks."""
        made = copy(self)
        made._end, made.closing = Control(END), END
        return made

    def render(self, view: View) -> Prompt:
        spans: list[Control | Text | Slot | Frames] = []
        if self.previous and view.running:
            spans += self._line(f"[{view.running}]")
        for place, line in enumerate(view.lines):
            spans += view.frames[place] if view.frames else ()
            spans += self._line(line)
        spans += self._line(INSTRUCTION)
        return (*spans, Slot())

    def place(self, view: View) -> Text:
        """Where and when it happens, as it is said before what happens."""
        return Text(f"{view.title} -")

    def question(self, view: View) -> str:
        """What asks for the chunk without showing it."""
        return f"What happens in {view.title}?"

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        """Where and when, and what happens."""
        (described,) = chapters
        return ((self.place(view), *self._line(f" {described.title}")),)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        return LineOf(LETTERS + (len(self.place(view).text) if view.lesson else 0), self._end)

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        """A description without words is one: the model had nothing to say."""
        said = answers[0].strip() if answers else ""
        title = tidy(said.removeprefix(self.place(view).text).removesuffix(self._end.text))
        return Reading((Chapter(float(view.starts[0]), title),))

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        return {}

    def _line(self, line: str) -> Filling:
        if isinstance(self._end, Text):
            return (Text(line + self._end.text),)
        return (Text(line), self._end)
