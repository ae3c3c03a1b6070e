"""A question and a free answer of one line: what a model knows by itself, or makes of what it is shown with it.

    [Transcript:
    what was said, with what was seen and heard beside each line

    ]Question: …
    Answer: …

Where the model has a chat template, the question is a user's turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errata.domain.chapter import tidy
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.tasks.asked_lines import frames_between, shown_beside, tracks_of
from errata.tasks.encode import Turn, dress, span_ids
from errata.tasks.grammar import LineOf, lark
from errata.tasks.prompt import Control, Frames, Prompt, Slot, Text
from errata.tasks.sureness import Sureness
from errata.tasks.templates.inline import END
from errata.tasks.track import FrameSource
from errata.tasks.view import View

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

VERSION = "question@2"
"""It rises with every change here that alters a token, or what may be answered."""
INSTRUCTION = "Answer in one short sentence."
LETTERS = 400
"""Of an answer, at most: it is cut there."""


@dataclass(frozen=True, slots=True)
class FreeAnswer:
    text: str
    problems: tuple[str, ...] = ()
    """Why it did not come to its end, a sentence each."""


@dataclass(frozen=True)
class QuestionTask:
    tokenizer: Tokenizer
    context: int
    source: FrameSource | None = None
    """Of what is seen and heard beside lines; None for a model of words alone."""

    version = VERSION
    usual = ""

    @property
    def closing(self) -> str:
        return self._end.text

    def view(self, question: str, shown: Transcript | None = None, span: tuple[float, float] = (0, 0)) -> View:
        """`question` alone, or with what is said, seen and heard in `shown` within `span`, in its unit.

        Raises BadInput where nothing is."""
        if shown is None:
            return View("", "", (), (), 0.0, question=tidy(question))
        first, last = span
        lines = [line for line in shown.lines if line.end > first and line.start < last]
        borders = [first, *(line.start for line in lines[1:]), last]
        frames = tuple(frames_between(tracks_of(self.source, shown), borders))
        if not lines and not any(frames):
            raise BadInput("{!r} has nothing to show from {:g} to {:g} {}", shown.external_id, first, last, shown.unit)
        return View(
            title="",
            description="",
            lines=tuple(tidy(line.text) for line in lines) or ("",),
            starts=tuple(int(line.start) for line in lines) or (int(first),),
            duration=shown.duration,
            unit=shown.unit,
            frames=frames,
            question=tidy(question),
        )

    def render(self, view: View) -> Prompt:
        lines = [f"{line}\n" for line in view.lines]
        shown = shown_beside(lines, view.frames, "Transcript:\n") if lines else ()
        gap = "\n" if lines else ""
        if self.tokenizer.chat_template:
            asked = Text(f"{gap}{view.question}\n{INSTRUCTION}")
        else:
            asked = Text(f"{gap}Question: {view.question}\nAnswer:")
        return dress((*shown, asked, Slot()), Turn.of(True, self.tokenizer))

    def places(self, view: View) -> int:
        """Of the context, that the question takes with all that is shown."""
        shown = [span for span in self.render(view) if isinstance(span, Control | Text | Frames)]
        return sum(len(span_ids(span, self.tokenizer)) for span in shown)

    def grammar(self, view: View, fillings: Sequence[str]) -> str:
        return lark(LineOf(LETTERS, self._end))

    def unlike(self, view: View, fillings: Sequence[str]) -> str:
        return ""

    def parse(
        self, view: View, fillings: Sequence[str], faults: Sequence[str] = (), sureness: Sequence[Sureness] = ()
    ) -> FreeAnswer:
        (said,) = fillings
        return FreeAnswer(tidy(said.strip().removesuffix(self._end.text)), tuple(faults))

    @property
    def _end(self) -> Control | Text:
        """A line's end: the marker of `inline`, for a model that was made with it and knows no line breaks."""
        return Control(END) if END in self.tokenizer.get_vocab() else Text("\n")
