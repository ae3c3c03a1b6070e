"""`json`: a list of `{"title", "start_text"}`, where `start_text` quotes the chapter's first words: the service format.

Answers come as models write them: with a trailing comma, cut short, in either of two spellings of the keys, with
inexact quotes. What can be mended is mended; every mend and every miss is reported; an unreadable answer is a problem,
never an empty list in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.files import JsonObject
from errata.tasks.asked_lines import shown_beside
from errata.tasks.grammar import JsonOf, SlotGrammar
from errata.tasks.limits import TITLE_LETTERS, VERSION, most_chapters
from errata.tasks.prompt import Filling, Prompt, Slot, Text
from errata.tasks.sureness import Deciding
from errata.tasks.template import Reading, listed_titles
from errata.tasks.view import View

_INSTRUCTIONS = (
    (
        "Divide this transcript into chapters. Answer with a JSON list of objects with the keys title (under ten "
        "words) and start_text (the chapter's first sentence, word for word).\n"
    ),
    (
        "List the chapters of this transcript as JSON: objects with title, of fewer than ten words, and start_text, "
        "which copies the first sentence of the chapter.\n"
    ),
    (
        "Where does each new subject begin? Answer in JSON, a list of objects: start_text is the sentence it begins "
        "with, exactly as it stands, and title says in a few words what it is about.\n"
    ),
)
_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[\]}])")
_START_TEXT = re.compile(r'"start_text"\s*:\s*"((?:[^"\\]|\\.)*)"')
_OBJECT = re.compile(r"\{[^{}]*\}")

QUOTE_LETTERS = 1000
"""Of a quote, at most: a line has half of them."""
CLOSE_ENOUGH = 80.0
"""Least similarity (0 to 100, rapidfuzz's ratio) between a quote and a line's beginning."""


class Quoted:
    name = "json"
    version = 1
    chat = True
    line_overhead = 12
    usual = ""
    border = ""
    closing = '"'
    limits = VERSION
    shifts = False
    instructions: tuple[str, ...] = _INSTRUCTIONS

    def render(self, view: View) -> Prompt:
        head = f"{self.instructions[view.wording]}Title: {view.title}\nTranscript:\n"
        return (*shown_beside((f"{line}\n" for line in view.lines), view.frames, head), Slot())

    def target(self, view: View, chapters: Chapters, running: str) -> tuple[Filling, ...]:
        items = []
        after = 0
        for start, title in listed_titles(view, chapters, running):
            place = view.starts.index(start)
            items.append({"title": title, "start_text": _quote(view.lines, place, after)})
            after = place + 1
        return ((Text(json.dumps(items, ensure_ascii=False)),),)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        words = {"type": "string", "maxLength": QUOTE_LETTERS}
        item = {
            "type": "object",
            "properties": {"title": {"type": "string", "maxLength": TITLE_LETTERS}, "start_text": words},
            "required": ["title", "start_text"],
            "additionalProperties": False,
        }
        return JsonOf({"type": "array", "maxItems": most_chapters(len(view.lines)), "items": item})

    def parse(self, view: View, answers: Sequence[str]) -> Reading:
        items, problems = _items(answers[0])
        chapters: dict[int, Chapter] = {}
        after = 0
        for item in items:
            title = tidy(str(item.get("title") or item.get("chapter_title") or ""))
            quote = tidy(str(item.get("start_text") or item.get("start_text_snippet") or ""))
            if not title or not quote:
                problems.append(f"{json.dumps(item)[:80]} has no title or no start text")
                continue
            place, exact = _align(view.lines, quote, after)
            if place is None:
                problems.append(f"no line after the last chapter begins with {quote[:60]!r}")
                continue
            if not exact:
                problems.append(f"{quote[:60]!r} is inexact; taken for line {place}")
            first = view.starts.index(view.starts[place])
            chapters.setdefault(first, Chapter(float(view.starts[place]), title))
            after = place + 1
        if view.opening == "seam":
            chapters.pop(0, None)
        return Reading(tuple(chapters.values()), tuple(problems))

    def deciding(self, view: View, answers: Sequence[str]) -> Mapping[int, Deciding]:
        found: dict[int, Deciding] = {}
        after = 0
        for match in _START_TEXT.finditer(answers[0]):
            place, _ = _align(view.lines, tidy(_unquoted(match[1])), after)
            if place is not None:
                found.setdefault(view.starts[place], Deciding(0, match.start(1), match.end(1)))
                after = place + 1
        return found


def _unquoted(text: str) -> str:
    """What a JSON string says; what isn't one, as it stands."""
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _items(answer: str) -> tuple[list[JsonObject], list[str]]:
    """The objects in an answer, and what had to be mended to read them."""
    body = answer[answer.find("[") : answer.rfind("]") + 1] if "[" in answer and "]" in answer else ""
    for text, problem in ((body, None), (_TRAILING_COMMA.sub(r"\1", body), "a trailing comma was mended")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        items = [item for item in value if isinstance(item, dict)]
        bad = [f"{json.dumps(item)[:60]} is not an object" for item in value if not isinstance(item, dict)]
        return items, ([problem] if problem else []) + bad
    items = []
    for whole in _OBJECT.findall(answer):
        try:
            items.append(json.loads(_TRAILING_COMMA.sub(r"\1", whole)))
        except (ValueError, RecursionError):
            continue
    return items, [f"the answer is not a JSON list; {len(items)} whole objects could be read: {answer[:60]!r}"]


def _quote(lines: Sequence[str], place: int, after: int) -> str:
    """The first sentence of a line, grown word by word until no other line from `after` on begins with it."""
    rest = tidy(" ".join(lines[place:]))
    sentence = _SENTENCE.match(tidy(lines[place]))
    words = rest.split()
    count = len((sentence[0] if sentence else tidy(lines[place])).split())
    others = [tidy(" ".join(lines[index:])).split() for index in range(after, len(lines)) if index != place]
    while count < len(words) and any(other[:count] == words[:count] for other in others):
        count += 1
    return " ".join(words[:count])


def _align(lines: Sequence[str], quote: str, after: int) -> tuple[int | None, bool]:
    """The line from `after` on that begins with `quote`, exactly or nearly; whether exactly.

    A quote that runs to the very end stands at the last line it fits; only there can it be whole.
    """
    from rapidfuzz import fuzz

    words = quote.split()
    best: tuple[float, int] | None = None
    exact: list[int] = []
    for index in range(after, len(lines)):
        beginning: list[str] = []
        for line in lines[index:]:
            beginning += line.split()
            if len(beginning) >= len(words):
                break
        if beginning[: len(words)] == words:
            exact.append(index)
        score = fuzz.ratio(" ".join(beginning[: len(words)]).lower(), quote.lower())
        if best is None or score > best[0]:
            best = (score, index)
    if exact:
        ends = tidy(" ".join(lines[exact[-1] :])) == quote
        return (exact[-1] if ends else exact[0]), True
    if best is not None and best[0] >= CLOSE_ENOUGH:
        return best[1], False
    return None, False
