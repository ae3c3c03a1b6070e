"""The chaptering task: transcripts to prompts, chapters to targets, answers to chapters."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from errata.domain.chapter import Chapter, Chapters, starts, tidy
from errata.domain.clock import find_clock
from errata.domain.transcript import Transcript
from errata.tasks.asked_lines import AskedLines, line_frames
from errata.tasks.encode import Turn, dress, ids
from errata.tasks.grammar import lark
from errata.tasks.prompt import Control, Filling, Prompt, Text
from errata.tasks.sureness import Sureness, border_confidence
from errata.tasks.template import Reading, Template, version_of
from errata.tasks.track import FrameSource
from errata.tasks.view import View
from errata.tasks.window import Window, WindowPlan

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

PROMPT_SHARE = 0.75
"""Of the context; the rest is the answer's, so that no target is ever cut."""
LINES_REMEMBERED = 20_000
"""A day of speech."""
LONGEST_LINE = 0.125
"""Of the context: a longer line is cut, since what begins a chapter stands at its beginning."""


@dataclass(frozen=True)
class ChapterTask:
    template: Template
    tokenizer: Tokenizer
    context: int
    """Tokens that the model may see at once, prompt and answer together."""
    wording: int = 0
    """Of the template's instruction."""
    source: FrameSource | None = None
    """Of what is seen and heard beside the words; None for a model of words alone."""

    @property
    def version(self) -> str:
        return version_of(self.template)

    @property
    def usual(self) -> str:
        return self.template.usual

    def views(self, transcript: Transcript, goes_on: bool = False) -> Generator[View, Reading, Reading]:
        """Windows, of a transcript that goes on too; of two that overlap, each line is decided by the first that shows
        it."""
        chapters: dict[float, Chapter] = {}
        confidences: dict[float, float | None] = {}
        texts = [tidy(line.text) for line in transcript.lines]
        shown = [self._cut(text) for text in texts]
        problems = self._unread(texts, shown)
        windows = self._windows(transcript, self._asked(transcript, shown, goes_on))
        window, view = next(windows)
        while True:
            reading = yield view
            problems.extend(reading.problems)
            # By start and not by line: of lines that share one only the first can begin a chapter.
            undecided = view.starts[window.fresh - window.first]
            fresh = {chapter.start: chapter for chapter in reading.chapters if chapter.start >= undecided}
            chapters.update(fresh)
            # what begins a window, the one before it has decided
            confidences = {**reading.confidence_by_start, **confidences}
            try:
                window, view = windows.send([int(start) for start in fresh])
            except StopIteration:
                found = tuple(chapters[start] for start in sorted(chapters))
                known = tuple(confidences.get(chapter.start) for chapter in found) if confidences else ()
                return Reading(found, tuple(problems), confidences=known)

    def right(self, chapters: Chapters, transcript: Transcript) -> Reading:
        """What a perfect answer would be read as, where a label says `chapters`."""
        return Reading.of(chapters, transcript)

    def lessons(self, transcript: Transcript, right: Reading) -> Generator[View, Reading, Reading]:
        return self.views(transcript)

    def render(self, view: View) -> Prompt:
        return dress(self.template.render(view), self.turn)

    @cached_property
    def turn(self) -> Turn:
        """Around every prompt."""
        return Turn.of(self.template.chat, self.tokenizer)

    def target(self, view: View, right: Reading) -> tuple[Filling, ...]:
        """The window's part of the right chapters; at a seam, what began on its first line is already running."""
        first, last, seam = view.starts[0], view.starts[-1], view.opening == "seam"
        earlier = [chapter for chapter in right.chapters if chapter.start < first or (seam and chapter.start == first)]
        inside = tuple(chapter for chapter in right.chapters[len(earlier) :] if chapter.start <= last)
        return self.template.target(view, inside, earlier[-1].title if seam and earlier else "")

    def weighs(self, view: View) -> bool:
        return False

    def read_odds(self, view: View, odds: Sequence[float]) -> Reading:
        return Reading((), odds=tuple(odds))

    def grammar(self, view: View, fillings: Sequence[str]) -> str:
        return lark(self.template.grammar(view, fillings))

    def unlike(self, view: View, fillings: Sequence[str]) -> str:
        return ""

    @property
    def closing(self) -> str:
        return self.template.closing

    def parse(
        self, view: View, fillings: Sequence[str], faults: Sequence[str] = (), sureness: Sequence[Sureness] = ()
    ) -> Reading:
        reading = self.template.parse(view, fillings)
        deciding = self.template.deciding(view, fillings) if sureness else {}
        confidences = tuple(
            border_confidence(sureness, deciding.get(int(chapter.start))) for chapter in reading.chapters
        )
        return replace(reading, problems=(*faults, *reading.problems), confidences=confidences if deciding else ())

    def _asked(self, transcript: Transcript, shown: Sequence[str], goes_on: bool) -> AskedLines:
        """The lines as they are shown, with what is seen and heard beside them."""
        return AskedLines(shown, starts(transcript), line_frames(self.source, transcript, goes_on))

    def _windows(self, transcript: Transcript, lines: AskedLines) -> Generator[tuple[Window, View], list[int], None]:
        """Yields each window and what it shows, and is sent the starts in it that begin a chapter: where to go on."""
        plan = self._plan(transcript, lines, int(self.context * PROMPT_SHARE) - self._head(transcript))
        window: Window | None = plan.first()
        while window is not None:
            borders = yield window, self._view(transcript, lines.part(window.first, window.last), window)
            window = plan.after(window, [lines.starts.index(start, window.first) for start in borders])

    def _plan(self, transcript: Transcript, lines: AskedLines, budget: int) -> WindowPlan:
        """In `budget` tokens a window."""
        costs = [
            self._tokens_of(text) + self.template.line_overhead + lines.places(line)
            for line, text in enumerate(lines.texts)
        ]
        said = [line.text for line in transcript.lines] if self.template.shifts else ()
        return WindowPlan(costs, budget, said)

    @cached_property
    def _tokens_of(self) -> Callable[[str], int]:
        """How many tokens a line takes. Of a stream, each is asked about again with every look at it."""
        return lru_cache(maxsize=LINES_REMEMBERED)(lambda line: len(ids(Text(line), self.tokenizer)))

    def _head(self, transcript: Transcript) -> int:
        """Tokens of a prompt without lines."""
        prompt = self.render(self._view(transcript, AskedLines([""], [0]), Window(0, 1, "unknown", 0)))
        return sum(len(ids(span, self.tokenizer)) for span in prompt if isinstance(span, Control | Text))

    def _view(self, transcript: Transcript, lines: AskedLines, window: Window) -> View:
        return View(
            title=self._cut(tidy(transcript.title)),
            description=self._cut(without_chapters(transcript.description)),
            lines=tuple(lines.texts),
            starts=tuple(lines.starts),
            duration=transcript.duration,
            unit=transcript.unit,
            opening=window.opening,
            wording=self.wording,
            frames=tuple(lines.frames),
        )

    def _unread(self, texts: Sequence[str], lines: Sequence[str]) -> list[str]:
        cut = sum(line != text for text, line in zip(texts, lines, strict=True))
        if not cut:
            return []
        return [f"{cut} of {len(lines)} lines have more than the {self._longest} tokens that are read of a line"]

    @property
    def _longest(self) -> int:
        return int(self.context * LONGEST_LINE)

    def _cut(self, line: str) -> str:
        if len(line.encode()) <= self._longest:  # a token is a byte or more: most lines need not be tokenised
            return line
        tokens = ids(Text(line), self.tokenizer)
        if len(tokens) <= self._longest:
            return line
        beginning: str = self.tokenizer.decode(tokens[: self._longest], skip_special_tokens=False)
        return tidy(beginning.rstrip("�"))  # the cut may go through a character


def without_chapters(description: str) -> str:
    """A description without its lines that hold a time: those are the chapters that the model is asked for."""
    return tidy(" ".join(line for line in description.splitlines() if find_clock(line) is None))
