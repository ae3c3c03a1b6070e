"""`timestamps`: `[HH:MM:SS] line`, answered by `HH:MM:SS - Title` lines: the notebook format of VidChapters models."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.clock import clock, find_clock
from errata.tasks.asked_lines import shown_beside
from errata.tasks.grammar import ListOf, SlotGrammar, Title
from errata.tasks.limits import VERSION, most_chapters
from errata.tasks.prompt import Filling, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading, listed_titles, numbered_letters
from errata.tasks.view import View

_INSTRUCTIONS = (
    (
        "Segment this transcript into chapters at its changes of topic. Answer with one line a chapter, in the order "
        "of time: HH:MM:SS - Title\n"
    ),
    "When does a new topic begin in this recording? Give each a line, with its time and a title: HH:MM:SS - Title\n",
    "Write the chapter list for this video's description, earliest first, a line a chapter: HH:MM:SS - Title\n",
    "Below is a transcript with times. List its chapters, each as HH:MM:SS - Title\n",
)
_SEPARATOR = re.compile(r"^\s*\]?\s*[-–—:]?\s*")


class Timestamps:
    name = "timestamps"
    version = 1
    chat = True
    line_overhead = 22
    usual = ""
    border = ""
    closing = "\n"
    limits = VERSION
    shifts = False
    instructions: tuple[str, ...] = _INSTRUCTIONS

    def render(self, view: View) -> Prompt:
        head = f"{self.instructions[view.wording]}Title: {view.title}\nDescription: {view.description}\nTranscript:\n"
        lines = (f"[{clock(start)}] {line}\n" for start, line in zip(view.starts, view.lines, strict=True))
        return (*shown_beside(lines, view.frames, head), Slot())

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        lines = [f"{clock(start)} - {title}\n" for start, title in listed_titles(view, chapters, running)]
        return ((Text("".join(lines)),),)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        places = sorted(set(view.starts))
        entries = tuple((Text(f"{clock(place)} - "), Title(), Text("\n")) for place in places)
        return ListOf(entries, most_chapters(len(view.lines)))

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        chapters: dict[int, Chapter] = {}
        problems: list[str] = []
        for line in answers[0].split("\n"):
            clock_time = find_clock(line)
            if not line.strip():
                continue
            if clock_time is None:
                problems.append(f"{line[:60]!r} has no time")
                continue
            seconds, (_, end) = clock_time
            title = tidy(_SEPARATOR.sub("", line[end:], count=1))
            place = _place(view.starts, seconds)
            if seconds > view.duration:
                problems.append(f"{clock(seconds)} is after the end")
            elif not title:
                problems.append(f"{clock(seconds)} has no title")
            elif chapters and place <= max(chapters):
                problems.append(f"{clock(seconds)} comes again, or after a later one")
            else:
                if place != seconds:
                    problems.append(f"{clock(seconds)} is no line's start; moved to {clock(place)}")
                chapters[place] = Chapter(float(place), title)
        if view.opening == "seam":
            chapters.pop(view.starts[0], None)
        return Reading(tuple(chapters.values()), tuple(problems))

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        found: dict[int, Deciding] = {}
        for begin, line in numbered_letters(answers[0]):
            clock_time = find_clock(line)
            if clock_time is not None:
                seconds, (first, end) = clock_time
                found.setdefault(_place(view.starts, seconds), Deciding(0, begin + first, begin + end))
        return found


def _place(starts: Sequence[int], seconds: int) -> int:
    after = min(bisect_left(starts, seconds), len(starts) - 1)
    before = max(after - 1, 0)
    return min(starts[before], starts[after], key=lambda start: abs(start - seconds))
