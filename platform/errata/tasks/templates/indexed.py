"""`indexed`: lines with a number, answered by `number title` lines. The default for pre-trained models: a clock time
costs ten tokens a line, a number one to three."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.tasks.asked_lines import shown_beside
from errata.tasks.grammar import ListOf, SlotGrammar, Title
from errata.tasks.limits import VERSION, most_chapters
from errata.tasks.prompt import Filling, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading, listed_titles, numbered_letters
from errata.tasks.view import View

_INSTRUCTIONS = (
    (
        "Divide this transcript into chapters. Each line begins with its number. Answer with one line a chapter: the "
        "number of its first line, a space, and a short title.\n"
    ),
    (
        "The lines of this transcript are numbered. Where does a new subject begin? Write a line for each: the number "
        "of the line, a space, and a title of a few words.\n"
    ),
    (
        "Make a table of contents for this recording. Every entry is the number of the line that it begins with, a "
        "space, and a short title.\n"
    ),
    "Below is a transcript with numbered lines. List its chapters, one a line, as number and short title.\n",
)
_LINE = re.compile(r"\s*(\d+)[.:)\]]?\s+(\S.*)")


class Indexed:
    name = "indexed"
    version = 1
    chat = True
    line_overhead = 8
    usual = ""
    border = ""
    closing = "\n"
    limits = VERSION
    shifts = False
    instructions: tuple[str, ...] = _INSTRUCTIONS

    def render(self, view: View) -> Prompt:
        head = f"{self.instructions[view.wording]}Title: {view.title}\n"
        lines = (f"{index} {line}\n" for index, line in enumerate(view.lines))
        return (*shown_beside(lines, view.frames, head), Slot())

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        lines = [f"{view.starts.index(start)} {title}\n" for start, title in listed_titles(view, chapters, running)]
        return ((Text("".join(lines)),),)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        # Of lines that share a start only the first can begin a chapter.
        places = [index for index, start in enumerate(view.starts) if view.starts.index(start) == index]
        entries = tuple((Text(f"{index} "), Title(), Text("\n")) for index in places)
        return ListOf(entries, most_chapters(len(view.lines)))

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        chapters: dict[int, Chapter] = {}
        problems: list[str] = []
        for line in answers[0].split("\n"):
            match = _LINE.fullmatch(line)
            if not line.strip():
                continue
            if match is None:
                problems.append(f"{line[:60]!r} is not a number and a title")
            elif int(match[1]) >= len(view.lines):
                problems.append(f"line {match[1]} is not in the transcript's {len(view.lines)} lines")
            elif chapters and int(match[1]) <= max(chapters):
                problems.append(f"line {match[1]} comes again, or after a later one")
            else:
                chapters[int(match[1])] = Chapter(float(view.starts[int(match[1])]), tidy(match[2]))
        # What a seam cuts through began in an earlier window, where it was read; the model names it to go on from it.
        if view.opening == "seam":
            chapters.pop(0, None)
        return Reading(tuple(chapters.values()), tuple(problems))

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        found: dict[int, Deciding] = {}
        for begin, line in numbered_letters(answers[0]):
            match = _LINE.fullmatch(line)
            if match is not None and int(match[1]) < len(view.lines):
                span = Deciding(0, begin + match.start(1), begin + match.end(1))
                found.setdefault(view.starts[int(match[1])], span)
        return found
