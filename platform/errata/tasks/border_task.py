"""The chaptering task as the template `borders` asks it: lines are weighed, the best division of all is found, and its
chapters are named."""

from __future__ import annotations

import math
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from errata.documents.calibration import sigmoid
from errata.domain.chapter import Chapter, tidy
from errata.domain.lines import segment_beginnings
from errata.domain.transcript import Transcript
from errata.tasks.asked_lines import AskedLines
from errata.tasks.chapters import ChapterTask, without_chapters
from errata.tasks.division import ChapterLengths, borders
from errata.tasks.encode import ids
from errata.tasks.prompt import Control, Filling, Prompt, Text
from errata.tasks.sureness import DIGITS
from errata.tasks.template import Reading
from errata.tasks.templates.borders import CERTAIN, Borders
from errata.tasks.view import View
from errata.tasks.window import Window

TURN_WORDS, LATER_WORDS = 24, 12
"""Words that are shown of a line that begins a segment, and of one in the middle of a long one: of a hundred real
talks' 1,249 chapters 1,176 begin with a segment."""


DESCRIPTION_WORDS = 60
LEAST_PAUSE = 1.0
"""Seconds without speech: shorter ones are breaths."""


@dataclass(frozen=True)
class BorderTask(ChapterTask):
    lengths: ChapterLengths = field(default_factory=ChapterLengths)

    def views(self, transcript: Transcript, goes_on: bool = False) -> Generator[View, Reading, Reading]:
        """Each window twice: to weigh its fresh lines, and to name the chapters that begin there."""
        shown = [self._cut(line) for line in shown_lines(transcript, self.options)]
        lines = self._asked(transcript, shown, goes_on)
        odds, weighed = list[float](), list[float]()
        known: dict[int, float] = {}
        chapters: list[Chapter] = []
        problems: list[str] = []
        for window in self._windows_of(transcript, lines):
            before = chapters[-1].title if chapters else ""
            running = before if "before" in self.options else ""
            view = replace(self._view_of(transcript, lines, window), running=running, before=before)
            fresh_odds = (yield view).odds
            odds += fresh_odds
            weighed += fresh_odds
            ends = window.last == len(lines.starts) and not goes_on
            end = transcript.duration if ends else math.inf
            begins = borders(odds, lines.starts[: window.last], end, self.lengths, transcript.unit)
            fresh = tuple(line - window.first for line in begins if line >= window.fresh)
            odds = [CERTAIN if line in begins else -CERTAIN for line in range(window.last)]  # no later window undoes it
            reading = yield replace(view, borders=fresh)
            chapters += reading.chapters
            known |= {lines.starts[line]: self._confidence(weighed[line]) for line in begins if line >= window.fresh}
            problems += reading.problems
        confidences = tuple(known.get(int(chapter.start)) for chapter in chapters)
        return Reading(tuple(chapters), tuple(problems), confidences=confidences)

    def _confidence(self, odds: float) -> float:
        """Of a line's own odds, as its gain counts in the division: what the lengths of chapters add is left out."""
        return round(sigmoid(odds + self.lengths.readiness), DIGITS)

    @property
    def options(self) -> frozenset[str]:
        """Of the template."""
        return self.template.options if isinstance(self.template, Borders) else frozenset()

    def render(self, view: View) -> Prompt:
        beginning = self.tokenizer.bos_token
        prompt = self.template.render(view)
        return (Control(str(beginning)), *prompt) if beginning else prompt

    def target(self, view: View, right: Reading) -> tuple[Filling, ...]:
        return self.template.target(view, right.chapters, "")

    def weighs(self, view: View) -> bool:
        return view.borders is None

    def unlike(self, view: View, fillings: Sequence[str]) -> str:
        return fillings[-1] if fillings else view.before

    def _windows_of(self, transcript: Transcript, lines: AskedLines) -> Iterator[Window]:
        """Each goes on in the middle of the one before, with its last quarter read again."""
        head = " ".join((self._title(transcript), self._description(transcript)))
        plan = self._plan(transcript, lines, int(self.context * WINDOW_SHARE) - len(ids(Text(head), self.tokenizer)))
        window: Window | None = plan.first()
        while window is not None:
            yield window
            window = plan.after(window, [])

    def _title(self, transcript: Transcript) -> str:
        return self._cut(tidy(transcript.title))

    def _description(self, transcript: Transcript) -> str:
        """Its beginning, where it is shown."""
        words = without_chapters(transcript.description).split() if "description" in self.options else []
        return self._cut(" ".join(words[:DESCRIPTION_WORDS]))

    def _view_of(self, transcript: Transcript, lines: AskedLines, window: Window) -> View:
        part = lines.part(window.first, window.last)
        return View(
            title=self._title(transcript),
            description=self._description(transcript),
            lines=tuple(part.texts),
            starts=tuple(part.starts),
            duration=transcript.duration,
            unit=transcript.unit,
            opening=window.opening,
            fresh=window.fresh - window.first,
            frames=tuple(part.frames),
        )


WINDOW_SHARE = 0.75
"""Of the context; the rest is for the names of its chapters, with the words they begin with."""


def shown_lines(transcript: Transcript, options: Collection[str] = ()) -> Iterator[str]:
    """What is shown of each line: its first words, after whoever begins to speak; dots where it goes on, or is gone on
    with; before that what the template's `options` ask for, of transcripts with times."""
    speaker, ended = "", 0.0
    timed = options if transcript.unit == "seconds" else ()
    for line, begins in zip(transcript.lines, segment_beginnings(transcript.segments), strict=True):
        words = line.text.split()
        most = TURN_WORDS if begins else LATER_WORDS
        text = " ".join(words[:most]) + (" …" if len(words) > most else "")
        changed = begins and line.speaker and line.speaker != speaker
        name = f"{str(line.speaker).split()[0]}: " if changed else ""
        speaker = line.speaker or speaker
        silence, ended = line.start - ended, max(ended, line.end)
        pause = f"({silence:.0f} s) " if "pauses" in timed and silence >= LEAST_PAUSE else ""
        times = f"{_minutes(line.start)}-{_minutes(line.end)} " if "times" in timed else ""
        yield f"{times}{pause}{name}{text}" if begins else f"{times}{pause}… {text}"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
