"""The chaptering task: transcripts to prompts, chapters to targets, answers to chapters.

task = ChapterTask(templates.find("indexed"), tokenizer, context=4096)
for example in task.examples(transcript, chapters): ...     # training rows
reading = task.read(transcript, answer)                     # serving; `answer` asks the model about one view
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errata.domain.chapter import Chapter, Chapters, canonical, starts, tidy
from errata.domain.timestamps import find_clock
from errata.domain.transcript import Transcript
from errata.tasks.encode import Encoded, dress, encode, ids
from errata.tasks.prompt import Prompt, Slot, Text
from errata.tasks.template import Reading, Template, View
from errata.tasks.window import Window, first_window, next_window

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

PROMPT_SHARE = 0.75
"""Of the context; the rest is the answer's, so that no target is ever cut."""
LONGEST_LINE = 0.125
"""Of the context: a longer line is cut, since what begins a chapter stands at its beginning."""


@dataclass(frozen=True, slots=True)
class Example:
    """One training row: what one window asks, and what should be answered."""

    view: View
    chapters: Chapters
    running: str
    encoded: Encoded


@dataclass(frozen=True)
class ChapterTask:
    template: Template
    tokenizer: Tokenizer
    context: int
    """Tokens that the model may see at once, prompt and answer together."""

    @property
    def version(self) -> str:
        return f"{self.template.name}@{self.template.version}"

    def prompt(self, view: View) -> Prompt:
        return dress(self.template.render(view), self.template.chat, self.tokenizer)

    def examples(self, transcript: Transcript, chapters: Chapters) -> Iterator[Example]:
        """The windows that serving would ask about if every answer were right, with those answers."""
        right = canonical(chapters, transcript).chapters
        windows = self._windows(transcript)
        window, view = next(windows)
        while True:
            yield self._taught(window, view, right)
            try:
                window, view = windows.send([int(c.start) for c in right if int(c.start) in view.starts])
            except StopIteration:
                return

    def _taught(self, window: Window, view: View, right: Chapters) -> Example:
        """The window's part of the right chapters; at a seam, what began on its first line is already running."""
        seam = window.opening == "seam"
        begun = [c for c in right if c.start < view.starts[0] or (seam and c.start == view.starts[0])]
        inside = tuple(c for c in right[len(begun) :] if c.start <= view.starts[-1])
        return self.example(view, inside, begun[-1].title if seam and begun else "")

    def example(self, view: View, chapters: Chapters, running: str = "") -> Example:
        answers = self.template.target(view, chapters, running)
        return Example(view, chapters, running, encode(self.prompt(view), answers, self.tokenizer))

    def reading(self, transcript: Transcript) -> Generator[View, Reading, Reading]:
        """Yields each window to ask about, is sent what was read there, and returns the whole transcript's chapters."""
        chapters: dict[float, Chapter] = {}
        problems: list[str] = []
        windows = self._windows(transcript)
        window, view = next(windows)
        while True:
            reading = yield view
            problems.extend(reading.problems)
            undecided = view.starts[window.fresh - window.first]
            fresh = {chapter.start: chapter for chapter in reading.chapters if chapter.start >= undecided}
            chapters.update(fresh)
            try:
                window, view = windows.send([int(start) for start in fresh])
            except StopIteration:
                return Reading(tuple(chapters[start] for start in sorted(chapters)), tuple(problems))

    def _windows(self, transcript: Transcript) -> Generator[tuple[Window, View], list[int], None]:
        """Yields each window and what it shows, and is sent the starts in it that begin a chapter: where to go on."""
        lines = self._lines(transcript)
        places = starts(transcript)
        costs = [len(ids(Text(line), self.tokenizer)) + self.template.line_overhead for line in lines]
        budget = int(self.context * PROMPT_SHARE) - self._head(transcript)
        window: Window | None = first_window(costs, budget)
        while window is not None:
            view = self._view(transcript, lines[window.first : window.last], places[window.first : window.last], window)
            begun = yield window, view
            window = next_window(window, [places.index(start, window.first) for start in begun], costs, budget)

    def _head(self, transcript: Transcript) -> int:
        """Tokens of a prompt without lines."""
        prompt = self.prompt(self._view(transcript, [""], [0], Window(0, 1, "unknown", 0)))
        return sum(len(ids(span, self.tokenizer)) for span in prompt if not isinstance(span, Slot))

    def _view(self, transcript: Transcript, lines: list[str], places: list[int], window: Window) -> View:
        longest = int(self.context * LONGEST_LINE)
        return View(
            title=self._cut(tidy(transcript.title), longest),
            description=self._cut(_untold(transcript.description), longest),
            lines=tuple(lines),
            starts=tuple(places),
            duration=transcript.duration,
            unit=transcript.unit,
            opening=window.opening,
        )

    def _lines(self, transcript: Transcript) -> list[str]:
        longest = int(self.context * LONGEST_LINE)
        return [self._cut(tidy(segment.text), longest) for segment in transcript.segments]

    def _cut(self, line: str, longest: int) -> str:
        if len(line.encode()) <= longest:
            return line
        tokens = ids(Text(line), self.tokenizer)
        if len(tokens) <= longest:
            return line
        kept: str = self.tokenizer.decode(tokens[:longest], skip_special_tokens=False)
        return tidy(kept.rstrip("�"))


def _untold(description: str) -> str:
    """A description without its lines that hold a time: those are the chapters that the model is asked for."""
    return tidy(" ".join(line for line in description.splitlines() if find_clock(line) is None))
