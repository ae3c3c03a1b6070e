"""`json`: a list of `{"title", "start_text"}`, where `start_text` quotes the chapter's first words: the service format.

Answers come as models write them: with a trailing comma, cut short, in either of two spellings of the keys, with
inexact quotes. What can be mended is mended; every mend and every miss is reported; an unreadable answer is a problem,
never an empty list in silence.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain

from errata.domain.chapter import Chapter, Chapters, tidy
from errata.files import JsonObject
from errata.tasks.asked_lines import shown_beside
from errata.tasks.grammar import JsonList, SlotGrammar, Title
from errata.tasks.limits import VERSION, most_chapters
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

TELLING_WORDS = 200
"""Of a quote, at most, that tell its line from others which begin alike."""
CLOSE_ENOUGH = 80.0
"""Least similarity (0 to 100, rapidfuzz's ratio) between a quote and a line's beginning."""


class Quoted:
    name = "json"
    version = 2
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
        quotes = _quotes(view.lines)
        items = [
            {"title": title, "start_text": quotes[view.starts.index(start)]}
            for start, title in listed_titles(view, chapters, running)
        ]
        return ((Text(json.dumps(items, ensure_ascii=False)),),)

    def grammar(self, view: View, answers: Sequence[str]) -> SlotGrammar:
        """What it quotes is there: after its first words, which tell a line from others, nothing is left to say."""
        entries = tuple(
            (Text('{"title": "'), Title(), Text(f'", "start_text": {json.dumps(quote, ensure_ascii=False)}}}'))
            for place, quote in enumerate(_quotes(view.lines))
            if quote and view.starts.index(view.starts[place]) == place
        )
        return JsonList(entries, most_chapters(len(view.lines)))

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


@lru_cache(maxsize=8)
def _quotes(lines: tuple[str, ...]) -> tuple[str, ...]:
    """How each line is quoted: by its first sentence, and by so many more words that no other line begins with them.
    Empty where nothing is said from it on."""
    words = [tidy(line).split() for line in lines]
    said = list(chain.from_iterable(words))
    begins = list(accumulate(map(len, words), initial=0))[:-1]
    quotes = []
    for line, begin, telling in zip(lines, begins, _telling(said, begins), strict=True):
        sentence = _SENTENCE.match(tidy(line))
        count = len((sentence[0] if sentence else line).split())
        quotes.append(" ".join(said[begin : begin + max(count, telling)]))
    return tuple(quotes)


def _telling(said: Sequence[str], begins: Sequence[int]) -> list[int]:
    """From each of the words at `begins` on, how many are said so nowhere else there: found word by word, among those
    that are alike so far."""
    counts = [0] * len(begins)
    alike = [list(range(len(begins)))]
    for count in range(1, TELLING_WORDS + 1):
        groups: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for number, group in enumerate(alike):
            for line in group:
                if begins[line] + count <= len(said):
                    counts[line] = count
                    groups[number, said[begins[line] + count - 1]].append(line)
        alike = [group for group in groups.values() if len(group) > 1]
    return counts


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
