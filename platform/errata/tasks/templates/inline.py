"""`inline`: the model reads on, and speaks at a border.

    title <|seg|> line <|same|> <|seg|> line <|new|> title of what ended <|end|> … <|seg|> <|new|> title <|end|>

After each line the model says whether that line began a new chapter; if so, it names the span that ended there (with
nothing, for a cold open). A closing slot names the last one. A small model learns this long before it can look up an
index, needs one pass, and can chapter a stream while it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.tasks.grammar import OneOf, SlotGrammar, Title
from errata.tasks.limits import VERSION, most_chapters
from errata.tasks.prompt import Control, Filling, Frames, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading
from errata.tasks.view import View

SEGMENT, SAME, NEW, END = "<|seg|>", "<|same|>", "<|new|>", "<|end|>"
MARKERS = (SEGMENT, SAME, NEW, END)

_SAME = (Control(SAME),)
_UNTITLED = (Control(NEW), Control(END))
_TITLED = (Control(NEW), Title(blank=True), Control(END))
_PERHAPS_TITLED = (Control(NEW), Title(blank=True, optional=True), Control(END))


class Inline:
    name = "inline"
    version = 1
    chat = False
    line_overhead = 5
    usual = SAME
    border = NEW
    closing = END
    limits = VERSION
    shifts = False
    instructions: tuple[str, ...] = ()

    def render(self, view: View) -> Prompt:
        spans: list[Control | Text | Slot | Frames] = [Text(view.title)]
        for index, line in enumerate(view.lines):
            seen = view.frames[index] if view.frames else ()
            spans += [Control(SEGMENT), *seen, Text(line), self._first(view) if index == 0 else Slot()]
        return (*spans, Control(SEGMENT), Slot())

    def _first(self, view: View) -> Control | Slot:
        if view.opening == "unknown":
            return Slot()
        return Control(SAME if view.opening == "seam" else NEW + END)

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        titles = {int(chapter.start): chapter.title for chapter in chapters}
        answers: list[Filling] = []
        open_title = running
        for index, (start, fresh) in enumerate(zip(view.starts, _fresh(view.starts), strict=True)):
            new = fresh and start in titles and not (index == 0 and view.opening == "seam")
            if index > 0 or view.opening == "unknown":
                answers.append(_close(open_title if index else "") if new else (Control(SAME),))
            if new:
                open_title = titles[start]
        return (*answers, _close(open_title))

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        slots = len(view.lines) if view.opening == "unknown" else len(view.lines) - 1
        if len(answers) == slots:
            return OneOf((_TITLED if _needs_title(view, answers) else _PERHAPS_TITLED,))
        if _begun(view, answers) >= most_chapters(len(view.lines)):
            return OneOf((_SAME,))
        if view.opening == "unknown" and not answers:
            return OneOf((_SAME, _UNTITLED))
        if _needs_title(view, answers):
            return OneOf((_SAME, _TITLED))
        return OneOf((_SAME, _PERHAPS_TITLED if view.opening == "seam" else _UNTITLED))

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        lines = range(len(view.lines)) if view.opening == "unknown" else range(1, len(view.lines))
        places = [*lines, len(view.lines)]
        if len(answers) != len(places):
            return Reading((), (f"{len(answers)} answers stand where {len(places)} were asked for",))
        chapters: list[Chapter] = []
        problems: list[str] = []
        begun = 0 if view.opening == "chapter" else None
        for place, answer in zip(places, answers, strict=True):
            title = _title(answer)
            if title is None:
                if answer.strip() != SAME or place == len(view.lines):
                    problems.append(f"line {place}: the answer {answer[:60]!r} is neither same nor new")
                continue
            if begun is not None:
                chapters.append(Chapter(float(view.starts[begun]), title))
                if not title:
                    problems.append(f"line {place}: the chapter that ended here got no title")
            begun = place
        return Reading(tuple(chapters), tuple(problems))

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        lines = range(len(view.lines)) if view.opening == "unknown" else range(1, len(view.lines))
        found: dict[int, Deciding] = {}
        for slot, (line, answer) in enumerate(zip(lines, answers, strict=False)):
            begin = answer.find(NEW)
            if begin >= 0:
                found[view.starts[line]] = Deciding(slot, begin, begin + len(NEW))
        return found


def _fresh(starts: Sequence[int]) -> list[bool]:
    """Whether a line is the first of those that share its floored start: only that one can begin a chapter."""
    return [index == 0 or start != starts[index - 1] for index, start in enumerate(starts)]


def _close(title: str) -> Filling:
    return (Control(NEW), Text(title), Control(END)) if title else (Control(NEW + END),)


def _title(answer: str) -> str | None:
    """The title in `<|new|> title <|end|>`, perhaps empty; None for any other answer."""
    text = answer.strip()
    if not (text.startswith(NEW) and text.endswith(END)):
        return None
    return tidy(text.removeprefix(NEW).removesuffix(END))


def _needs_title(view: View, answers: Sequence[str]) -> bool:
    """Whether the span now open began at a border, so that it must get a title."""
    return _begun(view, answers) > 0


def _begun(view: View, answers: Sequence[str]) -> int:
    """How many chapters have begun."""
    return (view.opening == "chapter") + sum(_title(answer) is not None for answer in answers)
