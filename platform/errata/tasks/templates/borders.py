"""`borders`: after each line the model is asked, by a mark, whether a chapter begins with it; then for the titles.

    Title: A talk                                   what is shown; the model says at each line's end how likely it is
    Aaron: welcome to                               that a chapter begins with it, and nothing is appended
    Sjors: so what is a soft fork
    Chapters:
    Aaron: welcome to: Welcome⏎                     where each chapter begins is given, in the line's first words,
    Sjors: so what is a: Soft forks⏎                and the model writes its title

What is asked of each line is little, so that a few hundred corrected talks teach it; the prompt is read once, and the
titles are asked for with all of it in memory. A line is shown by its first words: what begins a chapter stands there.

More can be shown, by options in the name, like `borders+pauses+times`:

    pauses         how long nobody spoke before a line, from a second on: `(3 s) so what is a soft fork`
    times          when a line begins and ends: `12:05-12:09 so what is a soft fork`
    description    the talk's description, after its title
    before         the title of the chapter that a later window goes on in

`shifts`, which other templates have too, shows nothing more: windows end where the topic changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.domain.names import meant
from errata.errors import BadInput
from errata.tasks.grammar import OneOf, SlotGrammar, Title
from errata.tasks.limits import UNLIKE_VERSION
from errata.tasks.prompt import BorderMark, Control, Filling, Frames, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading
from errata.tasks.view import View

BEGINS, SAME = "begins", "same"
"""What stands for the answer to a mark in `target` and `parse`; a model answers with `MarkTokens`."""
CERTAIN = 1000.0
"""Log-odds of what is known."""
SHIFTS = "shifts"
OPTIONS = ("pauses", "times", "description", "before", SHIFTS)
ANCHOR_WORDS, ANCHOR_LETTERS = 5, 40
"""Of the words with which a chapter begins."""

_TITLE_LINE = OneOf(((Title(blank=True), Text("\n")),))


class Borders:
    version = 1
    chat = False
    line_overhead = 4
    usual = ""
    border = ""
    closing = "\n"
    limits = UNLIKE_VERSION
    instructions: tuple[str, ...] = ()

    def __init__(self, options: Sequence[str] = ()) -> None:
        """Raises BadInput for an option that isn't among `OPTIONS`."""
        for option in options:
            if option not in OPTIONS:
                names = ", ".join(OPTIONS)
                raise BadInput(f"the template borders has no option {option!r}{meant(option, OPTIONS)}; it has {names}")
        self.options = frozenset(options)
        self.shifts = SHIFTS in self.options
        self.name = "+".join(["borders", *(option for option in OPTIONS if option in self.options)])

    def render(self, view: View) -> Prompt:
        spans: list[Control | Text | Slot | BorderMark | Frames] = []
        for name, text in (("Title", view.title), ("Description", view.description), ("So far", view.running)):
            if text or name == "Title":
                spans += [Control(f"{name}:"), Text(f" {text}"), Control("\n")]
        begins = None if view.borders is None else set(view.borders)
        for index, line in enumerate(view.lines):
            spans += view.frames[index] if view.frames else ()
            spans.append(Text(line))
            if index >= view.fresh:
                spans.append(BorderMark(None if begins is None else index in begins))
            spans.append(Control("\n"))
        if view.borders is not None:
            spans.append(Control("Chapters:\n"))
            for border in view.borders:
                spans += [Text(_anchor(view.lines[border])), Control(":"), Slot()]
        return tuple(spans)

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        titles = {int(chapter.start): chapter.title for chapter in chapters}
        if view.borders is not None:
            return tuple((Text(f" {titles[view.starts[line]]}"), Control("\n")) for line in view.borders)
        fresh = range(view.fresh, len(view.lines))
        return tuple((Control(BEGINS if self._begins(view, line, titles) else SAME),) for line in fresh)

    def _begins(self, view: View, line: int, titles: dict[int, str]) -> bool:
        """Of lines that share a start, only the first begins a chapter."""
        return view.starts[line] in titles and (line == 0 or view.starts[line - 1] != view.starts[line])

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        return _TITLE_LINE

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        if view.borders is None:
            return Reading((), odds=tuple(CERTAIN if answer == BEGINS else -CERTAIN for answer in answers))
        titles = {line: tidy(answer) for line, answer in zip(view.borders, answers, strict=True)}
        untitled = [line for line, title in titles.items() if not title]
        chapters = tuple(Chapter(float(view.starts[line]), title) for line, title in titles.items())
        return Reading(chapters, tuple(f"line {line}: the chapter that begins here got no title" for line in untitled))

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        return {}  # marks decide, and answers hold titles alone


def _anchor(line: str) -> str:
    return " ".join(line.split()[:ANCHOR_WORDS])[:ANCHOR_LETTERS]
